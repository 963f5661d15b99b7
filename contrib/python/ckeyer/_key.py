"""Key a shot and take its frames."""
from __future__ import annotations

import os
import subprocess
from typing import Iterator, Union

from ._frame import Frame, StreamError
from ._stream import read


def key(shot: Union[str, "os.PathLike[str]"], *options: str) -> Iterator[Frame]:
    """Key a video, a sequence or a still as `ck key` does, and yield its frames: planes alpha, fg, processed and comp.
    `options` are those of `ck key`, such as "--screen", "blue" or "-m", "CorridorKey.pth".

    Nothing is written to disk.  A failure raises StreamError, with the reason on standard error."""
    plan = subprocess.run(["ck", "key", "-n", *options, "--", os.fspath(shot), "."], stdout=subprocess.PIPE, text=True)
    if plan.returncode:
        raise StreamError(f"ck key -n ended with status {plan.returncode}")
    pipeline = plan.stdout.rsplit(" | ck-encode", 1)[0]
    run = subprocess.Popen(["bash", "-o", "pipefail", "-c", pipeline], stdout=subprocess.PIPE)
    assert run.stdout is not None
    try:
        yield from read(run.stdout, "ckeyer.key")
    finally:
        run.stdout.close()
        run.wait()
