"""Readers and writers, with libckeyer.so where it is, else in Python."""
from __future__ import annotations

import io
import os
import shlex
import sys
from typing import IO, Any, Dict, Iterator, List, Optional, Union

from . import _library
from ._frame import Frame
from ._wire import WireReader, WireWriter

Source = Union[IO[bytes], str, "os.PathLike[str]"]
_PROGRAM = os.path.basename(sys.argv[0]) or "python"


def _descriptor(file: IO[bytes]) -> Optional[int]:
    """The file's descriptor where the library is there to use it."""
    try:
        return file.fileno() if _library.LIBRARY is not None else None
    except (AttributeError, io.UnsupportedOperation):
        return None


class Reader:
    """The frames of a stream, in order.  Frames that could not be made are not yielded: `failed` counts them, and the
    writer made of this reader passes them on.

    head          metadata of the stream as text: width, height, rate, screen, ... (ck-frame(5))
    by_reference  planes can come in shared memory: copy the arrays that you keep for longer than their frame"""

    def __init__(self, file: Source, name: str):
        self._file = open(file, "rb") if isinstance(file, (str, os.PathLike)) else file
        fd = _descriptor(self._file)
        self._in: Any = WireReader(self._file) if fd is None else _library.LibraryReader(fd, name)
        self._writer: Optional[Writer] = None
        self.head: Dict[str, str] = self._in.head
        self.by_reference: bool = self._in.by_reference
        self.failed = 0

    def __iter__(self) -> Iterator[Frame]:
        while True:
            frame = self._in.next()
            if frame is None:
                return
            if frame.error is None:
                yield frame
                continue
            self.failed += 1
            if self._writer:
                self._writer._failed.append(frame)


class Writer:
    """Write frames; END follows when the `with` block ends, ABORT if it ends by an exception."""

    def __init__(self, file: IO[bytes], head: Union[Reader, Dict[str, str], None], name: str, options: str):
        reader, pairs = (head, dict(head.head)) if isinstance(head, Reader) else (None, dict(head or {}))
        before = pairs.get("program")
        pairs["program"] = (before + " | " if before else "") + " ".join(filter(None, [name, options]))
        self._name = name
        self._failed: List[Frame] = []  # error frames that wait for the frames before them
        fd = _descriptor(file)
        inner = reader._in if reader and reader.by_reference else None
        self._out: Any = WireWriter(file, pairs) if fd is None else _library.LibraryWriter(fd, pairs, inner)
        if reader:
            reader._writer = self

    def write(self, frame: Frame) -> None:
        """Write the frame and let go of it: arrays that you hold stay valid, the frame itself does not."""
        if not len(frame):
            raise ValueError(f"frame {frame.number} has no planes; a frame loses them when it is written")
        self._pass_failed(frame.seq)
        self._out.frame(frame)

    def _pass_failed(self, before: Optional[int]) -> None:
        while self._failed and (before is None or self._failed[0].seq < before):
            self._out.frame(self._failed.pop(0))

    def close(self) -> None:
        """Write END: the stream is complete."""
        self._pass_failed(None)
        self._out.end()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self.close()
        elif not issubclass(kind, BrokenPipeError):
            self._out.abort(self._name, str(error) or kind.__name__)


def read(file: Source, name: Optional[str] = None) -> Reader:
    """Read a stream from a binary file, such as sys.stdin.buffer, or from a path.  Nothing must have been read from the
    file before.  `name`: this program, for messages."""
    return Reader(file, name or _PROGRAM)


def write(file: IO[bytes], head: Union[Reader, Dict[str, str], None] = None, name: Optional[str] = None,
          options: Optional[str] = None) -> Writer:
    """Write a stream into a binary file.  `head`: the reader whose frames are passed on, or metadata.  HEAD's `program`
    gets `name` and `options`, by default the command line."""
    return Writer(file, head, name or _PROGRAM, shlex.join(sys.argv[1:]) if options is None else options)
