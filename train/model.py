"""GreenFormer in PyTorch with free widths, and its checkpoints.

../MODEL.md describes the network; the names and shapes here are those of its table, so that ck-infer and
ck-refine run what is saved.  Two of its parts are held still: the position embedding is zero, so that the
model works at every size, and BatchNorm is the identity plus its weight and bias, so that nothing depends on
the batch.
"""
import json, os, struct
import torch
import torch.nn.functional as F
from torch import nn

KNOTS = (1 / 256, 0.02, 0.06, 0.15, 0.3, 0.5, 0.7, 0.85, 0.94, 0.98, 255 / 256)  # of the hint, where its logit bends
# To run it: `ck key` reads that.
HOW = "--method=key --with-key --size=1024 --blue-as-green --blend-key=0.9 --scale=0 --detail --correct=0.01 --unmix"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Attention(nn.Module):
    def __init__(self, din, dout, heads, pool, unit):
        super().__init__()
        self.heads, self.pool, self.unit = heads, pool, unit
        self.qkv, self.proj = nn.Linear(din, 3 * dout), nn.Linear(dout, dout)

    def split(self, x, unit):
        """(n, h, w, d) -> (windows, heads, tokens, d / heads); unit 0 is one window."""
        n, h, w, d = x.shape
        uy, ux = (unit, unit) if unit else (h, w)
        x = x.reshape(n, h // uy, uy, w // ux, ux, self.heads, d // self.heads)
        return x.permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, self.heads, uy * ux, d // self.heads)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        q = pool2(q) if self.pool else q
        n, h, w, d = q.shape
        unit = self.unit // 2 if self.pool else self.unit
        o = F.scaled_dot_product_attention(self.split(q, unit), self.split(k, self.unit), self.split(v, self.unit))
        uy, ux = (unit, unit) if unit else (h, w)
        o = o.reshape(n, h // uy, w // ux, self.heads, uy, ux, d // self.heads)
        return self.proj(o.permute(0, 1, 4, 2, 5, 3, 6).reshape(n, h, w, d))


def pool2(x):
    return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


class Block(nn.Module):
    def __init__(self, din, dout, heads, pool, unit):
        super().__init__()
        self.pool = pool
        self.norm1, self.norm2 = nn.LayerNorm(din, eps=1e-6), nn.LayerNorm(dout, eps=1e-6)
        self.attn = Attention(din, dout, heads, pool, unit)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dout, 4 * dout), "fc2": nn.Linear(4 * dout, dout)})
        if din != dout:
            self.proj = nn.Linear(din, dout)

    def forward(self, t):
        n = self.norm1(t)
        if self.pool:
            t = pool2(self.proj(n))
        t = t + self.attn(n)
        return t + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(t))))


class Encoder(nn.Module):
    def __init__(self, embed, stages, heads, grid):
        super().__init__()
        self.grid = grid
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(4, embed, 7, 4, 3)})
        self.blocks, self.ends = nn.ModuleList(), []
        for s, depth in enumerate(stages):
            for b in range(depth):
                pool = s > 0 and b == 0
                windowed = s < 2 or (s == 2 and b == 0)
                self.blocks.append(Block(embed << (s - pool), embed << s, heads << s, pool,
                                         8 >> (s - pool) if windowed else 0))
            self.ends.append(len(self.blocks) - 1)

    def forward(self, x, stages):
        """The maps of the first STAGES stages, (n, h, w, c) each."""
        t, maps = self.patch_embed["proj"](x).permute(0, 2, 3, 1), []
        for i, block in enumerate(self.blocks[:self.ends[stages - 1] + 1]):
            t = block(t)
            if i in self.ends:
                maps.append(t)
        return maps


class Decoder(nn.Module):
    """The linear layers commute with the enlarging, so they are applied at each map's own size."""

    def __init__(self, embed, width, out):
        super().__init__()
        for k in range(1, 5):
            self.add_module(f"linear_c{k}", nn.ModuleDict({"proj": nn.Linear(embed << (k - 1), width)}))
        self.linear_fuse = nn.Conv2d(4 * width, width, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.classifier = nn.Conv2d(width, out, 1)

    def forward(self, maps):
        self.bn.eval()
        x = 0
        for i, k in enumerate((4, 3, 2, 1)):
            if k > len(maps):
                continue
            y = getattr(self, f"linear_c{k}")["proj"](maps[k - 1]).permute(0, 3, 1, 2)
            y = F.conv2d(y, self.linear_fuse.weight.chunk(4, 1)[i])
            x = x + (y if k == 1 else F.interpolate(y, scale_factor=1 << (k - 1), mode="bilinear"))
        return self.classifier(F.relu(self.bn(x)))


class Residual(nn.Module):
    def __init__(self, width, dilation):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.gn1, self.gn2 = nn.GroupNorm(8, width), nn.GroupNorm(8, width)

    def forward(self, x):
        y = F.relu(self.gn1(self.conv1(x)))
        return F.relu(self.gn2(self.conv2(y)) + x)


class Refiner(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(7, width, 3, padding=1), nn.GroupNorm(8, width))
        self.res1, self.res2, self.res3, self.res4 = (Residual(width, d) for d in (1, 2, 4, 8))
        self.final = nn.Conv2d(width, 4, 1)
        nn.init.zeros_(self.final.weight)
        nn.init.zeros_(self.final.bias)

    def forward(self, x):
        x = F.relu(self.stem(x))
        return 10 * self.final(self.res4(self.res3(self.res2(self.res1(x)))))


class GreenFormer(nn.Module):
    def __init__(self, embed=32, stages=(1, 1, 2, 1), heads=1, decoder=64, refiner=16, grid=256):
        super().__init__()
        self.heads = heads
        self.encoder = nn.ModuleDict({"model": Encoder(embed, stages, heads, grid)})
        self.alpha_decoder, self.fg_decoder = Decoder(embed, decoder, 1), Decoder(embed, decoder, 3)
        self.refiner = Refiner(refiner)
        for name, p in self.encoder.named_parameters():
            if p.dim() == 2:
                nn.init.trunc_normal_(p, std=p.shape[1] ** -0.5)
            elif name.endswith("bias"):
                nn.init.zeros_(p)
        self.pass_hint_on()

    def hint_path(self):
        """What carries the hint straight to the logits, as slices of parameters with their values: channel 0 of the
        first stage's tokens is its mean over 4x4 pixels, of which ReLUs make a polygon through its logit."""
        encoder, d, n = self.encoder["model"], self.alpha_decoder, len(KNOTS) - 1
        patch, knots = encoder.patch_embed["proj"], torch.tensor(KNOTS)
        slopes = torch.logit(knots).diff() / knots.diff()
        c1, fuse = d.linear_c1["proj"], d.linear_fuse.weight
        mean, lone, own = torch.zeros(4, 7, 7), torch.zeros(n, c1.in_features), torch.zeros(n, *fuse.shape[1:])
        mean[3, 3:, 3:], lone[:, 0] = 1 / 16, 1
        own[range(n), range(3 * fuse.shape[0], 3 * fuse.shape[0] + n)] = 1  # the first map's channels come last
        ends = [end for k in range(encoder.ends[0] + 1)
                for end in (encoder.blocks[k].attn.proj, encoder.blocks[k].mlp["fc2"])]
        return [(patch.weight, 0, mean), (patch.bias, 0, 0), (c1.weight, slice(n), lone), (c1.bias, slice(n), -knots[:-1]),
                (fuse, slice(n), own), (d.bn.weight, slice(n), 1), (d.bn.bias, slice(n), 0),
                (d.classifier.weight, (0, slice(n), 0, 0), torch.cat([slopes[:1], slopes.diff()])),
                *((p, 0, 0) for end in ends for p in (end.weight, end.bias))]

    @torch.no_grad()
    def keep_hint_path(self):
        """It is not trained: what the rest learns is what to add to it."""
        for p, where, value in self.kept:
            p[where] = value

    @torch.no_grad()
    def pass_hint_on(self):
        """Begin as the network whose matte is the hint, the coarser maps with nothing to add."""
        for d in (self.alpha_decoder, self.fg_decoder):
            d.linear_fuse.weight[:, :3 * d.linear_fuse.out_channels].zero_()
        for block in self.encoder["model"].blocks:
            for last in (block.attn.proj, block.mlp["fc2"]):
                last.weight.mul_(0.1)
        self.alpha_decoder.classifier.weight.mul_(0.1)
        self.alpha_decoder.classifier.bias.fill_(torch.logit(torch.tensor(KNOTS[0])))
        self.kept = self.hint_path()
        self.keep_hint_path()

    def forward(self, rgb, hint, stages=4, with_fg=True):
        """rgb (n, 3, h, w) from 0 to 1, hint (n, 1, h, w) -> logits (n, 4, h/4, w/4), or alpha's alone, by the
        first stages' maps.  What the foreground's decoder learns stays in it: the encoder works for the matte."""
        rgb = (rgb - rgb.new_tensor(MEAN).view(3, 1, 1)) / rgb.new_tensor(STD).view(3, 1, 1)
        maps = self.encoder["model"](torch.cat([rgb, hint], 1), stages)
        alpha = self.alpha_decoder(maps)
        return torch.cat([alpha, self.fg_decoder([m.detach() for m in maps])], 1) if with_fg else alpha


def matte(logit, key):
    """What ck-refine --scale 0 --detail makes of logits and of the key, both (n, 1, h/4, w/4): the coarse matte, and what
    the key shows beyond its own coarse rendition where the two agree.  (Of what is finer than that nothing remains.)"""
    coarse, seen = torch.sigmoid(logit), key.clamp(KNOTS[0], KNOTS[-1])
    agree = (1.5 - 2 * (coarse - seen).abs()).clamp(0, 1)
    return (coarse + agree * (key - seen)).clamp(0, 1)


def save(model, path, about):
    """Write a float16 .safetensors in place of PATH at once; about: more metadata, of strings."""
    tensors = {k: v for k, v in model.state_dict().items() if v.is_floating_point()}
    encoder = model.encoder["model"]
    embed = encoder.patch_embed["proj"].out_channels
    tensors["encoder.model.pos_embed"] = torch.zeros(1, encoder.grid ** 2, embed)
    head, data, at = {"__metadata__": {**about, "num_heads": str(model.heads), "ck_key": HOW}}, [], 0
    for k, v in tensors.items():
        raw = v.detach().cpu().to(torch.float16).contiguous().numpy().tobytes()
        head[k] = {"dtype": "F16", "shape": list(v.shape), "data_offsets": [at, at + len(raw)]}
        data.append(raw)
        at += len(raw)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".new", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data))
    os.replace(path + ".new", path)


def load(path):
    """The model in a file that save() wrote, and its metadata."""
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    about = head.pop("__metadata__")
    state = {k: torch.frombuffer(data[slice(*v["data_offsets"])], dtype=torch.float16).reshape(v["shape"]).float()
             for k, v in head.items()}
    grid = round(state.pop("encoder.model.pos_embed").shape[1] ** 0.5)
    blocks = 1 + max(int(k.split(".")[3]) for k in state if ".blocks." in k)
    starts = [0] + [i for i in range(blocks) if f"encoder.model.blocks.{i}.proj.weight" in state] + [blocks]
    model = GreenFormer(embed=state["encoder.model.patch_embed.proj.weight"].shape[0],
                        stages=[b - a for a, b in zip(starts, starts[1:])], heads=int(about["num_heads"]), grid=grid,
                        decoder=state["alpha_decoder.linear_fuse.weight"].shape[0],
                        refiner=state["refiner.stem.0.weight"].shape[0])
    model.load_state_dict(state, strict=False)  # what is not there: counters of batches
    return model, about
