"""Functions of the quality benches: run programs, read planes, ck-compare(1), Markdown tables."""
import contextlib, glob, json, os, subprocess, tempfile, time
import numpy as np


def find_programs():
    """Put $CK_BIN before the rest of $PATH."""
    if os.environ.get("CK_BIN"):
        os.environ["PATH"] = os.environ["CK_BIN"] + ":" + os.environ["PATH"]


def run(*command):
    """Standard output as bytes."""
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def shell(command, log=None):
    """Run a pipeline; returns seconds.  Its messages are appended to the file `log`, if given."""
    start = time.time()
    with open(log, "a") if log else contextlib.nullcontext() as err:
        subprocess.run(["bash", "-o", "pipefail", "-c", command], stderr=err, check=True)
    return time.time() - start


def planes(command, names, log=None):
    """Planes of the stream written by a pipeline: for each name a list of frames, [C, H, W]."""
    with tempfile.TemporaryDirectory() as tmp:
        shell(f"{command} | ck-info --npy {tmp}", log)
        return [[np.load(f) for f in sorted(glob.glob(f"{tmp}/{n}.*.npy"))] for n in names]


def compare(truth, result):
    """Means of ck-compare(1) over the frames."""
    return json.loads(run("ck-compare", "--json", truth, result))["mean"]


def show(cells):
    print("| " + " | ".join(f"{c:.3g}" if isinstance(c, float) else str(c) for c in cells) + " |", flush=True)


def table(corner, rows):
    """Print a line for each (name, {column: number}) as it comes, then the means.  Returns the dictionaries."""
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
