#!/usr/bin/env python3
"""The classical key against ffmpeg's chromakey, a fixed key and, with --model, a network, on shots with a known truth.

  quality.py --scenes DIR [--model FILE] [--key OPTIONS] [--seeds 100-109] [--frames 8] [--short]

DIR holds synth_scene.py; every third seed (102, 105, 108) has a blue screen; 1920x1080.  Each shot is keyed by

  network    the stages of `ck key -m MODEL OPTIONS`
  bad hint   the same, with the hint inverted in 30 % of its area (ck-decode --hint)
  classical  ck-decode | ck-hint --method key | ck-post --classical --despeckle off
  chromakey  ffmpeg's, with the true screen's median colour, similarity and blend searched for the shot (key_quality.py)
  at 1024    the true matte, shrunk to 1024x1024 and enlarged: what a perfect network of that size gives by itself
  fixed      alpha = 1 - clamp((screen - max(others)) / reference); reference: the same of the true screen's median

and measured by ck-compare(1).  FG is the colour error where 0.05 < alpha < 0.95 as a part of the plate's own.
Prints a table a measure, means last; needs numpy, scipy, OpenCV, ffmpeg and our programs in $CK_BIN or $PATH.
"""
import argparse, os, shlex, subprocess, sys, tempfile
import numpy as np
from common import compare, find_programs, planes, run, shell, table
from key_quality import Frame, best, chroma_distance, chromakey

WAYS = ("network", "bad hint", "classical", "at 1024", "chromakey", "fixed")
HERE = os.path.dirname(os.path.abspath(__file__))
WRONG = 0.3  # share of the hint's area


def write_pngs(folder, images):
    import cv2
    os.makedirs(folder, exist_ok=True)
    for i, a in enumerate(images):
        cv2.imwrite(f"{folder}/{i:04d}.png", np.round(np.clip(a, 0, 1) * 65535).astype(np.uint16))


def spoil(hint, seed):
    """The hint inverted in smooth patches over 30 % of the frame."""
    import cv2
    r, (h, w) = np.random.default_rng(seed), hint.shape
    field = cv2.resize(r.standard_normal((9, 16)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    return np.where(field > np.quantile(field, 1 - WRONG), 1 - hint, hint)


def fixed_key(f, colour, main):
    p, c = f.rgb.astype(np.float32), np.asarray(colour, np.float32)
    others = [i for i in range(3) if i != main]
    reference = max(c[main] - c[others].max(), 1)
    return 1 - np.clip((p[..., main] - p[..., others].max(-1)) / reference, 0, 1)


class Shot:
    def __init__(self, a, scene, seed, tmp):
        self.a, self.seed, self.tmp, self.log = a, seed, tmp, f"{tmp}/log"
        self.frames = [Frame(scene, (1920, 1080), seed, k, tmp) for k in range(a.frames)]
        self.plates = "ck-decode " + " ".join(f.png for f in self.frames)
        shell(f"python3 {HERE}/scene_stream.py {a.scenes} {seed} {' '.join(map(str, range(a.frames)))} >{tmp}/truth.ck",
              self.log)

    def measure(self, result):
        return compare(f"{self.tmp}/truth.ck", result)

    def stages(self):
        """The stages that `ck key` runs between ck-decode and ck-encode."""
        plan = run("ck", "key", "-n", "-m", self.a.model, *shlex.split(self.a.key), "in", "out")
        return plan.decode().strip().split(" | ")[1:-1]

    def network(self, name, source):
        seconds = shell(f"{' | '.join([source] + self.stages())} >{self.tmp}/{name}.ck", self.log)
        return {**self.measure(f"{self.tmp}/{name}.ck"), "seconds": seconds / len(self.frames)}

    def bad_hint(self):
        hints, = planes(f"{self.plates} | {self.stages()[0]}", ["hint"], self.log)
        hints = [h[0].astype(np.float32) / (255 if h.dtype == np.uint8 else 1) for h in hints]
        write_pngs(f"{self.tmp}/spoilt", [spoil(h, self.seed) for h in hints])
        return self.network("bad", f"{self.plates} --hint {self.tmp}/spoilt")

    def classical(self):
        seconds = shell(f"{self.plates} | ck-hint --method key | ck-post --classical --despeckle off >{self.tmp}/classical.ck", self.log)
        return {**self.measure(f"{self.tmp}/classical.ck"), "seconds": seconds / len(self.frames)}

    def chromakey(self, colour):
        _, s, b = best([chroma_distance(f, colour) for f in self.frames], [f.alpha for f in self.frames], 7)
        write_pngs(f"{self.tmp}/chromakey", [chromakey(f, colour, s, b) for f in self.frames])
        return self.measure(f"{self.tmp}/chromakey")

    def fixed(self, colour):
        main = 2 if self.seed % 3 == 0 else 1
        write_pngs(f"{self.tmp}/fixed", [fixed_key(f, colour, main) for f in self.frames])
        return self.measure(f"{self.tmp}/fixed")

    def at_1024(self):
        import cv2
        small = [cv2.resize(f.alpha.astype(np.float32), (1024, 1024), interpolation=cv2.INTER_AREA) for f in self.frames]
        write_pngs(f"{self.tmp}/small", [cv2.resize(a, (1920, 1080), interpolation=cv2.INTER_LANCZOS4) for a in small])
        return self.measure(f"{self.tmp}/small")

    def plate_error(self):
        """Error of the plate used as the foreground: 1e3 times the mean, each frame with equal weight."""
        errors = []
        for f in self.frames:
            between = (f.alpha > 0.05) & (f.alpha < 0.95)
            errors.append(1e3 * np.abs(f.rgb / np.float32(255) - f.fg)[between].mean())
        return float(np.mean(errors))

    def run(self):
        colour = np.median(np.concatenate([f.rgb[f.alpha == 0] for f in self.frames]), 0).astype(int)
        row = {"classical": self.classical()}
        if not self.a.short:
            row.update({"at 1024": self.at_1024(), "chromakey": self.chromakey(colour), "fixed": self.fixed(colour)})
        if self.a.model:
            row.update({"network": self.network("network", self.plates), "bad hint": self.bad_hint()})
        own = self.plate_error()
        for way in row.values():
            way["FG"] = way["FG"] / own if way.get("FG") is not None else None
        return row


def show_measure(rows, measure):
    """Means per way.  rows: seed -> way -> measures."""
    ways = [w for w in WAYS if w in next(iter(rows.values()))]
    ways = [w for w in ways if all(r[w].get(measure) is not None for r in rows.values())]
    print(f"\n### {measure}\n")
    table("seed", ((seed, {w: r[w][measure] for w in ways}) for seed, r in rows.items()))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scenes", required=True)
    ap.add_argument("--model", default="")
    ap.add_argument("--key", default="", metavar="OPTIONS", help="more options for ck key")
    ap.add_argument("--seeds", default="100-109")
    ap.add_argument("--frames", type=int, default=8)
    ap.add_argument("--short", action="store_true", help="only the classical key and the network")
    a = ap.parse_args()
    sys.path.insert(0, a.scenes)
    find_programs()
    from synth_scene import scene
    first, last = map(int, a.seeds.split("-"))
    rows = {}
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory() as tmp:
            try:
                rows[seed] = Shot(a, scene, seed, tmp).run()
            except subprocess.CalledProcessError:
                sys.stderr.write(open(f"{tmp}/log").read()[-4000:])
                raise
    for measure in ("MAD", "Grad", "dtSSD", "FG", "seconds"):
        show_measure(rows, measure)


if __name__ == "__main__":
    main()
