#!/usr/bin/env python3
"""A hint by a network of your own, in place of ck-hint: NET.onnx takes RGB in 0 to 1, [1, 3, SIZE, SIZE], and gives
coverage, [1, 1, SIZE, SIZE].  The hint may have any size: ck-infer resizes it.

    ck-decode shot.mov | examples/onnx_hint.py NET.onnx 512 | ck-infer -m M | ck-refine -m M | ck-post | ck-encode out/"""
import sys

import ckeyer
import cv2
import numpy as np
import onnxruntime  # type: ignore

net = onnxruntime.InferenceSession(sys.argv[1], providers=onnxruntime.get_available_providers())
size = int(sys.argv[2])


def work(frame: ckeyer.Frame) -> None:
    rgb = frame["rgb"]
    full = np.iinfo(rgb.dtype).max if rgb.dtype.kind == "u" else 1
    small = cv2.resize(rgb.transpose(1, 2, 0).astype(np.float32) / full, (size, size), interpolation=cv2.INTER_AREA)
    outputs = net.run(None, {net.get_inputs()[0].name: small.transpose(2, 0, 1)[np.newaxis]})
    frame["hint"] = np.clip(np.asarray(outputs[0])[0], 0, 1)


ckeyer.stage(work)
