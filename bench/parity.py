#!/usr/bin/env python3
"""make parity MODEL=FILE: finals of ck beside those of PyTorch (twin.py) on a trained checkpoint, as Markdown.

    parity.py MODEL [--plate FILE [--hint FILE]] [--sizes 512,1024,2048] [--threads N]

PyTorch reads MODEL with its own reader; both get the same input tensor.  The reference is PyTorch on the CPU, in float64
up to size EXACT, with its refiner in bands of rows; above it in float32, which takes half the memory.  Without --plate the picture is one of ck-synth;
without --hint, the hint is that of ck-hint.  Exit status 1 if ck's float32 differs from float64 by more than TOLERANCE,
2 if nothing could be compared.  A reference in float32 is no judge: at 1024 PyTorch's was off by 1.4e-4 itself
(bench/results/parity.md).  Programs in $CK_BIN and $CK_BENCH.
"""
import argparse, copy, hashlib, os, pickle, platform, shlex, subprocess, sys, tempfile, time
import numpy as np
import torch
import torch.nn.functional as F
from common import find_programs, run, shell
from twin import build, finals_at

EXACT = 2048  # which takes 10.7 GB of memory
BAND = 64  # rows
TOLERANCE = 2e-5  # of finals, as against the goldens (MODEL.md)
WAYS = (("cpu", "f32"), ("cpu", "bf16"), ("cuda", "f32"), ("cuda", "f16"), ("cuda", "bf16"))


def cpu_name():
    with open("/proc/cpuinfo") as f:
        return next((line.split(": ")[1].strip() for line in f if line.startswith("model name")), platform.machine())


def load(a):
    """PyTorch's network, and how its weights were read.  What weights_only refuses is read by ck."""
    try:
        return build(a.model), "PyTorch"
    except pickle.UnpicklingError:
        run("ck-model", "convert", "--type", "f32", a.model, f"{a.dir}/model.safetensors")
        return build(f"{a.dir}/model.safetensors"), "ck-model convert, since torch.load(weights_only=True) refuses it"


def make_input(a, size):
    name = shlex.quote
    if not a.plate:
        source = f"ck-synth -g {size}x{size} | ck-hint"
    elif a.hint:
        source = f"ck-decode --hint {name(a.hint)} -- {name(a.plate)}"
    else:
        source = f"ck-decode -- {name(a.plate)} | ck-hint"
    shell(f"{source} 2>{a.dir}/said | {name(os.environ['CK_BENCH'])}/parity_ck input {size} {a.dir}/input || {{ cat {a.dir}/said >&2; exit 1; }}")
    return torch.from_numpy(np.fromfile(f"{a.dir}/input", np.float32).reshape(1, 4, size, size))


def ours(a, size, device, kind):
    """ck's finals [4, h, w] and milliseconds, or the reason why there are none."""
    done = subprocess.run([f"{os.environ['CK_BENCH']}/parity_ck", "run", a.model, str(size), device, kind, str(a.threads),
                           f"{a.dir}/input", f"{a.dir}/out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    return np.fromfile(f"{a.dir}/out", np.float32).reshape(4, size, size), int(done.stdout.split()[0])


def change(finals, exact):
    d = np.abs(finals.astype(np.float64) - exact)
    return d[0].max(), d[0].mean(), d[1:].max(), d[1:].mean()


def row(*cells):
    print("| " + " | ".join(f"{c:.1e}" if isinstance(c, float) else str(c) for c in cells) + " |", flush=True)


def milliseconds(start):
    return f"{(time.time() - start) * 1e3:.0f}"


def reference(parts, x, size):
    """PyTorch's finals in float64, and the type they were computed in."""
    kind, start = ("f64", time.time()) if size <= EXACT else ("f32", time.time())
    if kind == "f64":
        exact = finals_of(copy.deepcopy(parts), x.double())
    else:
        exact = finals_at(parts, x, "f32", "cpu")
    row(size, "PyTorch", "cpu", kind, *["reference"] * 4, milliseconds(start))
    return exact.astype(np.float64), kind


def in_bands(conv, x):
    """conv(x) in bands of rows: PyTorch's float64 convolution copies each input 9 times, 19 GB for a whole map at 2048."""
    (halo, across), h = conv.padding, x.shape[2]
    y = x.new_empty((1, conv.out_channels, *x.shape[2:]))
    for r in range(0, h, BAND):
        end = min(r + BAND, h)
        above, below = max(halo - r, 0), max(end + halo - h, 0)
        rows = F.pad(x[:, :, r - halo + above:end + halo - below], (0, 0, above, below))
        y[:, :, r:end] = F.conv2d(rows, conv.weight, conv.bias, padding=(0, across), dilation=conv.dilation)
    return y


def refined(refiner, rgb, logits):
    """The refiner's finals, as twin.Refiner computes them, with at most three maps in memory."""
    up = F.interpolate(logits, rgb.shape[2:], mode="bilinear")
    x = refiner.stem_norm(in_bands(refiner.stem, torch.cat([rgb, up.sigmoid()], 1))).relu_()
    for i in range(0, 8, 2):
        y = refiner.norms[i](in_bands(refiner.convs[i], x)).relu_()
        y = in_bands(refiner.convs[i + 1], y)
        x += refiner.norms[i + 1](y)
        x.relu_()
    return (up + in_bands(refiner.final, x) * 10).sigmoid()


def finals_of(parts, x):
    encoder, decoders, refiner = (p.double() for p in parts)
    with torch.no_grad():
        return refined(refiner, x[:, :3], decoders(encoder(x)))[0].numpy()


def one_size(a, parts, size):
    """Print the rows of a size.  Returns the float32 ways beyond the tolerance, how many were compared, and reasons."""
    x, bad, compared, missing = make_input(a, size), [], 0, []
    x = x.contiguous(memory_format=torch.channels_last)
    exact, base = reference(parts, x, size)
    for device, kind in WAYS:
        finals, ms = ours(a, size, device, kind)
        if finals is None:
            missing.append(f"{size}, {device}, {kind}: {ms}")
            continue
        compared += 1
        error = [float(v) for v in change(finals, exact)]
        row(size, "ck", device, kind, *error, ms)
        if (kind, base) == ("f32", "f64") and not max(error[0], error[2]) <= TOLERANCE:
            bad.append(f"{size}, {device}: {max(error[0], error[2]):.1e}, more than {TOLERANCE:.0e}")
        if (device, kind, base) != ("cpu", "f32", "f32"):
            theirs(parts, x, device, kind, size, exact)
    return bad, compared, missing


def theirs(parts, x, device, kind, size, exact):
    """PyTorch's own error on the same device with the same operands."""
    if device == "cuda" and not torch.cuda.is_available():
        return
    there = [copy.deepcopy(p).to(device) for p in parts]
    start = time.time()
    finals = finals_at(there, x.to(device), kind, device)
    row(size, "PyTorch", device, kind, *[float(v) for v in change(finals, exact)], milliseconds(start))


def heading(a, how):
    with open(a.model, "rb") as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
    cuda = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no CUDA in PyTorch"
    picture = (a.plate and os.path.basename(a.plate)) or "ck-synth"
    print(f"# Parity with PyTorch\n\nMachine: {cpu_name()}, {os.cpu_count()} cores, {cuda}, Linux {platform.release()}.")
    print(f"Versions: {run('ck', 'version').decode().strip()}, Python {platform.python_version()}, torch {torch.__version__}.")
    print(f"Model: {os.path.basename(a.model)}, {os.path.getsize(a.model)} bytes, SHA-256 {digest[:16]}, read by {how}.")
    print(f"Picture: {picture}, hint: {(a.hint and os.path.basename(a.hint)) or 'ck-hint'}.  {time.strftime('%Y-%m-%d', time.gmtime())}.\n")
    print("Differences of alpha and foreground from the reference, at inference size.\n")
    row("size", "", "device", "operands", "alpha max", "alpha mean", "fg max", "fg mean", "ms, first frame")
    row(*["---"] * 9)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--plate")
    p.add_argument("--hint")
    p.add_argument("--sizes", default="512,1024,2048")
    p.add_argument("--threads", type=int, default=0, help="of ck; 0: all cores")
    a = p.parse_args()
    find_programs()
    bad, missing, compared = [], [], 0
    with tempfile.TemporaryDirectory() as a.dir:
        parts, how = load(a)
        heading(a, how)
        for size in [int(s) for s in a.sizes.split(",")]:
            b, n, m = one_size(a, parts, size)
            bad, compared, missing = bad + b, compared + n, missing + m
    print()
    for why in missing:
        print(f"Not measured: {why}")
    if bad:
        print(f"\nck's f32 is off: {'; '.join(bad)}")
    sys.exit(2 if not compared else 1 if bad else 0)


if __name__ == "__main__":
    main()
