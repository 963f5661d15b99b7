#!/usr/bin/env python3
"""The classical key against ffmpeg's keyers on shots with a known matte.

  key_quality.py --scenes DIR [--seeds 100-109] [--frames 0,1,12] [--size 1920x1080] [--all]

DIR holds synth_scene.py.  Every third seed (102, 105, 108) has a blue screen.  Ours: ck-decode |
ck-hint --method key with no other option.  ffmpeg: chromakey with the median colour of the true
screen and, for each shot, the similarity and blend with the smallest error on that very shot:
searched on an exact model of the filter (it reads the U and V that ffmpeg itself makes), then
measured with the filter.  --all adds chromakey with the colour searched as well, colorkey, and
columns: dtSSD over consecutive frames, and the colour error of our foreground where
0.05 < alpha < 0.95 as a part of the plate's own.

Prints MAD (1e3 * mean |alpha - truth|) per shot; exits 1 if ours is worse than chromakey on any.
Needs numpy, scipy, OpenCV, ffmpeg and our programs in $CK_BIN or $PATH.
"""
import argparse, os, sys, tempfile
import numpy as np
from common import find_programs, planes, run, table


class Frame:
    """A plate as 8-bit PNG, its truth, and its Y, U, V as ffmpeg makes them."""

    def __init__(self, scene, size, seed, number, tmp):
        import cv2
        plate, self.alpha, self.fg = scene(*size, number, seed, seed % 3 == 0)
        self.rgb, self.png = np.round(plate * 255).astype(np.uint8), f"{tmp}/{seed}.{number:04d}.png"
        cv2.imwrite(self.png, self.rgb[..., ::-1])
        self.number, h, w = number, *self.alpha.shape
        yuv = run("ffmpeg", "-v", "error", "-i", self.png, "-f", "rawvideo", "-pix_fmt", "yuv444p", "-")
        self.uv = np.frombuffer(yuv, np.uint8).reshape(3, h, w)[1:].astype(np.float32)


def ours(frames):
    """Our matte and straight foreground of each frame."""
    decode = "ck-decode " + " ".join(f.png for f in frames)
    alpha, fg = planes(f"{decode} | ck-hint --method key | ck-post --classical --despeckle off --depth 32", ("alpha", "fg"))
    return [(a[0], f.transpose(1, 2, 0)) for a, f in zip(alpha, fg)]


def key_uv(colour):
    """The key colour as chromakey converts it: full range, although the picture is not (vf_chromakey.c)."""
    r, g, b = (int(c) for c in colour)
    fix = lambda v: int(round(v * 1024))
    return np.array([((-fix(0.16874) * r - fix(0.33126) * g + fix(0.5) * b + 511) >> 10) + 128,
                     ((fix(0.5) * r - fix(0.41869) * g - fix(0.08131) * b + 511) >> 10) + 128], np.float32)


def chroma_distance(f, colour):
    import cv2
    d = f.uv - key_uv(colour)[:, None, None]
    return cv2.blur(np.sqrt((d ** 2).sum(0) / np.float32(2 * 255 * 255)), (3, 3), borderType=cv2.BORDER_REPLICATE)


def rgb_distance(f, colour):
    d = f.rgb.astype(np.float32) - np.asarray(colour, np.float32)
    return np.sqrt((d ** 2).sum(-1) / np.float32(3 * 255 * 255))


def best(distances, truths, thin):
    """Similarity and blend with the smallest mean error: a grid over every thin-th pixel, then descent."""
    from scipy.optimize import minimize
    d = np.concatenate([x.ravel()[::thin] for x in distances])
    t = np.concatenate([x.ravel()[::thin] for x in truths])

    def error(p):
        return float(np.abs(np.clip((d - p[0]) / max(p[1], 1e-3), 0, 1) - t).mean()) + 10 * max(0, 1e-4 - p[0], -p[1])

    grid = [(s, b) for s in np.geomspace(0.005, 0.5, 40) for b in (0, .01, .02, .04, .06, .09, .13, .18, .25, .35, .5)]
    start = min(grid, key=error)
    end = minimize(error, start, method="Nelder-Mead",
                   options={"initial_simplex": [start, (start[0] * 1.1, start[1]), (start[0], start[1] * 1.1 + .005)]})
    p = min((start, tuple(end.x)), key=error)
    return error(p), max(p[0], 1e-4), max(p[1], 0)


def best_colour(frames, colour, distance):
    """The same, also over the key colour within 0 to 255."""
    from scipy.optimize import minimize
    truths = [f.alpha[::4, ::4] for f in frames]

    def error(c):
        c = np.clip(np.round(c), 0, 255)
        return best([distance(f, c)[::4, ::4] for f in frames], truths, 5)[0]

    starts = [np.asarray(colour, float), np.clip(np.asarray(colour) * 1.3, 0, 255)]
    found = [minimize(error, s, method="Nelder-Mead", options={
        "maxfev": 60, "initial_simplex": [s, *(s + 30 * e for e in np.eye(3))]}).x for s in starts]
    c = np.clip(np.round(min([*found, np.asarray(colour, float)], key=error)), 0, 255).astype(int)
    return best([distance(f, c) for f in frames], [f.alpha for f in frames], 3)[0]


def chromakey(f, colour, similarity, blend):
    key = f"chromakey=0x{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}:{similarity:.5f}:{blend:.5f},alphaextract"
    raw = run("ffmpeg", "-v", "error", "-i", f.png, "-vf", "format=yuva444p," + key, "-f", "rawvideo", "-pix_fmt",
              "gray", "-")
    return np.frombuffer(raw, np.uint8).reshape(f.alpha.shape) / np.float32(255)


def dtssd(mattes, frames):
    pairs = [(i - 1, i) for i in range(1, len(frames)) if frames[i].number == frames[i - 1].number + 1]
    return np.mean([100 * np.sqrt(np.mean((mattes[j] - mattes[i] - frames[j].alpha + frames[i].alpha) ** 2))
                    for i, j in pairs]) if pairs else float("nan")


def colour_error(results, frames):
    ours_, plates = [], []
    for (_, fg), f in zip(results, frames):
        between = (f.alpha > 0.05) & (f.alpha < 0.95)
        ours_.append(np.abs(fg - f.fg)[between])
        plates.append(np.abs(f.rgb / np.float32(255) - f.fg)[between])
    return float(np.concatenate(ours_).mean() / np.concatenate(plates).mean())


def shot(scene, size, seed, numbers, tmp, everything):
    frames = [Frame(scene, size, seed, k, tmp) for k in numbers]
    results = ours(frames)
    mad = lambda mattes: 1e3 * float(np.mean([np.abs(m - f.alpha).mean() for m, f in zip(mattes, frames)]))
    colour = np.median(np.concatenate([f.rgb[f.alpha == 0] for f in frames]), 0).astype(int)
    truths = [f.alpha for f in frames]
    _, s, b = best([chroma_distance(f, colour) for f in frames], truths, 3)
    theirs = [chromakey(f, colour, s, b) for f in frames]
    row = {"ours": mad([a for a, _ in results]), "chromakey": mad(theirs), "similarity": s, "blend": b}
    if everything:
        row["any colour"] = 1e3 * best_colour(frames, colour, chroma_distance)
        row["colorkey"] = 1e3 * best([rgb_distance(f, colour) for f in frames], truths, 3)[0]
        row["dtSSD"], row["its dtSSD"] = dtssd([a for a, _ in results], frames), dtssd(theirs, frames)
        row["fg"] = colour_error(results, frames)
    for f in frames:
        os.unlink(f.png)
    return row


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scenes", required=True)
    ap.add_argument("--seeds", default="100-109")
    ap.add_argument("--frames", default="0,1,12")
    ap.add_argument("--size", default="1920x1080")
    ap.add_argument("--all", action="store_true")
    a = ap.parse_args()
    sys.path.insert(0, a.scenes)
    find_programs()
    from synth_scene import scene
    size, numbers = tuple(map(int, a.size.split("x"))), list(map(int, a.frames.split(",")))
    first, last = map(int, a.seeds.split("-"))
    with tempfile.TemporaryDirectory() as tmp:
        rows = table("seed", ((f"{seed} blue" if seed % 3 == 0 else f"{seed} green",
                               shot(scene, size, seed, numbers, tmp, a.all)) for seed in range(first, last + 1)))
    return 1 if any(r["ours"] > r["chromakey"] for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
