"""Read, change and write the frames of ck's programs.

    import sys, ckeyer

    frames = ckeyer.read(sys.stdin.buffer)
    with ckeyer.write(sys.stdout.buffer, frames) as out:
        for frame in frames:
            frame["alpha"] = frame["alpha"] * 0.9
            out.write(frame)

A plane is an array [C, H, W]; ck-frame(5) lists names, types and units.  With libckeyer.so the data of large planes stay
in shared memory: arrays that are read are read-only and cost no copy.  Without the library, and from files, data come
through the pipe.

`stage` runs a function as a program of a pipeline, `key` keys a shot and yields its frames."""
from ._frame import Frame, StreamError
from ._key import key
from ._stage import stage
from ._stream import Reader, Writer, read, write

__all__ = ["Frame", "Reader", "StreamError", "Writer", "key", "read", "stage", "write"]
__version__ = "1.0.0"
