"""Training pairs without end: plates with their matte, their straight foreground and a hint.

sample() draws one, batches() goes on drawing them.
"""
import itertools
import cv2
import numpy as np
import draw
from draw import linear, log_uniform, srgb
from keyhint import hint_key

RNG_STEP = 7919  # between the seeds of workers
VIEWS = 3  # of one drawing
START, POOL = 96, 4000  # views at first, and at most: 0.7 MB each
FRESH_EVERY = 3  # a new view every so many batches
STRIDE = 4  # pixels of the picture to a logit
SPOILT = 0.45  # of the hints
BLEND_KEY = 0.9  # what the network gets as its hint is so much of the key's matte (ck-infer --blend-key)


def spill(r, fg, alpha, ground, n):
    """Light of the screen on things: everywhere a little, more near their edges.  Truth stays without it."""
    amount = r.uniform(0, 0.25) * (r.random() < 0.75)
    near = cv2.GaussianBlur(1 - alpha, (0, 0), log_uniform(r, 1, n / 8))[..., None]
    return fg + amount * ground * (r.uniform(0, 0.7) + r.uniform(0, 1) * near)


def chroma(r, u8):
    """Colour kept at half the size, as video does."""
    ycc = cv2.cvtColor(u8, cv2.COLOR_RGB2YCrCb)
    h, w = u8.shape[:2]
    size = (w // 2, h // 2) if r.random() < 0.6 else (w // 2, h)
    for c in (1, 2):
        small = cv2.resize(ycc[..., c], size, interpolation=cv2.INTER_AREA)
        ycc[..., c] = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB)


def camera(r, lin):
    """What a camera and its file make of linear light: float32 sRGB."""
    x = srgb(lin)
    if r.random() < 0.15:  # sharpened in the camera
        x = x + r.uniform(0.2, 1) * (x - cv2.GaussianBlur(x, (0, 0), r.uniform(0.6, 1.5)))
    sigma = log_uniform(r, 0.0005, 0.02)
    grain = r.normal(0, sigma, x.shape).astype(np.float32)
    if r.random() < 0.4:
        grain = cv2.GaussianBlur(grain, (0, 0), r.uniform(0.4, 1.0)) * 1.6
    x = x + grain
    u8 = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
    kind = r.random()
    if kind < 0.3:
        u8 = chroma(r, u8)
    elif kind < 0.6:
        quality = int(r.uniform(45, 97))
        u8 = cv2.imdecode(cv2.imencode(".jpg", u8[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)[..., ::-1]
    elif kind < 0.7:
        return np.clip(x, 0, 1)
    return (u8 / np.float32(255)).astype(np.float32)


def hint_hsv(plate, cells):
    """ck-hint's recipe (MODEL.md), on a plate that may be shrunk already: eroded and blurred by CELLS of its 7 and 21."""
    hsv = cv2.cvtColor(np.rint(plate * 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    m = 255 - cv2.inRange(hsv, (35, 40, 30), (85, 255, 255))
    e, b = max(1, int(7 * cells) | 1), max(1, int(21 * cells) | 1)
    m = cv2.erode(m, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (e, e)))
    return cv2.GaussianBlur(m, (b, b), 0, borderType=cv2.BORDER_REFLECT_101).astype(np.float32) / 255


def hint_true(r, alpha, n):
    """The matte as someone would sketch it: cut hard, eroded, sometimes grown, shifted, blurred."""
    m = (alpha > r.uniform(0.05, 0.9)).astype(np.float32) if r.random() < 0.8 else alpha
    e = int(log_uniform(r, 1, n / 14)) | 1
    k = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (e, e))
    m = cv2.dilate(m, k) if r.random() < 0.2 else cv2.erode(m, k)
    if r.random() < 0.5:
        dy, dx = r.normal(0, n / 50, 2)
        m = cv2.warpAffine(m, np.float32([[1, 0, dx], [0, 1, dy]]), (n, n), borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(m, (0, 0), log_uniform(r, 0.3, n / 24))


def hint(r, plate, key, alpha, n):
    """A hint, and whether it knows what the plate does not show: what lies beyond the screen's end."""
    kind = r.random()
    if kind < 0.88:
        return key, False
    if kind < 0.94:
        return hint_hsv(plate, log_uniform(r, 0.3, 1.2)), False
    return np.clip(hint_true(r, alpha, n), 0, 1), True


def twin(r, fg, ground, n):
    """Parts of things in nearly the screen's colour: what a key still tells apart, and colours learned by heart do not."""
    c = ground.reshape(-1, 3).mean(0) * np.exp(r.normal(0, r.uniform(0.1, 0.5), 3))
    shade = fg.mean(-1, keepdims=True)
    m = draw.from_field(draw.noise(r, n, log_uniform(r, 0.5, 5))[..., 0] + r.uniform(-0.5, 1), log_uniform(r, 5, 500))
    part = np.clip(c * np.clip(shade / max(shade.mean(), 1e-3), 0.4, 2.0) ** r.uniform(0, 1), 0, 1)
    return (fg + m[..., None] * (part - fg)).astype(np.float32), m


def sample(r, n):
    """plate (n, n, 3) sRGB, hint (n, n), alpha (n, n), fg (n, n, 3) straight sRGB, weight (n, n), key (n, n), all float32;
    and whether the hint knows more than the plate shows."""
    green = [False, None, True][r.choice(3, p=[0.6, 0.34, 0.06])]  # mostly, things are not of the screen's colour
    fg, alpha = draw.foreground(r, n, green)
    while (alpha < 0.02).mean() < 0.2 and r.random() < 0.85:  # some of the screen is nearly always seen
        fg, alpha = draw.foreground(r, n, green)
    ground, there = draw.screen(r, n)
    alike = np.zeros_like(alpha)
    if r.random() < 0.15:
        fg, alike = twin(r, fg, ground, n)
    gain = log_uniform(r, 0.6, 1.6) * np.exp(r.normal(0, 0.03, 3)).astype(np.float32)
    fg, ground = np.clip(fg * gain, 0, 1), ground * gain
    a = alpha[..., None]
    lit = spill(r, fg, alpha, ground, n)
    plate = camera(r, lit * a + ground * (1 - a))
    key = hint_key(plate)
    if ((key > 0.7) & (alpha < 0.02) & (there > 0.999)).mean() > 0.01 and r.random() < 0.95:
        return sample(r, n)  # the keyer took a thing for the screen: where key says solid the network shall believe it
    h, knows = hint(r, plate, key, alpha, n)
    # Without a hint that knows, nobody can tell the room from the subject, nor a thing from the screen where the key
    # hardly finds it.
    lost = ((key < 0.3) & (alpha > 0.7)) | ((alike > 0) & (key < alpha - 0.15))
    known = ((there > 0.999) | (alpha > 0.999)) & ~lost
    weight = np.ones_like(alpha) if knows else known.astype(np.float32)
    return plate, h, alpha, srgb(fg), weight, key, knows


def seen_small(r, planes, n):
    """What the network gets of a larger frame: N x N of it, sides shrunk by factors of their own."""
    size = planes.shape[0]
    h, w = (min(size, int(n * r.uniform(1, size / n))) for _ in range(2))
    y, x = int(r.integers(0, size - h + 1)), int(r.integers(0, size - w + 1))
    part = np.ascontiguousarray(planes[y:y + h, x:x + w])
    part[..., 5:8] *= part[..., 4:5]  # colours count as far as they cover
    return np.concatenate([cv2.resize(part[..., c:c + 3], (n, n), interpolation=cv2.INTER_AREA) for c in (0, 3, 6)]
                          + [cv2.resize(part[..., 9:], (n, n), interpolation=cv2.INTER_AREA)[..., None]], -1)


def cells(planes):
    """What training needs of planes: rgb, hint and key at their size, (n, n, 5); of alpha, colour, weight and key the
    means over the 4 x 4 pixels of a logit, (n / 4, n / 4, 6): the colour is straight and its own weight is alpha's."""
    n = len(planes) // STRIDE
    m = planes[..., 4:].reshape(n, STRIDE, n, STRIDE, 6).mean((1, 3))
    m[..., 1:4] /= np.maximum(m[..., :1], 1e-3)
    return planes[..., [0, 1, 2, 3, 9]].astype(np.float16), m.astype(np.float16)


def spoil(r, hint):
    """Parts of a hint wrong: missing, invented or the wrong way round; now and then all of it."""
    n, how = len(hint), r.random()
    if how < 0.08:
        return np.full_like(hint, r.random() < 0.25)
    field = draw.noise(r, n, log_uniform(r, 0.7, 6))[..., 0]
    field = field - np.quantile(field, 1 - r.uniform(0.05, 0.6))
    m = np.clip(0.5 + field * log_uniform(r, 2, 500), 0, 1)
    return hint * (1 - m) + m * (0 if how < 0.25 else 1 if how < 0.4 else 1 - hint)


def batches(seed, crop, batch, part=None, start=START):
    """Batches without end: inputs (batch, 4, n, n) and truths (batch, 6, n / 4, n / 4), float32, n = PART or CROP:
    drawings twice as large, shrunk to CROP, turned, mirrored, mixed; of each only a PART, somewhere in it, if that is
    given.  They are taken from a pool that grows meanwhile."""
    r = np.random.default_rng(seed)
    pool, fresh = [], []
    for step in itertools.count():
        for _ in range(start if not pool else step % FRESH_EVERY == 0):  # a few at first, so that training can begin
            if not fresh:
                *planes, knows = sample(r, 2 * crop)
                planes = np.concatenate([np.atleast_3d(p) for p in planes], -1)
                fresh = [(*cells(seen_small(r, planes, crop)), knows) for _ in range(VIEWS)]
            pool = pool[-POOL + 1:] + [fresh.pop()]
        inputs, truths = [], []
        for i in r.integers(0, len(pool), batch):
            x, truth, knows = pool[i]
            if part:
                y0, x0 = r.integers(0, (crop - part) // STRIDE + 1, 2)
                truth = truth[y0:y0 + part // STRIDE, x0:x0 + part // STRIDE]
                y0, x0 = STRIDE * y0, STRIDE * x0
                x = x[y0:y0 + part, x0:x0 + part]
            x, turns, mirrored = x.astype(np.float32), int(r.integers(0, 4)), r.random() < 0.5
            if not knows and r.random() < SPOILT:
                x[..., 3] = spoil(r, x[..., 3])
            x[..., 3] += BLEND_KEY * (x[..., 4] - x[..., 3])
            for out, t in ((inputs, x[..., :4]), (truths, truth.astype(np.float32))):
                t = np.rot90(t, turns)
                out.append(t[:, ::-1] if mirrored else t)
        yield tuple(np.ascontiguousarray(np.stack(t).transpose(0, 3, 1, 2)) for t in (inputs, truths))
