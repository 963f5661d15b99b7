"""libckeyer.so by ctypes: large planes stay in shared memory."""
from __future__ import annotations

import ctypes
import ctypes.util
import os
import weakref
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_char_p, c_double, c_int, c_size_t, c_uint32, c_uint64
from ctypes import c_void_p
from typing import Any, Dict, Optional

import numpy as np
from numpy.typing import NDArray

from ._frame import TYPES, Frame, StreamError
from ._wire import format_meta, parse_meta

END, CLOSED = 1, 8  # ck_status


class CError(Structure):
    _fields_ = [("text", c_char * 1024)]

    def __str__(self) -> str:
        return str(self.text, "utf-8", "replace")


class CPlane(Structure):
    _fields_ = [("name", c_char * 32), ("type_name", c_char * 16), ("encoding", c_char * 16), ("type", c_int),
                ("elem", c_uint32), ("finite", c_bool), ("c", c_int), ("h", c_int), ("w", c_int), ("bytes", c_size_t),
                ("data", c_void_p), ("buf", c_void_p)]


class CMeta(Structure):
    _fields_ = [("pairs", c_void_p), ("n", c_size_t), ("cap", c_size_t)]


class CFrame(Structure):
    _fields_ = [("seq", c_uint64), ("meta", CMeta), ("planes", CPlane * 32), ("n", c_int), ("lease", c_void_p),
                ("asked", c_size_t), ("spent", c_uint64), ("job", c_void_p), ("job_free", c_void_p)]


P, E, F = c_void_p, POINTER(CError), POINTER(CFrame)
FUNCTIONS = {  # name: result, arguments
    "ck_reader_open": (c_int, [c_int, c_char_p, c_double, POINTER(P), E]), "ck_reader_head_view": (POINTER(CMeta), [P]),
    "ck_reader_next": (c_int, [P, F, E]), "ck_reader_free": (None, [P]),
    "ck_writer_open": (c_int, [c_int, c_double, POINTER(CMeta), POINTER(P), E]),
    "ck_writer_share": (None, [P, P, c_size_t]),
    "ck_writer_take_slot": (c_int, [P, F, E]), "ck_writer_frame": (c_int, [P, F, E]), "ck_writer_end": (c_int, [P, E]),
    "ck_writer_abort": (None, [P, c_char_p, c_char_p, c_bool]), "ck_writer_free": (None, [P]),
    "ck_frame_add": (c_int, [F, c_char_p, c_int, c_int, c_int, c_int, c_char_p, POINTER(POINTER(CPlane)), E]),
    "ck_frame_remove": (None, [F, c_char_p]), "ck_frame_free": (None, [F]),
    "ck_buffer_ref": (P, [P]), "ck_buffer_unref": (None, [P]),
    "ck_meta_parse": (c_int, [POINTER(CMeta), c_char_p, c_size_t, E]),
    "ck_meta_format": (P, [POINTER(CMeta), POINTER(c_size_t)]), "ck_meta_free": (None, [POINTER(CMeta)]),
}
C_TYPE = {"u8": 1, "u16": 2, "f16": 3, "f32": 4}  # ck_type


# None without it.  $CKEYER_LIB: another file, or "off".
name = os.environ.get("CKEYER_LIB") or ctypes.util.find_library("ckeyer")
LIBRARY: Any = ctypes.CDLL(name) if name and name != "off" else None
for function, (result, arguments) in FUNCTIONS.items() if LIBRARY else ():
    getattr(LIBRARY, function).restype, getattr(LIBRARY, function).argtypes = result, arguments
_free = ctypes.CDLL(None).free
_free.argtypes, _free.restype = [c_void_p], None


def meta_from_c(meta: Any) -> Dict[str, str]:
    n = c_size_t()
    data = LIBRARY.ck_meta_format(meta, byref(n))
    if not data:
        raise MemoryError("metadata")
    pairs = parse_meta(ctypes.string_at(data, n.value))
    _free(data)
    return pairs


def meta_to_c(pairs: Dict[str, str], meta: CMeta) -> None:
    data, e = format_meta(pairs), CError()
    if LIBRARY.ck_meta_parse(byref(meta), data, len(data), byref(e)):
        raise ValueError(str(e))


class LibraryFrame(Frame):
    """A frame whose arrays lie in the buffers of a C frame."""

    def __init__(self, c: CFrame):
        super().__init__(c.seq, meta_from_c(byref(c.meta)))
        self.c = c
        for plane in c.planes[:c.n]:
            name, kind = plane.name.decode(), plane.type_name.decode()
            self._planes[name] = (kind, array_of(plane, TYPES.get(kind, np.dtype(f"V{plane.elem}"))))
            self.encoding[name] = plane.encoding.decode()
        self.there = {name: (a, self.encoding[name]) for name, (_, a) in self._planes.items()}
        weakref.finalize(self, LIBRARY.ck_frame_free, c)


def array_of(plane: CPlane, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A read-only array over the plane's data, which keeps their buffer."""
    memory = (ctypes.c_char * plane.bytes).from_address(plane.data)
    weakref.finalize(memory, LIBRARY.ck_buffer_unref, LIBRARY.ck_buffer_ref(plane.buf))
    array = np.frombuffer(memory, dtype).reshape(plane.c, plane.h, plane.w)
    array.flags.writeable = False
    return array


class LibraryReader:
    by_reference = True

    def __init__(self, fd: int, name: str):
        self.c, e = c_void_p(), CError()
        status = LIBRARY.ck_reader_open(fd, name.encode(), 0, byref(self.c), byref(e))
        weakref.finalize(self, LIBRARY.ck_reader_free, self.c)
        if status:
            raise StreamError(str(e))
        self.head = meta_from_c(LIBRARY.ck_reader_head_view(self.c))
        self.writer: Optional[LibraryWriter] = None

    def next(self) -> Optional[Frame]:
        c, e = CFrame(), CError()
        slot = self.writer is not None and self.writer.take_slot(c)
        status = LIBRARY.ck_reader_next(self.c, byref(c), byref(e))
        if status:
            LIBRARY.ck_frame_free(byref(c))
            if status == END:
                return None
            raise StreamError(str(e))
        frame = LibraryFrame(c)
        if slot and self.writer:
            self.writer.holder = weakref.ref(frame)
        return frame


class LibraryWriter:
    def __init__(self, fd: int, head: Dict[str, str], reader: Optional[LibraryReader]):
        self.c, e, meta = c_void_p(), CError(), CMeta()
        self.count = 0
        self.holder: Optional[weakref.ref[LibraryFrame]] = None  # a frame with a slot that waits to be written
        meta_to_c(head, meta)
        status = LIBRARY.ck_writer_open(fd, 0, byref(meta), byref(self.c), byref(e))
        LIBRARY.ck_meta_free(byref(meta))
        self.check(status, e)
        weakref.finalize(self, LIBRARY.ck_writer_free, self.c)
        self.reader = reader  # must outlive the writer, which passes on planes in its rings
        if reader:
            reader.writer = self

    @staticmethod
    def check(status: int, e: CError) -> None:
        if status == CLOSED:
            raise BrokenPipeError(str(e))
        if status:
            raise OSError(str(e))

    def take_slot(self, c: CFrame) -> bool:
        """A slot for what will be added to a frame that is read now.  None while another one waits to be written: waiting
        for a free slot might then never end.  Planes of a frame without one go inline."""
        e = CError()
        if not self.count or (self.holder and self.holder()):
            return False
        self.check(LIBRARY.ck_writer_take_slot(self.c, byref(c), byref(e)), e)
        return True

    def frame(self, frame: Frame) -> None:
        e = CError()
        c, there = (frame.c, frame.there) if isinstance(frame, LibraryFrame) else (CFrame(), {})
        for name in set(there) - set(frame):
            LIBRARY.ck_frame_remove(byref(c), name.encode())
        for name, (kind, a) in frame._planes.items():
            if name in there and there[name][0] is a and there[name][1] == frame.encoding[name]:
                continue
            add_plane(c, name, kind, a, frame.encoding.get(name, ""))
        meta_to_c(frame.meta, c.meta)
        c.seq = self.count
        if not self.count:  # only now: the reader learns with its first frame which rings there are
            LIBRARY.ck_writer_share(self.c, self.reader.c if self.reader else None, c_size_t(-1).value)
        self.check(LIBRARY.ck_writer_frame(self.c, byref(c), byref(e)), e)
        self.count += 1
        if self.holder and self.holder() is frame:
            self.holder = None
        LIBRARY.ck_frame_free(byref(c))
        frame._planes = {}

    def end(self) -> None:
        e = CError()
        self.check(LIBRARY.ck_writer_end(self.c, byref(e)), e)

    def abort(self, origin: str, why: str) -> None:
        LIBRARY.ck_writer_abort(self.c, origin.encode(), why.encode("utf-8", "replace"), True)


def add_plane(c: CFrame, name: str, kind: str, a: NDArray[Any], encoding: str) -> None:
    plane, e = POINTER(CPlane)(), CError()
    tags = (name.encode(), C_TYPE.get(kind, 0), *a.shape, encoding.encode())
    if LIBRARY.ck_frame_add(byref(c), *tags, byref(plane), byref(e)):
        raise ValueError(str(e))
    memory = (ctypes.c_char * plane[0].bytes).from_address(plane[0].data)
    np.copyto(np.frombuffer(memory, a.dtype).reshape(a.shape), a)
