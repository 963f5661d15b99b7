#!/usr/bin/env python3
"""How much of a veil can be known from its pixels' colours?

  veils.py --scenes DIR [--seeds 100-109]

A pixel of a veil is alpha F + (1 - alpha) screen: three numbers for four unknowns.  Of frame 0 of each shot of
synth_scene.py (in DIR; every third seed blue), where 0.03 < alpha < 0.7 over 9 x 9 pixels, this takes the median of alpha
given the pixel's colour (grain smoothed away) and the screen's true local colour, if all alphas are equally likely and F is

  wide   anything bright: sRGB from 0.35 to 1
  told   what the shots draw their veils from, before texture and exposure: sRGB from 0.5 to 0.95

and the best that could be said of whole veils, if somebody told how dense each one is:

  scaled  the distance between the pixel's colour and the screen's, times the one factor for each connected veil that suits
          the true alphas best (their median ratio): a veil of one colour

and prints what the errors add to the frame's MAD (1e3 times), beside what the classical key's (ck-hint --method key) add
there and in all.  The median by the true odds is the best that a keyer of single pixels can do on average; these odds are
near them.
Needs numpy, OpenCV and our programs in $CK_BIN or $PATH.
"""
import argparse, os, subprocess, sys, tempfile
import numpy as np

BINS, MOST = 24, 1.05  # of F in linear light
ALPHAS = np.arange(0.03, 0.99, 0.02)


def odds(low, high, linear):
    f = linear(np.random.default_rng(0).uniform(low, high, (400000, 3)))
    return np.histogramdd(f, bins=BINS, range=[(0, MOST)] * 3)[0]


def medians(colour, screen, table):
    """colour, screen (n, 3) linear -> (n,).  An alpha's odds: those of its F, times the cube of 1 / alpha by which a cell
    of colours grows to one of F."""
    weights = []
    for a in ALPHAS:
        at = np.floor((screen + (colour - screen) / a) / MOST * BINS).astype(int)
        there = ((at >= 0) & (at < BINS)).all(1)
        at = np.clip(at, 0, BINS - 1)
        weights.append(np.where(there, table[at[:, 0], at[:, 1], at[:, 2]], 0) * a ** -3 + 1e-9)
    part = np.cumsum(weights, 0) / np.sum(weights, 0)
    return ALPHAS[np.minimum((part < 0.5).sum(0), len(ALPHAS) - 1)]


def key(plate, tmp):
    import cv2
    cv2.imwrite(f"{tmp}/p.png", np.round(plate[..., ::-1] * 255).astype(np.uint8))
    chain = f"ck-decode {tmp}/p.png | ck-hint --method key | ck-info --npy {tmp}/k >{tmp}/log"
    subprocess.run(["bash", "-o", "pipefail", "-c", chain], check=True)
    return np.load(f"{tmp}/k/hint.000000.npy")[0]


def local_screen(lin, bare):
    import cv2
    bare = bare.astype(np.float32)
    blur = lambda x: cv2.GaussianBlur(x, (0, 0), 60)
    return blur((lin * bare[..., None]).astype(np.float32)) / (blur(bare)[..., None] + 1e-6)


def scaled(colour, screen, alpha, veil):
    """colour, screen (n, 3) linear and alpha (n,) of the pixels of `veil` -> (n,)."""
    import cv2
    far, part = np.linalg.norm(colour - screen, axis=1), cv2.connectedComponents(veil.astype(np.uint8))[1][veil]
    for k in np.unique(part):
        far[part == k] *= np.median(alpha[part == k] / np.maximum(far[part == k], 1e-6))
    return far


def main():
    import cv2
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scenes", required=True)
    ap.add_argument("--seeds", default="100-109")
    a = ap.parse_args()
    sys.path.insert(0, a.scenes)
    if os.environ.get("CK_BIN"):
        os.environ["PATH"] = os.environ["CK_BIN"] + ":" + os.environ["PATH"]
    from synth_scene import linear, scene
    first, last = map(int, a.seeds.split("-"))
    tables, rows = [odds(0.35, 1, linear), odds(0.5, 0.95, linear)], []
    print("| seed | key in all | key in veils | wide | told | scaled |\n|---|---|---|---|---|---|")
    for seed in range(first, last + 1):
        plate, alpha, _ = scene(1920, 1080, 0, seed, seed % 3 == 0)
        with tempfile.TemporaryDirectory() as tmp:
            off = 1e3 * np.abs(key(plate, tmp) - alpha)
        veil = cv2.erode(((alpha > 0.03) & (alpha < 0.7)).astype(np.uint8), np.ones((9, 9))) > 0
        screen = local_screen(linear(plate), alpha < 0.002)[veil]
        colour = linear(cv2.GaussianBlur(plate, (0, 0), 3))[veil]
        guesses = [medians(colour, screen, t) for t in tables] + [scaled(colour, screen, alpha[veil], veil)]
        rows.append([off.mean(), (off * veil).mean(), *(1e3 * np.abs(g - alpha[veil]).sum() / alpha.size for g in guesses)])
        print(f"| {seed} | " + " | ".join(f"{v:.2f}" for v in rows[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{v:.2f}" for v in np.mean(rows, 0)) + " |")


if __name__ == "__main__":
    main()
