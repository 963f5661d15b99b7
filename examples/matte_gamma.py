#!/usr/bin/env python3
"""A stage: alpha becomes alpha ** GAMMA, sign kept.

    ck-decode shot.mov | ck-hint | ck-infer | ck-refine | examples/matte_gamma.py 0.9 | ck-post | ck-encode out/"""
import sys

import ckeyer
import numpy as np

gamma = float(sys.argv[1])


def work(frame: ckeyer.Frame) -> None:
    alpha = frame["alpha"]
    frame["alpha"] = np.sign(alpha) * np.abs(alpha) ** np.float32(gamma)


ckeyer.stage(work)
