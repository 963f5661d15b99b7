#!/usr/bin/env python3
"""make bench-peers: ck's network on the CPU beside OpenVINO, ONNX Runtime and PyTorch, as Markdown.

    peers.py [--sizes 512,1024] [--rounds 3] [--frames 3] [--threads 2] [--only WORD,...]

All run the network of twin.py (base_plus, one synthetic checkpoint per size) on the same frame of ck-synth.  Every way is
a process of its own in every round, so that peak memory is its own; rounds alternate between the ways.  Exit status 1 if
a float32 way differs by more than TOLERANCE from the finals that twin.py computes in float64.  Beyond EXACT_UP_TO these
would take 23 GB: there the finals of "ck f32" stand for them, and the table says so.

Runs in the virtual environment that `make bench-peers` makes.  Programs in $CK_BIN, $CK_BENCH and $CK_HELPERS.
"""
import argparse, importlib.metadata, json, os, platform, statistics, subprocess, sys, tempfile, time
import numpy as np
from common import find_programs, planes

TOLERANCE = {True: 2e-5, False: 1e-4}  # of finals: ck's, as in MODEL.md; the others', of which ONNX Runtime is off by 4e-5
EXACT_UP_TO = 1024
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])  # MODEL.md, "Input"
HERE = os.path.dirname(os.path.abspath(__file__))
# PyTorch returns its maps to the system after each layer, and takes them back as new pages: with memory kept it is faster.
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 36)}


def ms_of(clock):
    return time.clock_gettime(clock) * 1e3


# ---- in the process of one way: a function that runs the network on `x`, [1, 4, h, w], and gives the finals ----

def torch_way(kind):
    def load(a, x):
        import torch
        from twin import build
        torch.set_num_threads(a.threads)
        parts = [p.to(memory_format=torch.channels_last) for p in build(f"{a.dir}/model.safetensors")]
        if kind == "compiled":
            parts = [torch.compile(p) for p in parts]
        encoder, decoders, refiner = parts
        t = torch.from_numpy(x).contiguous(memory_format=torch.channels_last)

        def run():
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=kind == "bf16"):
                return refiner(t[:, :3], decoders(encoder(t)))[1].float().numpy()
        return run
    return load


def openvino_way(kind):
    def load(a, x):
        import openvino as ov
        model = ov.Core().compile_model(f"{a.dir}/model.xml", "CPU", {
            "INFERENCE_PRECISION_HINT": kind, "INFERENCE_NUM_THREADS": a.threads, "NUM_STREAMS": 1})
        request = model.create_infer_request()
        return lambda: request.infer([x])[1]
    return load


def onnxruntime_way(a, x):
    import onnxruntime
    o = onnxruntime.SessionOptions()
    o.intra_op_num_threads = a.threads
    session = onnxruntime.InferenceSession(f"{a.dir}/model.onnx", o, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: x})[1]


def ck_way(precision):
    def command(a, out):
        return [f"{os.environ['CK_BENCH']}/peers_ck", f"{a.dir}/model.safetensors", str(a.size), str(a.threads), precision,
                str(a.frames), f"{a.dir}/input", out]
    return command


WAYS = {  # name: (operand type, how to load it)
    "ck f32": ("f32", ck_way("f32")),
    "PyTorch f32": ("f32", torch_way("f32")),
    "PyTorch compiled f32": ("f32", torch_way("compiled")),
    "OpenVINO f32": ("f32", openvino_way("f32")),
    "ONNX Runtime f32": ("f32", onnxruntime_way),
    "ck bf16": ("bf16", ck_way("bf16")),
    "OpenVINO bf16": ("bf16", openvino_way("bf16")),
    "PyTorch bf16": ("bf16", torch_way("bf16")),
}


def one(a):
    """Time one way; print what peers_ck prints."""
    x = np.fromfile(f"{a.dir}/input", np.float32).reshape(1, 4, a.size, a.size)
    run = WAYS[a.one][1](a, x)
    run()
    wall, cpu = [], []
    for _ in range(a.frames):
        start, used = ms_of(time.CLOCK_MONOTONIC), ms_of(time.CLOCK_PROCESS_CPUTIME_ID)
        finals = run()
        wall.append(ms_of(time.CLOCK_MONOTONIC) - start)
        cpu.append(ms_of(time.CLOCK_PROCESS_CPUTIME_ID) - used)
    finals.astype(np.float32).tofile(a.out)
    with open("/proc/self/status") as f:
        kib = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
    print(json.dumps({"ms": wall, "cpu": cpu, "peak_mb": kib * 1.024e-3}))


def export(a):
    """twin.py's network as model.onnx and as OpenVINO's model.xml, with outputs delta and finals; its finals in float64.
    What no way of --only reads is left out."""
    import torch
    from twin import build

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoders, self.refiner = build(f"{a.dir}/model.safetensors")

        def forward(self, x):
            return self.refiner(x[:, :3], self.decoders(self.encoder(x)))

    families = {n.split()[0] for n in chosen(a)}
    with torch.no_grad():
        if families & {"ONNX", "OpenVINO"}:
            program = torch.export.export(Whole().eval(), (torch.zeros(1, 4, a.size, a.size),))
        if "ONNX" in families:
            torch.onnx.export(program, f=f"{a.dir}/model.onnx")
        if "OpenVINO" in families:
            import openvino as ov
            ov.save_model(ov.convert_model(program), f"{a.dir}/model.xml", compress_to_fp16=False)
        if a.size > EXACT_UP_TO:
            return print(json.dumps({}))
        torch.set_num_threads(a.threads)
        x = torch.from_numpy(np.fromfile(f"{a.dir}/input", np.float32).reshape(1, 4, a.size, a.size)).double()
        Whole().eval().double()(x)[1].float().numpy().tofile(f"{a.dir}/exact")
    print(json.dumps({}))


def rates(a):
    """Print GFLOP/s of the machine's matrix product at float32 and bfloat16: PyTorch's, that is oneDNN's."""
    import torch
    torch.set_num_threads(a.threads)
    n, result = 2048, {}
    for name, kind in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        x, y = (torch.randn(n, n).to(kind) for _ in "xy")
        torch.mm(x, y)
        ms = []
        for _ in range(9):
            start = ms_of(time.CLOCK_MONOTONIC)
            torch.mm(x, y)
            ms.append(ms_of(time.CLOCK_MONOTONIC) - start)
        result[name] = 2e-6 * n ** 3 / min(ms)  # a ceiling: other load must not lower it
    print(json.dumps(result))


# ---- the whole ----

def child(a, *words, keep=False):
    """Run this file in another process; the JSON of its last line."""
    command = [sys.executable, os.path.abspath(__file__), "--threads", str(a.threads), *words]
    return last_line(command, {**os.environ, **(KEEP if keep else {})})


def last_line(command, env=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True)
    if done.returncode:
        raise RuntimeError((done.returncode, (done.stderr.strip().splitlines() or ["no message"])[-1]))
    return json.loads(done.stdout.splitlines()[-1])


def chosen(a):
    return [n for n in WAYS if not a.only or any(w in n for w in a.only.split(","))]


def run_way(a, name):
    out = f"{a.dir}/{name}".replace(" ", "_")
    if name.startswith("ck"):
        result = last_line(WAYS[name][1](a, out))
    else:
        # torch.compile: what one round has compiled serves the next.
        os.environ.update(TORCHINDUCTOR_CACHE_DIR=f"{a.dir}/compiled", TMPDIR=a.dir)
        result = child(a, "--dir", a.dir, "--size", str(a.size), "--frames", str(a.frames), "--one", name,
                       "--out", out, keep=name.startswith("PyTorch"))
    return result, np.fromfile(out, np.float32)


def prepare(a):
    subprocess.run([f"{os.environ['CK_HELPERS']}/mkmodel", "--img-size", str(a.size), f"{a.dir}/model.safetensors"], check=True)
    (rgb,), (hint,) = planes(f"ck-synth -g {a.size}x{a.size} | ck-hint --method key", ("rgb", "hint"))
    x = (rgb.astype(np.float32) / 255 - MEAN[:, None, None]) / STD[:, None, None]
    np.concatenate([x, hint.reshape(1, a.size, a.size).astype(np.float32)]).tofile(f"{a.dir}/input")
    child(a, "--dir", a.dir, "--size", str(a.size), "--only", a.only, "--export")


def measure(a, names):
    """{name: (results of all rounds, finals)} and {name: reason} of those that cannot be measured."""
    results, finals, missing = {}, {}, {}
    for _ in range(a.rounds):
        for name in names:
            if name in missing:
                continue
            try:
                result, finals[name] = run_way(a, name)
                results.setdefault(name, []).append(result)
            except RuntimeError as e:
                status, missing[name] = e.args[0]
                if status != 3 and name != "PyTorch compiled f32":
                    raise
    return results, finals, missing


def median_of(rounds, what):
    return statistics.median(v for r in rounds for v in r[what])


def ratio(rounds, base, what):
    """Median over the rounds of the quotient within each round."""
    pairs = zip(rounds, base)
    return f"{statistics.median(statistics.median(r[what]) / statistics.median(b[what]) for r, b in pairs):.2f}"


def report(a, results, finals, missing):
    """Print the table; names of the float32 ways that are off."""
    bad = []
    reference = np.fromfile(f"{a.dir}/exact", np.float32) if a.size <= EXACT_UP_TO else finals["ck f32"]
    print(f"\n## {a.size} x {a.size}\n")
    if a.size > EXACT_UP_TO:
        print("Errors are differences from ck f32: float64 takes more memory than such a machine has.\n")
    print("| way | ms | of ck's | CPU ms | of ck's | peak MB | largest error | mean error |")
    print("|---|---|---|---|---|---|---|---|")
    for name, rounds in results.items():
        base = results.get(f"ck {WAYS[name][0]}")
        error = np.abs(finals[name].astype(np.float64) - reference)
        if WAYS[name][0] == "f32" and not error.max() <= TOLERANCE[name.startswith("ck")]:
            bad.append(f"{name}: {error.max():.1e}")
        cells = [name]
        for what in ("ms", "cpu"):
            cells += [f"{median_of(rounds, what):.0f}", ratio(rounds, base, what) if base else ""]
        cells += [f"{max(r['peak_mb'] for r in rounds):.0f}", f"{error.max():.1e}", f"{error.mean():.1e}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    print()
    for name, why in missing.items():
        print(f"Not measured: {name}: {why}")
    print(f"Load average afterwards: {' '.join(open('/proc/loadavg').read().split()[:3])}.")
    if "ck f32" in results:
        print(f"The network as ck computes it: {results['ck f32'][0]['gflop']:.0f} GFLOP.")
    return bad


def heading(a):
    with open("/proc/cpuinfo") as f:
        lines = f.read().splitlines()
    cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    has = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("openvino", "onnxruntime", "torch", "numpy"))
    print(f"Machine: {cpu} ({', '.join(has)}), {os.cpu_count()} cores, Linux {platform.release()}.")
    print(f"Versions: Python {platform.python_version()}, {versions}.")
    print(f"Command: make bench-peers PEERS=\"{' '.join(sys.argv[1:])}\", {time.strftime('%Y-%m-%d', time.gmtime())}.")
    print(f"Load average before: {' '.join(open('/proc/loadavg').read().split()[:3])}.\n")
    print(f"{a.threads} threads; medians of {a.rounds} rounds of {a.frames} frames, after one frame that does not count.  Errors of")
    print(f"alpha and foreground are against float64 up to {EXACT_UP_TO}; at f32 ck must be within {TOLERANCE[True]:.0e}, the others within {TOLERANCE[False]:.0e}.  Ratios are")
    print("to ck with the same operand type, medians over the rounds.  PyTorch runs with memory kept by malloc.")
    r = child(a, "--rates")
    print(f"Matrix products of 2048^3 (oneDNN in PyTorch), the best of nine: {r['f32']:.0f} GFLOP/s at f32, {r['bf16']:.0f} at bf16.",
          flush=True)


def whole(a):
    names, sizes = chosen(a), [int(s) for s in a.sizes.split(",")]
    if max(sizes) > EXACT_UP_TO and "ck f32" not in names:
        sys.exit(f"peers.py: sizes beyond {EXACT_UP_TO} are compared with ck f32: let --only choose it")
    bad = []
    heading(a)
    tmp = tempfile.gettempdir()
    for a.size in sizes:
        with tempfile.TemporaryDirectory(dir=tmp) as a.dir:
            prepare(a)
            bad += report(a, *measure(a, names))
    if bad:
        sys.exit(f"peers.py: f32 beyond the tolerance: {', '.join(bad)}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--sizes", default="512,1024")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--frames", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--only", default="", help="ways whose names contain one of these words")
    for name in ("--dir", "--one", "--out"):  # of the processes that this one starts
        p.add_argument(name, help=argparse.SUPPRESS)
    p.add_argument("--size", type=int, help=argparse.SUPPRESS)
    p.add_argument("--export", action="store_true", help=argparse.SUPPRESS)
    p.add_argument("--rates", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    find_programs()
    (one if a.one else export if a.export else rates if a.rates else whole)(a)


if __name__ == "__main__":
    main()
