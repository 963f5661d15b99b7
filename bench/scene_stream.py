#!/usr/bin/env python3
"""scene_stream.py DIR SEED FRAME...: frames of DIR/synth_scene.py's shot of that seed as a ck-frame(5) stream, 1920x1080.

Planes: rgb (u8), true_alpha, true_fg.  Every third seed has a blue screen, as in key_quality.py."""
import struct, sys
import numpy as np

sys.path.insert(0, sys.argv[1])
from synth_scene import scene

RECORD, PLANE = struct.Struct("<4s4sIIQQ32x"), struct.Struct("<32s16s16sIIIIQIIIIQQQ")
pad = lambda data: data + bytes(-len(data) % 64)


def send(kind, meta, number, planes=()):
    text = "".join(f"{k}={v}\n" for k, v in meta.items()).encode()
    heads = [PLANE.pack(name, kind, encoding, a.itemsize, *a.shape, a.nbytes, 0, 0, 0, 0, 0, 0, 0)
             for name, kind, encoding, a in planes]
    body = pad(text) + b"".join(heads) + b"".join(pad(a.tobytes()) for *_, a in planes)
    sys.stdout.buffer.write(RECORD.pack(b"ckf1", kind, len(planes), len(text), number, len(body)) + body)


seed, frames = int(sys.argv[2]), [int(f) for f in sys.argv[3:]]
chw = lambda a: np.ascontiguousarray(np.moveaxis(np.atleast_3d(a), 2, 0))
send(b"HEAD", {"source": f"synth_scene seed {seed}", "width": 1920, "height": 1080, "rate": "24/1",
               "frames": len(frames), "transfer": "srgb", "program": "scene_stream.py"}, 0)
for i, frame in enumerate(frames):
    plate, alpha, fg = scene(1920, 1080, frame, seed, seed % 3 == 0)
    send(b"FRAM", {"pts": frame / 24, "stem": f"{frame:06}"}, i,
         [(b"rgb", b"u8", b"srgb", chw(np.round(plate * 255).astype(np.uint8))),
          (b"true_alpha", b"f32", b"", chw(alpha)), (b"true_fg", b"f32", b"srgb", chw(fg))])
send(b"END ", {}, len(frames))
