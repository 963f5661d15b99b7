"""A frame: metadata and named arrays."""
from __future__ import annotations

from typing import Any, Dict, Iterator, MutableMapping, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

TYPES: Dict[str, np.dtype[Any]] = {"u8": np.dtype("u1"), "u16": np.dtype("<u2"), "f16": np.dtype("<f2"), "f32": np.dtype("<f4")}
NAMES = {dtype: name for name, dtype in TYPES.items()}


class StreamError(Exception):
    """The stream is damaged, or a program upstream failed; the text says which and why."""


class Frame(MutableMapping[str, NDArray[Any]]):
    """Planes by name: arrays [C, H, W] of uint8 or uint16 (0 to 1 as 0 to 255 or 65535), float16 or float32.

    Arrays that were read are read-only.  Assign an array to change or add a plane; float64 becomes float32, and [H, W]
    one channel.  `del` removes a plane.

    seq       count of the frames of the stream, from 0; the writer counts anew
    meta      metadata as text, such as pts (seconds), stem, noise
    encoding  by plane: transfer curve of a plane of colour, such as "srgb" or "linear"; "" for mattes"""

    def __init__(self, seq: int = 0, meta: Optional[Dict[str, str]] = None):
        self.seq = seq
        self.meta: Dict[str, str] = dict(meta or {})
        self.encoding: Dict[str, str] = {}
        self._planes: Dict[str, Tuple[str, NDArray[Any]]] = {}  # name -> type on the wire, array

    @property
    def number(self) -> int:
        """The frame number of the file, else `seq`."""
        text = self.meta.get("number", "")
        return int(text) if text.lstrip("-").isdigit() else self.seq

    @property
    def error(self) -> Optional[str]:
        """None, or the reason why the frame could not be made; such a frame has no planes."""
        return self.meta.get("error")

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._planes:
            there = ", ".join(self) or "none"
            raise KeyError(f"frame {self.number} has no plane '{name}'; it has: {there}")
        return self._planes[name][1]

    def __setitem__(self, name: str, array: NDArray[Any]) -> None:
        a = np.asarray(array)
        if a.dtype == np.float64:
            a = a.astype(np.float32)
        if a.ndim == 2:
            a = a[np.newaxis]
        if a.dtype not in NAMES or a.ndim != 3 or 0 in a.shape:
            raise TypeError(f"plane '{name}': {a.dtype} {a.shape} is not [C, H, W] of uint8, uint16, float16 or float32")
        self._planes[name] = (NAMES[a.dtype], a)
        self.encoding.setdefault(name, "")

    def __delitem__(self, name: str) -> None:
        del self._planes[name]
        self.encoding.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._planes))

    def __len__(self) -> int:
        return len(self._planes)

    def __repr__(self) -> str:
        planes = ", ".join(f"{n} {t} {list(a.shape)}" for n, (t, a) in self._planes.items())
        return f"<frame {self.number}: {self.error or planes}>"
