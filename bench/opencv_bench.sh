#!/bin/bash
# OpenCV's calls at the sizes of image_bench, one thread, CPU ms; skipped if Python lacks OpenCV. IPP is off: its
# results differ in bits from the formulas that lib/image follows.
python3 - <<'EOF' || true
import sys, time
try:
    import cv2, numpy as np
except ImportError:
    print("Not measured: Python has no cv2 and numpy here.")
    sys.exit()
cv2.setNumThreads(1)
if hasattr(cv2, "ipp"):
    cv2.ipp.setUseIPP(False)
r = np.random.default_rng(1)
plate = r.random((2160, 4096, 3), dtype=np.float32)
model = r.random((2048, 2048, 3), dtype=np.float32)
mask = (cv2.resize(plate[:54, :102, 0], (4096, 2160), interpolation=cv2.INTER_CUBIC) > 0.5).astype(np.uint8) * 255
rgb = (plate * 255).astype(np.uint8)
print("OpenCV %s, IPP off.\n\n| operation | ms |\n|---|---|" % cv2.__version__)

def timed(name, call):
    call()
    ms = []
    for _ in range(5):
        t = time.process_time()
        call()
        ms.append((time.process_time() - t) * 1e3)
    print("| %s | %.1f |" % (name, sorted(ms)[2]))

for head, src, size in (("to 2048 x 2048", plate, (2048, 2048)), ("from 2048 x 2048", model, (4096, 2160))):
    out = cv2.resize(src, size)
    for name, f in (("lanczos4", cv2.INTER_LANCZOS4), ("cubic", cv2.INTER_CUBIC), ("bilinear", cv2.INTER_LINEAR),
                    ("area", cv2.INTER_AREA)):
        timed("RGB float %s, %s" % (head, name), lambda: cv2.resize(src, size, dst=out, interpolation=f))
out = mask.copy()
seven, large = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n)) for n in (7, 51))
timed("erode, 7 px ellipse", lambda: cv2.erode(mask, seven, dst=out))
timed("dilate, 51 px ellipse", lambda: cv2.dilate(mask, large, dst=out))
timed("Gaussian 21 x 21, u8", lambda: cv2.GaussianBlur(mask, (21, 21), 0, dst=out))
timed("Gaussian 11 x 11, u8", lambda: cv2.GaussianBlur(mask, (11, 11), 0, dst=out))
timed("components with areas", lambda: cv2.connectedComponentsWithStats(mask))
hsv = rgb.copy()
timed("RGB to HSV, u8", lambda: cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV, dst=hsv))
EOF
