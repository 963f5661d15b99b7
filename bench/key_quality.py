#!/usr/bin/env python3
"""The classical key against ffmpeg's chromakey on shots with a known matte.

  key_quality.py --scenes DIR [--seeds 100-109] [--frames 0,12] [--size 1920x1080]

DIR holds synth_scene.py.  Every third seed has a blue screen.  Ours: ck-decode | ck-hint
--method key with no option.  ffmpeg: chromakey with the true screen's median colour and,
for each shot, the similarity and blend with the smallest error on that very shot: a grid
over a model of the filter in numpy, then the filter itself around the best of the grid.
Prints MAD (1e3 * mean |alpha - truth|) per shot; exits 1 if ours is worse on any.
Needs numpy, OpenCV, ffmpeg and our programs in $PATH.
"""
import argparse, os, subprocess, sys, tempfile
import numpy as np


def ours(png, tmp):
    subprocess.run(f"ck-decode {png} | ck-hint --method key 2>/dev/null | ck-info --npy {tmp}/k", shell=True, check=True)
    return np.load(f"{tmp}/k/hint.000000.npy")[0]


def chromakey(png, colour, similarity, blend, shape):
    f = f"chromakey=0x{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}:{similarity:.5f}:{blend:.5f},alphaextract"
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", png, "-vf", "format=yuva444p," + f, "-f", "rawvideo",
                          "-pix_fmt", "gray", "-"], stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(shape) / np.float32(255)


def distance(rgb, colour):
    """What chromakey thresholds: distance in CbCr, averaged over 3x3 pixels, 0 to 1."""
    import cv2
    m = np.array([[-0.148223, -0.290993, 0.439216], [0.439216, -0.367788, -0.071427]], np.float32)
    d = np.round(rgb.astype(np.float32) @ m.T) - m @ np.asarray(colour, np.float32)
    return cv2.blur(np.sqrt((d ** 2).sum(-1) / (255 * 255 * 2)), (3, 3), borderType=cv2.BORDER_REPLICATE)


def best_chromakey(png, rgb, alpha, colour):
    d, t = distance(rgb, colour)[::3, ::3], alpha[::3, ::3]
    grid = [(float(np.abs(np.clip((d - s) / max(b, 1e-4), 0, 1) - t).mean()), s, b)
            for s in np.linspace(0.005, 0.4, 60) for b in (0, .01, .02, .04, .06, .09, .13, .18, .25, .35, .5)]
    _, s0, b0 = min(grid)
    error = lambda s, b: float(np.abs(chromakey(png, colour, s, b, alpha.shape) - alpha).mean())
    tries = [(error(s, b), s, b) for s in (0.8 * s0, 0.9 * s0, s0, 1.1 * s0, 1.2 * s0) for b in (0.6 * b0, b0, 1.4 * b0 + 0.003)]
    return min(tries)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scenes", required=True)
    ap.add_argument("--seeds", default="100-109")
    ap.add_argument("--frames", default="0,12")
    ap.add_argument("--size", default="1920x1080")
    a = ap.parse_args()
    sys.path.insert(0, a.scenes)
    import cv2, synth_scene
    w, h = map(int, a.size.split("x"))
    first, last = map(int, a.seeds.split("-"))
    worse, sums = 0, np.zeros(2)
    print("| seed | screen | ours | chromakey | similarity | blend |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as tmp:
        for seed in range(first, last + 1):
            blue, total = seed % 3 == 0, np.zeros(2)
            frames = [int(f) for f in a.frames.split(",")]
            for k in frames:
                plate, alpha, _ = synth_scene.scene(w, h, k, seed, blue)
                rgb, png = np.round(plate * 255).astype(np.uint8), f"{tmp}/p.png"
                cv2.imwrite(png, rgb[..., ::-1])
                colour = np.median(rgb[alpha == 0], 0).astype(int)
                theirs, s, b = best_chromakey(png, rgb, alpha, colour)
                total += float(np.abs(ours(png, tmp) - alpha).mean()), theirs
            total *= 1e3 / len(frames)
            sums += total
            worse += total[0] > total[1]
            print(f"| {seed} | {'blue' if blue else 'green'} | {total[0]:.2f} | {total[1]:.2f} | {s:.3f} | {b:.3f} |", flush=True)
    n = last - first + 1
    print(f"| mean | | {sums[0] / n:.2f} | {sums[1] / n:.2f} | | |")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
