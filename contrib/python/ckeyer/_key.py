"""Key a shot and take its frames."""
from __future__ import annotations

import os
import subprocess
from typing import Iterator, Union

from ._frame import Frame, StreamError
from ._stream import read


def key(shot: Union[str, "os.PathLike[str]"], *options: str) -> Iterator[Frame]:
    """Key a video, a sequence or a still as `ck key` does, and yield its frames.  `options` are those of `ck key`,
    such as "--screen", "blue" or "-m", "CorridorKey.pth".  Planes: alpha [1, H, W] coverage; fg [3, H, W] straight, sRGB;
    processed [4, H, W] premultiplied RGBA, linear; comp [3, H, W] uint8, sRGB; and those they were made of.

    Nothing is written to disk.  A failure raises StreamError, with the reason on standard error."""
    plan = subprocess.run(["ck", "key", "-n", *options, "--", os.fspath(shot), "."], stdout=subprocess.PIPE, text=True)
    if plan.returncode:
        raise StreamError(f"ck key -n ended with status {plan.returncode}")
    pipeline = plan.stdout.rsplit(" | ck-encode", 1)[0]
    with subprocess.Popen(["bash", "-o", "pipefail", "-c", pipeline], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        yield from read(run.stdout, "ckeyer.key")
