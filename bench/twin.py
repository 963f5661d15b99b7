#!/usr/bin/env python3
"""GreenFormer (MODEL.md) in PyTorch, as one would write it there: what the CUDA backend's times are compared with.

    twin.py check CHECKPOINT GOLDEN        largest errors on the golden's tensors; status 1 if finals are off by 2e-5
    twin.py bench CHECKPOINT SIZE [--compile] [--frames N]        median milliseconds of a frame's parts
    twin.py first CHECKPOINT SIZE          one frame and no more: what time the whole process takes
    twin.py errors GOLDEN PREFIX [TYPE IDEAL_LARGEST IDEAL_MEAN]...
                                           finals' errors against the golden, ours and PyTorch's, and what the bars say

CHECKPOINT is a .safetensors or .pth file (torch.load, weights_only), PREFIX what tests/helpers/goldrun wrote for each
TYPE (tf32, f16, bf16).  `bench` and `first` run fp16 autocast, channels_last and scaled_dot_product_attention's fastest
kernel; with --compile each part goes through torch.compile max-autotune.  --device cpu is for tests of this file.
"""
import argparse
import json
import statistics
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

HEADS = {96: 1, 112: 2, 144: 2, 256: 4}


def safetensors(path):
    with open(path, "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        head, data = json.loads(f.read(n)), f.read()
    types = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": np.uint16, "U8": np.uint8, "U16": np.uint16,
             "I64": np.int64}
    meta = head.pop("__metadata__", {})
    tensors = {k: np.frombuffer(data[slice(*v["data_offsets"])], types[v["dtype"]]).reshape(v["shape"])
               for k, v in head.items() if v["dtype"] in types}
    for k, v in tensors.items():
        if head[k]["dtype"] == "BF16":
            tensors[k] = (v.astype(np.uint32) << 16).view(np.float32)
    return tensors, meta


def pth(path):
    """The float tensors of a .pth, read by PyTorch alone, and what else its dict has."""
    root = torch.load(path, map_location="cpu", weights_only=True)
    found = [k for k in ("state_dict", "model_state_dict", "model")
             if isinstance(root.get(k), dict) and any(isinstance(t, torch.Tensor) for t in root[k].values())]
    tensors = root[found[0]] if found else root
    return {k: t.detach().double().numpy() for k, t in tensors.items() if isinstance(t, torch.Tensor)}, root


def checkpoint(path):
    """Tensors without the prefixes of wrappers, and metadata."""
    with open(path, "rb") as f:
        tensors, meta = pth(path) if f.read(4) == b"PK\3\4" else safetensors(path)
    for prefix in ("_orig_mod.", "module.", "model.") * 3:
        tensors = {k[len(prefix):] if k.startswith(prefix) else k: v for k, v in tensors.items()}
    return tensors, meta


class Weights:
    """The tensors of a checkpoint under a prefix, as layers."""

    def __init__(self, tensors, prefix=""):
        self.tensors, self.prefix = tensors, prefix

    def under(self, name):
        return Weights(self.tensors, f"{self.prefix}{name}.")

    def has(self, name):
        return self.prefix + name in self.tensors

    def get(self, name):
        return torch.from_numpy(self.tensors[self.prefix + name].astype(np.float32).copy())

    def fill(self, layer):
        names = {n for n, _ in layer.named_parameters()} | {n for n, _ in layer.named_buffers()}
        layer.load_state_dict({n: self.get(n) for n in names if self.has(n)}, strict=False)
        return layer

    def linear(self, name):
        w = self.under(name)
        out, inner = w.get("weight").shape
        return w.fill(nn.Linear(inner, out))

    def layer_norm(self, name):
        w = self.under(name)
        return w.fill(nn.LayerNorm(w.get("weight").shape[0], eps=1e-6))

    def conv(self, name, **how):
        w = self.under(name)
        out, inner, k, _ = w.get("weight").shape
        return w.fill(nn.Conv2d(inner, out, k, bias=w.has("bias"), **how))

    def group_norm(self, name):
        w = self.under(name)
        return w.fill(nn.GroupNorm(8, w.get("weight").shape[0]))


def halve(x):  # [1, h, w, c]
    return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def windows(x, side, heads):
    """[1, h, w, c] to [windows, heads, tokens, width]; side 0 is the whole map."""
    _, h, w, c = x.shape
    a, b = (side, side) if side else (h, w)
    x = x.reshape(h // a, a, w // b, b, heads, c // heads)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(-1, heads, a * b, c // heads)


def unwindows(x, h, w, side):
    a, b = (side, side) if side else (h, w)
    heads, width = x.shape[1], x.shape[3]
    x = x.reshape(h // a, w // b, heads, a, b, width).permute(0, 3, 1, 4, 2, 5)
    return x.reshape(1, h, w, heads * width)


class Block(nn.Module):
    def __init__(self, w, heads, window, pool):
        super().__init__()
        self.heads, self.window, self.pool = heads, window, pool
        self.norm1, self.norm2 = w.layer_norm("norm1"), w.layer_norm("norm2")
        self.qkv, self.out = w.linear("attn.qkv"), w.linear("attn.proj")
        self.fc1, self.fc2 = w.linear("mlp.fc1"), w.linear("mlp.fc2")
        self.proj = w.linear("proj") if w.has("proj.weight") else None

    def attention(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        if self.pool:
            q = halve(q)
        side = self.window // 2 if self.pool else self.window
        o = F.scaled_dot_product_attention(windows(q, side, self.heads), windows(k, self.window, self.heads),
                                           windows(v, self.window, self.heads))
        return self.out(unwindows(o, q.shape[1], q.shape[2], side))

    def forward(self, t):
        n = self.norm1(t)
        if self.proj is not None:
            t = self.proj(n)
        if self.pool:
            t = halve(t)
        t = t + self.attention(n)
        return t + self.fc2(F.gelu(self.fc1(self.norm2(t))))


class Encoder(nn.Module):
    def __init__(self, w, heads):
        super().__init__()
        self.patch = w.conv("patch_embed.proj", stride=4, padding=3)
        self.register_buffer("pos", w.get("pos_embed"))
        self.blocks, self.ends, stage, i = nn.ModuleList(), [], 0, 0
        while w.has(f"blocks.{i}.norm1.weight"):
            b = w.under(f"blocks.{i}")
            first = b.has("proj.weight")
            if first:
                self.ends.append(i - 1)
                stage += 1
            window = 8 >> (stage - first) if stage < 2 or (stage == 2 and first) else 0
            self.blocks.append(Block(b, heads << stage, window, first))
            i += 1
        self.ends.append(i - 1)

    def forward(self, x):
        t = self.patch(x).permute(0, 2, 3, 1)
        _, h, w, c = t.shape
        side = int(round(self.pos.shape[1] ** 0.5))
        pos = self.pos.reshape(1, side, side, c)
        if (h, w) != (side, side):
            pos = F.interpolate(pos.permute(0, 3, 1, 2), (h, w), mode="bicubic").permute(0, 2, 3, 1)
        t, maps = t + pos, []
        for i, b in enumerate(self.blocks):
            t = b(t)
            if i in self.ends:
                maps.append(t)
        return maps


class Decoder(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.levels = nn.ModuleList(w.linear(f"linear_c{k}.proj") for k in (1, 2, 3, 4))
        self.fuse, self.classifier = w.conv("linear_fuse"), w.conv("classifier")
        self.bn = w.under("bn").fill(nn.BatchNorm2d(self.fuse.out_channels))

    def forward(self, maps):
        size = maps[0].shape[1:3]
        parts = [F.interpolate(level(m).permute(0, 3, 1, 2), size, mode="bilinear")
                 for level, m in zip(self.levels, maps)]
        return self.classifier(F.relu(self.bn(self.fuse(torch.cat(parts[::-1], 1)))))


class Decoders(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.alpha, self.fg = Decoder(w.under("alpha_decoder")), Decoder(w.under("fg_decoder"))

    def forward(self, maps):
        return torch.cat([self.alpha(maps), self.fg(maps)], 1)


class Refiner(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.stem, self.stem_norm = w.conv("stem.0", padding=1), w.group_norm("stem.1")
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for k in range(1, 5):
            for i in (1, 2):
                d = 1 << (k - 1)
                self.convs.append(w.conv(f"res{k}.conv{i}", padding=d, dilation=d))
                self.norms.append(w.group_norm(f"res{k}.gn{i}"))
        self.final = w.conv("final")

    def forward(self, rgb, logits):
        up = F.interpolate(logits.float(), rgb.shape[2:], mode="bilinear")
        x = F.relu(self.stem_norm(self.stem(torch.cat([rgb, up.sigmoid()], 1))))
        for i in range(0, 8, 2):
            y = F.relu(self.norms[i](self.convs[i](x)))
            x = F.relu(x + self.norms[i + 1](self.convs[i + 1](y)))
        delta = self.final(x).float() * 10
        return delta, (up + delta).sigmoid()


def build(path):
    tensors, meta = checkpoint(path)
    w = Weights(tensors)
    heads = int(meta["num_heads"]) if "num_heads" in meta else HEADS[tensors["encoder.model.pos_embed"].shape[2]]
    parts = Encoder(w.under("encoder.model"), heads), Decoders(w), Refiner(w.under("refiner"))
    return [p.eval() for p in parts]


def check(args):
    encoder, decoders, refiner = build(args.checkpoint)
    golden, _ = safetensors(args.golden)
    x = torch.from_numpy(golden["input"].copy())[None]
    with torch.no_grad():
        maps = encoder(x)
        logits = decoders(maps)
        delta, final = refiner(x[:, :3], logits)
    have = {"alpha_logits": logits[0, :1], "fg_logits": logits[0, 1:], "delta_logits": delta[0],
            "alpha_final": final[0, :1], "fg_final": final[0, 1:]}
    bad = False
    for name, value in have.items():
        if name in golden:
            error = float(np.abs(value.numpy() - golden[name].astype(np.float32)).max())
            print(f"{name}: {error:.1e}")
            bad = bad or (name.endswith("final") and not error <= 2e-5)
    return bad


def on_cpu(part, frames):
    ms = []
    for _ in range(frames):
        start = time.perf_counter()
        result = part()
        ms.append((time.perf_counter() - start) * 1e3)
    return result, statistics.median(ms)


def timed(part, frames, device):
    """Result and median milliseconds of `frames` runs, after three warm-up runs."""
    if device == "cpu":
        return on_cpu(part, frames)
    ms = []
    for i in range(frames + 3):
        torch.compiler.cudagraph_mark_step_begin()  # compiled parts may overwrite their earlier results
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        result = part()
        end.record()
        end.synchronize()
        if i >= 3:
            ms.append(start.elapsed_time(end))
    return result, statistics.median(ms)


def frame_of(size, device):
    x = torch.randn(1, 4, size, size, generator=torch.Generator().manual_seed(1)).to(device)
    return x.contiguous(memory_format=torch.channels_last)


def parts_on(checkpoint, device):
    return [p.to(device).to(memory_format=torch.channels_last) for p in build(checkpoint)]


def finish(device):
    if device != "cpu":
        torch.cuda.synchronize()


def bench(args):
    begin, device = time.monotonic(), args.device
    parts = parts_on(args.checkpoint, device)
    if args.compile:
        parts = [torch.compile(p, mode="max-autotune") for p in parts]
    encoder, decoders, refiner = parts
    x = frame_of(args.size, device)
    with torch.no_grad(), torch.autocast(device, torch.float16 if device != "cpu" else torch.bfloat16):
        refiner(x[:, :3], decoders(encoder(x)))
        finish(device)
        first = time.monotonic() - begin
        if device != "cpu":
            torch.cuda.reset_peak_memory_stats()
        _, ms_all = timed(lambda: refiner(x[:, :3], decoders(encoder(x))), args.frames, device)
        # Copies: results of max-autotune are in its graph's own memory, which the next run overwrites.
        maps, ms_encoder = timed(lambda: encoder(x), args.frames, device)
        maps = [m.clone() for m in maps]
        logits, ms_decoders = timed(lambda: decoders(maps), args.frames, device)
        logits = logits.clone()
        _, ms_refiner = timed(lambda: refiner(x[:, :3], logits), args.frames, device)
    name = "PyTorch, compiled" if args.compile else "PyTorch, eager"
    peak = f"{torch.cuda.max_memory_allocated() / 1e6:.0f}" if device != "cpu" else ""
    print(f"| {name} f16 | {args.size} | {ms_encoder:.2f} | {ms_decoders:.2f} | {ms_refiner:.2f} | {ms_all:.2f} | | "
          f"{peak} | | {first:.1f} |")
    return False


def first(args):
    encoder, decoders, refiner = parts_on(args.checkpoint, args.device)
    x = frame_of(args.size, args.device)
    with torch.no_grad(), torch.autocast(args.device, torch.float16 if args.device != "cpu" else torch.bfloat16):
        refiner(x[:, :3], decoders(encoder(x)))[1].float().cpu()
    return False


def finals_at(parts, x, kind, device):
    """PyTorch's finals [4, h, w] with operands of that type; float32 needs autocast and TF32 off."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = kind == "tf32"
    cast = {"f16": torch.float16, "bf16": torch.bfloat16}.get(kind)
    encoder, decoders, refiner = parts
    with torch.no_grad(), torch.autocast(device, cast or torch.float16, enabled=cast is not None):
        return refiner(x[:, :3], decoders(encoder(x)))[1][0].float().cpu().numpy()


def error_of(finals, golden):
    """Largest and mean error over the golden's alpha and foreground: whole, or every 8th pixel and a crop."""
    top, total, count = 0.0, 0.0, 0
    for name, part in (("alpha_final", finals[:1]), ("fg_final", finals[1:])):
        for form in ("", "_s8", "_crop"):
            if name + form not in golden:
                continue
            want = golden[name + form].astype(np.float64)
            have = part[:, ::8, ::8] if form == "_s8" else part
            if form == "_crop":
                y, x = ((n - m) // 2 for n, m in zip(part.shape[1:], want.shape[1:]))
                have = part[:, y:y + want.shape[1], x:x + want.shape[2]]
            d = np.abs(have - want)
            top, total, count = max(top, float(d.max()) if d.max() == d.max() else float("inf")), total + d.sum(), count + d.size
    return top, float(total) / count


def verdict(ours, theirs, ideal):
    """Compare with the bounds of the table's heading (MODEL.md)."""
    wrong = []
    if not ours[1] <= theirs[1]:
        wrong.append(f"mean {ours[1] / theirs[1]:.2f} x PyTorch's")
    if not ours[0] <= 1.2 * theirs[0]:
        wrong.append(f"largest {ours[0] / theirs[0]:.2f} x PyTorch's")
    if ideal and not (ours[0] <= 1.5 * ideal[0] and ours[1] <= 1.5 * ideal[1]):
        wrong.append("beyond 1.5 x ideal rounding")
    return ", ".join(wrong) or "kept"


def errors(args):
    golden, _ = safetensors(args.golden)
    size = {"alpha_final", "alpha_final_s8"} & set(golden)
    if not size or len(args.types) % 3:
        sys.exit("twin.py: a golden without finals, or types without their figures")
    parts = parts_on(f"{args.prefix}.safetensors", args.device)
    raw = np.fromfile(f"{args.prefix}.input", np.float32)
    side = golden["alpha_final"].shape[1:] if "alpha_final" in golden else [8 * n for n in golden["alpha_final_s8"].shape[1:]]
    x = torch.from_numpy(raw.reshape(1, 4, *side)).to(args.device).contiguous(memory_format=torch.channels_last)
    name = args.golden.split("/")[-1].split(".")[0]
    exact = error_of(finals_at(parts, x, "f32", args.device), golden)
    print(f"| {name} | f32 | | | {exact[0]:.1e} | {exact[1]:.1e} | | | |")
    for kind, top, mean in zip(*[iter(args.types)] * 3):
        ours = error_of(np.fromfile(f"{args.prefix}.{kind}", np.float32).reshape(4, *side), golden)
        theirs = error_of(finals_at(parts, x, kind, args.device), golden)
        ideal = None if top == "-" else (float(top), float(mean))
        print(f"| {name} | {kind} | {ours[0]:.2e} | {ours[1]:.2e} | {theirs[0]:.2e} | {theirs[1]:.2e} | "
              f"{top} | {mean} | {verdict(ours, theirs, ideal)} |")
    return False


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(required=True)
    c = sub.add_parser("check")
    c.add_argument("checkpoint")
    c.add_argument("golden")
    c.set_defaults(run=check)
    b = sub.add_parser("bench")
    b.add_argument("checkpoint")
    b.add_argument("size", type=int)
    b.add_argument("--compile", action="store_true")
    b.add_argument("--frames", type=int, default=20)
    b.set_defaults(run=bench)
    f = sub.add_parser("first")
    f.add_argument("checkpoint")
    f.add_argument("size", type=int)
    f.set_defaults(run=first)
    e = sub.add_parser("errors")
    e.add_argument("golden")
    e.add_argument("prefix")
    e.add_argument("types", nargs="*")
    e.set_defaults(run=errors)
    for command in (b, f, e):
        command.add_argument("--device", default="cuda")
    args = p.parse_args()
    return 1 if args.run(args) else 0


if __name__ == "__main__":
    sys.exit(main())
