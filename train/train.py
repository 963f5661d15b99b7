#!/usr/bin/env python3
"""Train the small model on drawn pictures, for as many minutes as given.

  train.py --minutes 180 ../models/ck-small.safetensors

continues from MODEL where that is, and writes it anew every few minutes: it can be stopped at any time.  A line every
five minutes says how far it is: 1e3 times the mean error of hints and of results on drawings kept apart, for good hints
and for bad ones.
"""
import argparse, math, os, time
import cv2
import torch
import torch.nn.functional as F
import data
from model import GreenFormer, load, matte, save

CHECK_SEED, CHECK_BATCHES, CHECK_EVERY = 1, 6, 300  # the last in seconds
SAVE_EVERY = 180  # seconds
EMA = 0.998
GOOD = 0.02  # mean error of a hint that is one


class Drawings(torch.utils.data.IterableDataset):
    def __init__(self, seed, crop, batch):
        self.seed, self.crop, self.batch = seed, crop, batch

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        seed = self.seed + data.RNG_STEP * (info.id if info else 0)
        cv2.setNumThreads(1)
        for x in data.batches(seed, self.crop, self.batch):
            yield torch.from_numpy(x)


def pyramid_loss(x, y, w, levels=4):
    """Weighted L1 of the bands of a Laplacian pyramid: coarse bands count for the area that they stand for."""
    total = 0
    for k in range(levels):
        down_x, down_y, down_w = (F.avg_pool2d(t, 2) for t in (x, y, w))
        up = [F.interpolate(t, scale_factor=2, mode="bilinear") for t in (down_x, down_y)]
        total = total + 2 ** k * (w * ((x - up[0]) - (y - up[1])).abs()).mean()
        x, y, w = down_x, down_y, down_w
    return total


def losses(logits, hint, alpha, fg, weight):
    coarse, a = matte(logits[:, :1], hint)
    known = weight * (alpha > 0.02)  # the foreground's colour is nowhere else
    few, fg = F.avg_pool2d(known, 4), F.avg_pool2d(fg * known, 4)
    fg = fg / few.clamp_min(1e-3)
    far = weight * (1 + 2 * ((alpha > 0.01) & (alpha < 0.99)))  # edges are few and are what counts
    return {
        "alpha": (far * (a - alpha).abs()).mean(),
        "pyramid": 0.5 * pyramid_loss(a, alpha, weight),
        "coarse": 0.3 * (F.avg_pool2d(weight, 4) * (F.avg_pool2d(coarse, 4) - F.avg_pool2d(alpha, 4)).abs()).mean(),
        "fg": 0.2 * (few * (torch.sigmoid(logits[:, 1:]) - fg).abs()).mean(),
    }


def split(x):
    """A batch as the network's input and the truth: rgb, hint, alpha, fg, weight."""
    return x[:, :3], x[:, 3:4], x[:, 4:5], x[:, 5:8].clamp(0, 1), x[:, 8:9]


@torch.no_grad()
def check(model, batches):
    """Mean errors of alpha in 1e-3: the hint's, the result's; those of frames with a good hint, then of the others."""
    model.eval()
    sums = torch.zeros(2, 3, dtype=torch.float64)
    for x in batches:
        rgb, hint, alpha, _, w = split(x)
        out = matte(model(rgb, hint)[:, :1], hint)[1]
        for k in range(len(x)):
            e = [(w[k] * (t[k] - alpha[k]).abs()).sum().item() for t in (hint, out)]
            sums[int(e[0] > GOOD * w[k].sum().item())] += torch.tensor([*e, w[k].sum().item()])
    model.train()
    return [1e3 * (s[i] / s[2]).item() for s in sums for i in (0, 1)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("model")
    ap.add_argument("--minutes", type=float, required=True)
    ap.add_argument("--seed", type=int, default=int(time.time()), help="of the drawings; default: the clock's")
    ap.add_argument("--crop", type=int, default=256)
    ap.add_argument("--batch", type=int, default=8)
    ap.add_argument("--rate", type=float, default=2e-3, help="learning rate; falls to nothing at the end")
    ap.add_argument("--stages", type=int, default=4, help="how many of the encoder's stages are trained, 4; a new model's "
                    "coarser ones add nothing until they are")
    ap.add_argument("--workers", type=int, default=1, help="processes that draw")
    ap.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    for name, value in (("embed", 32), ("decoder", 48)):
        ap.add_argument("--" + name, type=int, default=value, help=f"width of a new model, {value}")
    o = ap.parse_args()
    torch.manual_seed(o.seed)
    if os.path.exists(o.model):
        model, about = load(o.model)
    else:
        model, about = GreenFormer(o.embed, decoder=o.decoder), {"minutes": "0", "steps": "0"}
    dev = torch.device(o.device)
    model = model.to(dev, memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        model, avg_fn=lambda kept, new, n: torch.lerp(kept, new, max(1 - EMA, 9 / (10 + n.item()))))
    held = data.batches(CHECK_SEED, o.crop, 8, reuse=1)
    held = [torch.from_numpy(next(held)).to(dev) for _ in range(CHECK_BATCHES)]
    opt = torch.optim.AdamW([p for k, p in model.named_parameters() if not k.startswith("refiner.")], lr=o.rate, betas=(0.9, 0.98), weight_decay=0.02, fused=True)
    shots = iter(torch.utils.data.DataLoader(Drawings(o.seed + 2, o.crop, o.batch), batch_size=None, num_workers=o.workers,
                                             prefetch_factor=4, multiprocessing_context="spawn"))
    start = told = saved = time.time()
    step, counted, sums = 0, 0, {}
    before = float(about["minutes"]), int(about["steps"])

    def keep():
        about.update(version="1", license="MIT", minutes=f"{before[0] + (time.time() - start) / 60:.1f}",
                     steps=str(before[1] + step), trained="train/train.py on drawings by train/draw.py")
        save(mean.module, o.model, about)

    while (now := time.time()) < start + 60 * o.minutes:
        part = (now - start) / (60 * o.minutes)
        rate = o.rate * min(1, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * part))
        for g in opt.param_groups:
            g["lr"] = rate
        x = next(shots).to(dev).contiguous(memory_format=torch.channels_last)
        rgb, hint, alpha, fg, w = split(x)
        with torch.autocast(dev.type, torch.bfloat16, enabled=dev.type == "cuda"):
            logits = model(rgb, hint, o.stages)
        parts = losses(logits.float(), hint, alpha, fg, w)
        opt.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        model.keep_hint_path()
        mean.update_parameters(model)
        step += 1
        for k, v in parts.items():
            sums[k] = sums.get(k, 0) + v.item()
        counted += 1
        if now - told > CHECK_EVERY:
            print(f"{(now - start) / 60:6.1f} min, step {step}, rate {rate:.2e}, kept apart: good hints %.2f -> %.2f, bad ones "
                  "%.2f -> %.2f; losses" % tuple(check(mean.module, held)),
                  *(f"{k} {v / counted:.4f}" for k, v in sums.items()), flush=True)
            told, counted, sums = time.time(), 0, {}
        if now - saved > SAVE_EVERY:
            keep()
            saved = time.time()
    keep()


if __name__ == "__main__":
    main()
