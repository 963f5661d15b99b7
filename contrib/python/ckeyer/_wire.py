"""ck-frame(5) in Python: records through a pipe or file, planes inline."""
from __future__ import annotations

import struct
from typing import IO, Dict, Optional, Tuple

import numpy as np

from ._frame import TYPES, Frame, StreamError

RECORD = struct.Struct("<4s4sIIQQ32x")
PLANE = struct.Struct("<32s16s16sIIIIQIIIIQQQ")
MOST_META, MOST_PLANES = 65536, 32


def padded(n: int) -> int:
    return -(-n // 64) * 64


def text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "replace")


def parse_meta(data: bytes) -> Dict[str, str]:
    pairs: Dict[str, str] = {}
    for line in data.decode("utf-8", "surrogateescape").split("\n")[:-1]:
        key, equals, value = line.partition("=")
        if not equals:
            raise StreamError(f"metadata line '{line[:40]}' has no '='")
        pairs[key] = "\\".join(part.replace("\\n", "\n") for part in value.split("\\\\"))
    return pairs


def format_meta(meta: Dict[str, str]) -> bytes:
    lines = (f"{k}=" + v.replace("\\", "\\\\").replace("\n", "\\n") + "\n" for k, v in meta.items())
    return "".join(lines).encode("utf-8", "surrogateescape")


class WireReader:
    by_reference = False

    def __init__(self, file: IO[bytes]):
        self.file = file
        self.count = 0
        self.head: Dict[str, str] = {}
        kind, _, meta, _ = self.record()
        if kind != b"HEAD":
            raise StreamError("the stream does not begin with HEAD")
        self.head = meta

    def read(self, n: int) -> bytearray:
        data = bytearray(n)
        view, at = memoryview(data), 0
        while at < n:
            got = self.file.readinto(view[at:])  # type: ignore[attr-defined]
            if not got:
                last = self.head.get("program", "").rsplit(" | ", 1)[-1].split(" ")[0] or "the program upstream"
                raise StreamError(f"{last} failed or was killed: its stream ends without END")
            at += got
        return data

    def record(self) -> Tuple[bytes, int, Dict[str, str], bytearray]:
        """Kind, planes, metadata, the rest of the body."""
        magic, kind, planes, size, number, total = RECORD.unpack(self.read(64))
        if magic != b"ckf1":
            raise StreamError("this is no stream of ck-frame(5)")
        if size > MOST_META or planes > MOST_PLANES or total % 64 or total < padded(size) + 128 * planes:
            raise StreamError(f"damaged stream: record {kind!r} has wrong sizes")
        if kind in (b"FRAM", b"END ", b"ABRT") and number != self.count:
            raise StreamError(f"damaged stream: frame {number} follows frame {self.count - 1}")
        meta = parse_meta(bytes(self.read(padded(size))[:size]))
        return kind, planes, meta, self.read(total - padded(size))

    def next(self) -> Optional[Frame]:
        """The next frame; None after END."""
        kind, planes, meta, body = self.record()
        if kind == b"RING":  # an offer of shared memory: who does not take it gets planes inline
            kind, planes, meta, body = self.record()
        if kind == b"END ":
            return None
        if kind == b"ABRT":
            raise StreamError(f"{meta.get('origin', 'a program upstream')}: {meta.get('text', 'failed')}")
        if kind != b"FRAM":
            raise StreamError(f"damaged stream: unexpected record {kind!r}")
        frame = Frame(self.count, meta)
        self.count += 1
        at = 128 * planes
        for i in range(planes):
            at = self.plane(frame, body, 128 * i, at)
        if at != len(body):
            raise StreamError(f"frame {frame.number}: damaged stream: planes and body differ in size")
        return frame

    @staticmethod
    def plane(frame: Frame, body: bytearray, head: int, at: int) -> int:
        name, kind, encoding, elem, c, h, w, size, storage, *_ = PLANE.unpack_from(body, head)
        known = TYPES.get(text(kind), np.dtype(f"V{elem}") if 1 <= elem <= 64 else None)
        if storage or not known or known.itemsize != elem or size != c * h * w * elem or at + padded(size) > len(body):
            raise StreamError(f"frame {frame.number}: damaged stream: plane '{text(name)}'")
        array = np.frombuffer(body, known, c * h * w, at).reshape(c, h, w)
        array.flags.writeable = False
        frame._planes[text(name)] = (text(kind), array)
        frame.encoding[text(name)] = text(encoding)
        return at + padded(size)


class WireWriter:
    def __init__(self, file: IO[bytes], head: Dict[str, str]):
        self.file = file
        self.count = 0
        self.record(b"HEAD", head, 0)

    def record(self, kind: bytes, meta: Dict[str, str], number: int, planes: int = 0, bytes_after: int = 0) -> None:
        data = format_meta(meta)
        if len(data) > MOST_META:
            raise ValueError(f"{len(data)} bytes of metadata: at most {MOST_META} fit in a record")
        header = RECORD.pack(b"ckf1", kind, planes, len(data), number, padded(len(data)) + bytes_after)
        self.file.write(header + data.ljust(padded(len(data)), b"\0"))

    def frame(self, frame: Frame) -> None:
        heads, bodies = [], []
        for name, (kind, a) in frame._planes.items():
            tags = (name.encode(), kind.encode(), frame.encoding.get(name, "").encode())
            heads.append(PLANE.pack(*tags, a.itemsize, *a.shape, a.nbytes, *[0] * 7))
            bodies.append(np.ascontiguousarray(a))
        total = 128 * len(heads) + sum(padded(a.nbytes) for a in bodies)
        self.record(b"FRAM", frame.meta, self.count, len(heads), total)
        self.file.write(b"".join(heads))
        for a in bodies:
            self.file.write(a.reshape(-1).view(np.uint8).data)
            self.file.write(bytes(padded(a.nbytes) - a.nbytes))
        self.count += 1
        frame._planes = {}

    def end(self, kind: bytes = b"END ", meta: Optional[Dict[str, str]] = None) -> None:
        self.record(kind, meta or {}, self.count)
        self.file.flush()

    def abort(self, origin: str, why: str) -> None:
        self.end(b"ABRT", {"origin": origin, "text": why})
