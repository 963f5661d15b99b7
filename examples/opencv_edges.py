#!/usr/bin/env python3
"""A stage with OpenCV: smooth the matte's edges along the plate's own (guided filter by box means).

    ck-decode shot.mov | ck-hint --method key | ck-matte --from hint | examples/opencv_edges.py | ck-post --unmix |
        ck-encode out/"""
from typing import Any

import ckeyer
import cv2
import numpy as np
from numpy.typing import NDArray

RADIUS, FLAT = 4, 1e-4  # pixels; variance of brightness below which the matte is only averaged


def box(x: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.blur(x, (2 * RADIUS + 1, 2 * RADIUS + 1)))


def guided(guide: NDArray[Any], matte: NDArray[Any]) -> NDArray[Any]:
    mean_g, mean_m = box(guide), box(matte)
    slope = (box(guide * matte) - mean_g * mean_m) / (box(guide * guide) - mean_g**2 + FLAT)
    smooth: NDArray[Any] = box(slope) * guide + box(mean_m - slope * mean_g)
    return smooth


def work(frame: ckeyer.Frame) -> None:
    rgb = frame["rgb"].astype(np.float32)
    guide = rgb.mean(axis=0) / (np.iinfo(frame["rgb"].dtype).max if frame["rgb"].dtype.kind == "u" else 1)
    frame["alpha"] = guided(guide, frame["alpha"][0].astype(np.float32))


ckeyer.stage(work)
