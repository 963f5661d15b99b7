"""A function as a program of a pipeline."""
from __future__ import annotations

import os
import signal
import sys
from typing import Callable

from ._frame import Frame, StreamError
from ._stream import read, write


def stage(work: Callable[[Frame], None]) -> None:
    """Run `work` on every frame from standard input, write the frame to standard output, and exit as ck's programs do:
    0 done, 1 failed, 3 if frames upstream had failed.  An exception in `work` ends the run with one line that names the
    frame.

        ckeyer.stage(lambda frame: frame.update(alpha=frame["alpha"] * 0.9))"""
    name = os.path.basename(sys.argv[0])
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        frames = read(sys.stdin.buffer, name)
        with write(sys.stdout.buffer, frames, name) as out:
            for frame in frames:
                try:
                    work(frame)
                except Exception as e:
                    raise RuntimeError(f"frame {frame.number}: {e.args[0] if e.args else type(e).__name__}") from e
                out.write(frame)
        sys.exit(3 if frames.failed else 0)
    except BrokenPipeError:  # downstream has ended: end as cat does
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    except (OSError, RuntimeError, StreamError, ValueError) as e:
        sys.exit(f"{name}: {e}")
