#!/usr/bin/env python3
"""The classical key, or another keyer, on real subjects whose matte is known.

  key_set.py SET [--program COMMAND] [--only NAME,NAME] [--table measure|flicker|stress]

SET is a folder.  Each subject NAME has

  NAME.jpg        the plate; NAME ends in .blue where the screen is blue
  NAME.alpha.png  the true matte, 16 bits
  NAME.fg.png     the true straight foreground, sRGB, 8 bits
  NAME.clean.png  the plate without JPEG and with little grain; flicker and stress take the subjects that have it

COMMAND, `ck key --classical` by default, is run as COMMAND PLATE FOLDER and writes FOLDER/Matte and FOLDER/Processed,
EXR files as ck-encode(1) writes them.

measure: the plates.  Every column is better when lower.
  MAD, Grad   as in ck-compare(1)
  hole        % of the solid subject (alpha > 0.99) whose matte is below 0.9
  junk        % of the bare screen (alpha < 0.01) whose matte is above 0.05
  comp        mean error of Processed over four backgrounds, sRGB codes of 0 to 255
  edge        the same where 0.01 < alpha < 0.99, widened by 2 pixels
  rim         screen's hue at those edges: how far its primary exceeds the other two, beyond the true composite; codes
  seconds     for the whole command
flicker: 8 frames of one plate with fresh grain, through H.264.  dtSSD as in ck-compare(1); solid, edge, bare: 1e3 times the root
  mean square change of the matte from frame to frame over those pixels.  Nothing moves, so 0 is right.
stress: dim, dark, overexposed and noisy plates as PNG, and JPEG of quality 40.

Needs numpy, OpenCV, ffmpeg (flicker) and our programs in $CK_BIN or $PATH.
"""
import argparse, glob, os, shlex, subprocess, sys, tempfile, time
import cv2
import numpy as np
from common import compare, find_programs, planes, run, table

STRESS = {  # exposure, grain, JPEG quality or None for PNG
    "dim": (0.35, 0.036, None), "dark": (0.06, 0.012, None), "over": (2.2, 0.012, None), "noisy": (1, 0.05, None),
    "jpeg40": (1, 0.012, 40)}
FLICKER_GRAIN, FLICKER_FRAMES = 0.015, 8


def linear(x):
    x = np.maximum(np.asarray(x, np.float32), 0)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def srgb(x):
    x = np.maximum(np.asarray(x, np.float32), 0)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


def picture(path, axes=3):
    """A picture in [0, 1]: [H, W], or [H, W, 3] in BGR order as in OpenCV."""
    p = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if p is None or p.ndim != axes or p.shape[2:] not in ((), (3,)):
        sys.exit(f"key_set.py: {path}: not a picture {'of three channels' if axes == 3 else 'of one channel'}")
    return p.astype(np.float32) / np.iinfo(p.dtype).max


class Subject:
    def __init__(self, folder, name):
        self.name, self.path, self.blue = name, os.path.abspath(f"{folder}/{name}"), name.endswith(".blue")
        self.matte = self.path + ".alpha.png"
        self.has_clean = os.path.exists(self.path + ".clean.png")

    def load(self):
        self.alpha, self.fg = picture(self.matte, 2), picture(self.path + ".fg.png")
        self.solid, self.bare = self.alpha > 0.99, self.alpha < 0.01
        self.edge = (self.alpha > 0.01) & (self.alpha < 0.99)

    def grainy(self, exposure, grain, seed):
        """The clean plate at another exposure, with photon noise and read noise; u8."""
        light = linear(picture(self.path + ".clean.png")) * exposure
        noise = np.random.default_rng(seed).normal(size=light.shape)
        noisy = srgb(np.clip(light + noise * np.sqrt(light * grain ** 2 + grain ** 2 * 0.02), 0, None))
        return np.round(noisy.clip(0, 1) * 255).astype(np.uint8)


def key(program, plate, tmp):
    """Run the keyer.  Returns seconds, mattes [H, W] and processed frames [H, W, 4] (BGRA, linear), a list each."""
    start = time.time()
    subprocess.run([*program, plate, f"{tmp}/out"], check=True)
    seconds = time.time() - start
    done, matte = f"{tmp}/out/Processed", f"{tmp}/out/Matte"
    colours, coverages, mattes = planes(
        f"ck-decode {done} --hint {done} --hint-channel alpha --input alpha={matte}", ("rgb", "hint", "alpha"))
    processed = [np.concatenate([c[::-1], a]).transpose(1, 2, 0).astype(np.float32) for c, a in zip(colours, coverages)]
    return seconds, [m[0].clip(0, 1) for m in mattes], processed


def backgrounds(h, w):
    """Four backgrounds: smooth and colourful, busy, light grey, dark grey; sRGB."""
    rng = np.random.default_rng(7)
    drawn = lambda n, how: cv2.resize(rng.random((n, n, 3)).astype(np.float32), (w, h), interpolation=how)
    smooth, busy = drawn(3, cv2.INTER_CUBIC).clip(0, 1), cv2.GaussianBlur(drawn(40, cv2.INTER_NEAREST), (0, 0), 4)
    return smooth, busy, np.full((h, w, 3), 0.85, np.float32), np.full((h, w, 3), 0.10, np.float32)


def matte_errors(s, matte, tmp):
    errors = compare(s.matte, f"{tmp}/out/Matte")
    return {"MAD": errors["MAD"], "Grad": errors["Grad"],
            "hole": 100 * float((s.solid & (matte < 0.9)).sum() / max(1, s.solid.sum())),
            "junk": 100 * float((s.bare & (matte > 0.05)).sum() / max(1, s.bare.sum()))}


def composite_errors(s, processed):
    band = cv2.dilate(s.edge.astype(np.uint8), np.ones((5, 5))) > 0
    main = 0 if s.blue else 1
    others = [c for c in range(3) if c != main]
    excess = lambda p: p[..., main] - p[..., others].max(-1)
    over = lambda premultiplied, a, b: srgb(premultiplied + (1 - a) * linear(b)).clip(0, 1)
    alpha, own = s.alpha[..., None], processed[..., 3:].clip(0, 1)
    comp, edge, rim = [], [], []
    for b in backgrounds(*s.alpha.shape):
        true, got = over(linear(s.fg) * alpha, alpha, b), over(processed[..., :3], own, b)
        error = np.abs(got - true).mean(2)
        comp.append(error.mean())
        edge.append(error[band].mean())
        rim.append(np.clip(excess(got) - np.maximum(excess(true), 0), 0, 1)[band].mean())
    return {"comp": 255 * float(np.mean(comp)), "edge": 255 * float(np.mean(edge)), "rim": 255 * float(np.mean(rim))}


def measure(s, program, tmp):
    seconds, mattes, processed = key(program, s.path + ".jpg", tmp)
    yield s.name, {**matte_errors(s, mattes[0], tmp), **composite_errors(s, processed[0]), "seconds": seconds}


def flicker(s, program, tmp):
    os.mkdir(f"{tmp}/truth")
    for k in range(FLICKER_FRAMES):
        cv2.imwrite(f"{tmp}/{k:03d}.png", s.grainy(1, FLICKER_GRAIN, k))
        os.symlink(s.matte, f"{tmp}/truth/{k:03d}.png")
    colour = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv"
    run("ffmpeg", "-v", "error", "-framerate", "24", "-i", f"{tmp}/%03d.png", "-vf",
        "scale=out_color_matrix=bt709:out_range=tv", *colour.split(), "-pix_fmt", "yuv420p", "-c:v", "libx264", "-crf", "20",
        "-g", "8", f"{tmp}/clip.mp4")
    change = np.diff(np.stack(key(program, f"{tmp}/clip.mp4", tmp)[1]), axis=0)
    rms = lambda pixels: 1e3 * float(np.sqrt((change[:, pixels] ** 2).mean()))
    yield s.name, {"dtSSD": compare(f"{tmp}/truth", f"{tmp}/out/Matte")["dtSSD"],
                   "solid": rms(s.solid), "edge": rms(s.edge), "bare": rms(s.bare)}


def stress(s, program, tmp):
    for condition, (exposure, grain, quality) in STRESS.items():
        with tempfile.TemporaryDirectory(dir=tmp) as own:
            plate = f"{own}/plate." + ("jpg" if quality else "png")
            cv2.imwrite(plate, s.grainy(exposure, grain, 11), [cv2.IMWRITE_JPEG_QUALITY, quality] if quality else [])
            yield f"{s.name} {condition}", matte_errors(s, key(program, plate, own)[1][0], own)


TABLES = {"measure": measure, "flicker": flicker, "stress": stress}


def rows(what, subjects, program):
    for s in subjects:
        s.load()
        with tempfile.TemporaryDirectory() as tmp:
            yield from TABLES[what](s, program, tmp)


def subjects(folder, only):
    end = ".alpha.png"
    names = [os.path.basename(f)[:-len(end)] for f in sorted(glob.glob(f"{glob.escape(folder)}/*{end}"))]
    if not names:
        sys.exit(f"key_set.py: {folder}: no NAME{end}: --help says what a set holds")
    wanted = only.split(",") if only else names
    for n in wanted:
        if n not in names:
            sys.exit(f"key_set.py: {folder}: no {n}{end}")
    return [Subject(folder, n) for n in wanted]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("set", metavar="SET")
    ap.add_argument("--program", default="ck key --classical", metavar="COMMAND", help="the keyer (default: %(default)s)")
    ap.add_argument("--only", metavar="NAME,NAME", help="these subjects (default: all)")
    ap.add_argument("--table", choices=TABLES, help="one table (default: all)")
    a = ap.parse_args()
    find_programs()
    everything = subjects(a.set, a.only)
    for what in [a.table] if a.table else TABLES:
        chosen = everything if what == "measure" else [s for s in everything if s.has_clean]
        print(f"\n### {what}\n", flush=True)
        try:
            if not table("plate", rows(what, chosen, shlex.split(a.program))):
                print("No subject has a clean plate, NAME.clean.png.")
        except subprocess.CalledProcessError as e:
            sys.exit(f"key_set.py: {' '.join(e.cmd)}: exit status {e.returncode}")


if __name__ == "__main__":
    main()
