"""Shared by the quality benches: running programs, reading planes, ck-compare(1), Markdown tables."""
import contextlib, glob, json, os, subprocess, tempfile, time
import numpy as np


def find_programs():
    """$CK_BIN before the rest of $PATH."""
    if os.environ.get("CK_BIN"):
        os.environ["PATH"] = os.environ["CK_BIN"] + ":" + os.environ["PATH"]


def run(*command):
    """Standard output, bytes."""
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def shell(command, log=None):
    """Seconds that a pipeline took.  Its messages are appended to the file `log`, if there is one."""
    start = time.time()
    with open(log, "a") if log else contextlib.nullcontext() as err:
        subprocess.run(["bash", "-o", "pipefail", "-c", command], stderr=err, check=True)
    return time.time() - start


def planes(command, names, log=None):
    """Planes of the stream that a pipeline writes: for each name a list of frames, [C, H, W]."""
    with tempfile.TemporaryDirectory() as tmp:
        shell(f"{command} | ck-info --npy {tmp}", log)
        return [[np.load(f) for f in sorted(glob.glob(f"{tmp}/{n}.*.npy"))] for n in names]


def compare(truth, result):
    """Means of ck-compare(1) over the frames."""
    return json.loads(run("ck-compare", "--json", truth, result))["mean"]


def show(cells):
    print("| " + " | ".join(f"{c:.3g}" if isinstance(c, float) else str(c) for c in cells) + " |", flush=True)


def table(corner, rows):
    """A line for each (name, {column: number}), printed as it comes, and their means.  Returns the dictionaries."""
    done = []
    for name, row in rows:
        if not done:
            show([corner, *row])
            show(["---"] * (1 + len(row)))
        show([name, *row.values()])
        done.append(row)
    if done:
        show(["mean", *(float(np.mean([r[c] for r in done])) for c in done[0])])
    return done
