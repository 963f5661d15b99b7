#!/usr/bin/env python3
"""Train the small model on drawn pictures, for as many minutes as given.

  train.py --minutes 180 ../models/ck-small.safetensors

continues from MODEL where that is, and writes it anew every few minutes: it can be stopped at any time.  A line every
three minutes says how far it is: 1e3 times the mean error, by cells of 4 x 4 pixels, of hints and of results on drawings
kept apart, for good hints and for bad ones.
"""
import argparse, math, os, time
import cv2
import torch
import torch.nn.functional as F
import data
from model import GreenFormer, load, matte, save

CHECK_SEED, CHECK_BATCHES, CHECK_EVERY = 1, 8, 180  # the last in seconds
SAVE_EVERY = 180  # seconds
EMA = 0.998
FG_EVERY = 4  # steps: with --unmix the colour comes from the plate
GOOD = 0.02  # mean error of a hint that is one


class Drawings(torch.utils.data.IterableDataset):
    def __init__(self, seed, *how):
        self.seed, self.how = seed, how

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        seed = self.seed + data.RNG_STEP * (info.id if info else 0)
        cv2.setNumThreads(1)
        for batch in data.batches(seed, *self.how):
            yield tuple(torch.from_numpy(t) for t in batch)


def losses(logits, truth):
    """Of logits and truth by cells of 4 x 4 pixels; truth: alpha, the foreground's colour, weight, key.  The cross entropy
    pulls where a wrong hint was believed, which the error's own slope, through the sigmoid, hardly does there."""
    alpha, weight, a = truth[:, :1], truth[:, 4:5], matte(logits[:, :1], truth[:, 5:])
    far = weight * (1 + 2 * ((alpha > 0.01) & (alpha < 0.99)))  # edges are few and are what counts
    error, regions = weight * (a - alpha), 0
    for size in (4, 16):
        regions = regions + F.avg_pool2d(error, size).abs().mean()
    out = {"alpha": (far * (a - alpha).abs()).mean(), "regions": regions,
           "entropy": 0.3 * F.binary_cross_entropy_with_logits(logits[:, :1], alpha, weight)}
    if logits.shape[1] > 1:
        out["fg"] = (weight * alpha * (torch.sigmoid(logits[:, 1:]) - truth[:, 1:4].clamp(0, 1)).abs()).mean()
    return out


@torch.no_grad()
def check(model, batches, stages):
    """Mean errors of alpha by cells in 1e-3: the hint's, the result's; those of frames with a good hint, then of others."""
    model.eval()
    sums = torch.zeros(2, 3, dtype=torch.float64)
    for x, truth in batches:
        hint, alpha, w, key = x[:, 3:], truth[:, :1], truth[:, 4:5], truth[:, 5:]
        results = F.avg_pool2d(hint, 4), matte(model(x[:, :3], hint, stages, False), key)
        for k in range(len(x)):
            e = [(w[k] * (t[k] - alpha[k]).abs()).sum().item() for t in results]
            sums[int(e[0] > GOOD * w[k].sum().item())] += torch.tensor([*e, w[k].sum().item()])
    model.train()
    return [1e3 * (s[i] / s[2].clamp_min(1)).item() for s in sums for i in (0, 1)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("model")
    ap.add_argument("--minutes", type=float, required=True)
    ap.add_argument("--seed", type=int, default=int(time.time()), help="of the drawings; default: the clock's")
    ap.add_argument("--crop", type=int, default=256)
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--rate", type=float, default=2e-3, help="learning rate; falls to nothing at the end")
    ap.add_argument("--part", type=int, help="only so many pixels a side of each crop, a multiple of 64: for the first "
                    "stage alone, which looks no further")
    ap.add_argument("--stages", type=int, default=4, help="how many of the encoder's stages are trained, 4; a new model's "
                    "coarser ones add nothing until they are")
    ap.add_argument("--workers", type=int, default=1, help="processes that draw")
    ap.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    for name, value in (("embed", 32), ("decoder", 48)):
        ap.add_argument("--" + name, type=int, default=value, help=f"width of a new model, {value}")
    o = ap.parse_args()
    if o.crop % 64 or (o.part and (o.part % 64 or o.part > o.crop)):
        ap.error("--crop and --part are multiples of 64, a part no larger than a crop")
    torch.manual_seed(o.seed)
    if os.path.exists(o.model):
        model, about = load(o.model)
    else:
        model, about = GreenFormer(o.embed, decoder=o.decoder), {"minutes": "0", "steps": "0"}
    dev = torch.device(o.device)
    model = model.to(dev, memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        model, avg_fn=lambda kept, new, n: torch.lerp(kept, new, max(1 - EMA, 9 / (10 + n.item()))))
    held = data.batches(CHECK_SEED, o.crop, 8, start=8 * CHECK_BATCHES)
    held = [tuple(torch.from_numpy(t).to(dev) for t in next(held)) for _ in range(CHECK_BATCHES)]
    trained = [p for k, p in model.named_parameters() if not k.startswith("refiner.")]
    opt = torch.optim.AdamW(trained, lr=o.rate, betas=(0.9, 0.98), weight_decay=0.02, fused=True)
    shots = iter(torch.utils.data.DataLoader(Drawings(o.seed + 2, o.crop, o.batch, o.part), batch_size=None,
                                             num_workers=o.workers, prefetch_factor=4, multiprocessing_context="spawn"))
    start = told = saved = time.time()
    step, sums = 0, {}
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
        x, truth = (t.to(dev) for t in next(shots))
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(dev.type, torch.bfloat16, enabled=dev.type == "cuda"):
            logits = model(x[:, :3], x[:, 3:], o.stages, step % FG_EVERY == 0)
        parts = losses(logits.float(), truth)
        opt.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        model.keep_hint_path()
        mean.update_parameters(model)
        step += 1
        for k, v in parts.items():
            total, n = sums.get(k, (0, 0))
            sums[k] = total + v.item(), n + 1
        if now - told > CHECK_EVERY:
            print(f"{(now - start) / 60:6.1f} min, step {step}, rate {rate:.2e}, kept apart: good hints %.2f -> %.2f, bad ones "
                  "%.2f -> %.2f; losses" % tuple(check(mean.module, held, o.stages)),
                  *(f"{k} {v / n:.4f}" for k, (v, n) in sums.items()), flush=True)
            told, sums = time.time(), {}
        if now - saved > SAVE_EVERY:
            keep()
            saved = time.time()
    keep()


if __name__ == "__main__":
    main()
