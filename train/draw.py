"""Pictures drawn from random numbers: textures, shapes with soft and hairy edges, screens.

Pictures are float32 (n, n, channels), colours linear light unless a name says srgb, masks are coverage (n, n).
Nothing here looks like anything in particular: the point is that no edge, colour or density is rare.
"""
import cv2
import numpy as np

FINE = 4  # masks of lines are drawn this much larger, then averaged


def srgb(x):
    x = np.maximum(x, 0)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


def linear(x):
    x = np.maximum(x, 0)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def log_uniform(r, low, high):
    return float(np.exp(r.uniform(np.log(low), np.log(high))))


def noise(r, n, cells, channels=1):
    """Smooth noise with about CELLS features across, mean 0, deviation about 1."""
    c = max(2, int(round(cells)) + 3)
    small = r.standard_normal((c, c, channels)).astype(np.float32)
    big = cv2.resize(small, (n + 2 * n // c, n + 2 * n // c), interpolation=cv2.INTER_CUBIC)
    y, x = r.integers(0, 2 * n // c + 1, 2)
    return big[y:y + n, x:x + n].reshape(n, n, channels)


def fractal(r, n, cells, octaves=4, channels=1, fall=0.55):
    return sum(fall ** k * noise(r, n, min(cells * 2 ** k, n / 2), channels) for k in range(octaves))


def greenish(r):
    """What a keyer confuses with a screen: dull green, olive, teal, cyan, lime, yellow."""
    v, other = r.uniform(0.15, 0.98), [r.uniform(0.4, 1.0), r.uniform(0.02, 1.0)][:: int(r.choice([1, -1]))]
    return np.array([v * other[0], v, v * other[1]])


def colour(r, green=None):
    """One colour of a thing, sRGB; green: True all the screen's kind of hue, False none of it, None any."""
    while green is not True:
        c = any_colour(r)
        if green is None or c[1] < 0.06 + max(c[0], c[2]):
            return c
    return greenish(r)


def any_colour(r):
    """Any, and more often what is common: skin, hair, cloth, greys, whites, screens' own."""
    kind = r.integers(0, 9)
    if kind < 2:  # warm browns from very dark to very light
        v = r.uniform(0.08, 0.97)
        return np.clip([v, v * r.uniform(0.62, 0.9), v * r.uniform(0.4, 0.85)], 0, 1)
    if kind < 4:  # greys, blacks and whites, a little tinted
        return np.clip(log_uniform(r, 0.02, 1.05) + r.normal(0, 0.02, 3), 0, 1)
    if kind == 4:
        c = greenish(r)
        return c[r.permutation(3)] if r.random() < 0.3 else c
    if kind == 5:  # blues
        v = r.uniform(0.15, 0.95)
        return np.array([v * r.uniform(0.1, 0.9), v * r.uniform(0.2, 0.95), v])
    return r.random(3)


def pattern(r, n):
    """What varies over a surface, about 0 and 1 in size, (n, n, 1)."""
    kind, cells = r.integers(0, 6), log_uniform(r, 1, n / 5)
    if kind == 0:
        t = np.zeros((n, n, 1), np.float32)
    elif kind == 1:
        t = fractal(r, n, cells)
    elif kind == 2:  # stripes, bent
        a, b = r.normal(size=2)
        y, x = np.mgrid[0:n, 0:n].astype(np.float32) / n
        t = np.sin(cells * 6 * (a * x + b * y) + r.uniform(0, 2) * noise(r, n, 3)[..., 0])[..., None]
        t = np.sign(t) * np.abs(t) ** r.uniform(0.1, 1)
    elif kind == 3:  # checks or patches
        c = int(cells) + 2
        t = cv2.resize(r.standard_normal((c, c)).astype(np.float32), (n, n), interpolation=cv2.INTER_NEAREST)[..., None]
    elif kind == 4:  # fine grain, as of wool
        t = noise(r, n, n / log_uniform(r, 1.2, 4)) * r.uniform(0.2, 0.8)
    else:
        t = np.tanh(2 * fractal(r, n, cells, 3))
    return t


def texture(r, n, green=None):
    """A surface, linear (n, n, 3); green: see colour()."""
    t = pattern(r, n)
    a, b = colour(r, green), colour(r, green)
    if r.random() < 0.65:
        b = np.clip(a * r.uniform(0.4, 1.6) + r.normal(0, 0.04, 3), 0, 1)
    k = np.clip(0.5 + 0.4 * t, 0, 1)
    c = linear(a * (1 - k) + b * k)
    light = np.clip(1 + r.uniform(0, 0.45) * noise(r, n, r.uniform(1, 5)), 0.1, 2)  # shading of folds and forms
    return np.clip(c * light, 0, 1.2).astype(np.float32)


def shrink(mask):
    n = mask.shape[0] // FINE
    return cv2.resize(mask, (n, n), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def canvas(n):
    return np.zeros((n * FINE, n * FINE), np.uint8)


def points(p):
    return (np.asarray(p) * FINE * 16).astype(np.int32).reshape(-1, 1, 2)


def from_field(f, width):
    """Coverage of f > 0 with an edge about WIDTH pixels wide."""
    gy, gx = np.gradient(f)
    slope = cv2.blur(np.sqrt(gx * gx + gy * gy), (5, 5)) + 1e-4
    t = np.clip(0.5 + f / (slope * width), 0, 1)
    return t * t * (3 - 2 * t)


def blob(r, n):
    cells = log_uniform(r, 0.6, 6)
    f = fractal(r, n, cells, int(r.integers(1, 5)), fall=r.uniform(0.2, 0.6))[..., 0] + r.uniform(-0.9, 0.9)
    return from_field(f, log_uniform(r, 0.7, 5))


def polygon(r, n):
    k = int(r.integers(3, 12))
    angle = np.sort(r.uniform(0, 2 * np.pi, k))
    radius = r.uniform(0.3, 1, k) * n * log_uniform(r, 0.1, 0.9)
    p = r.uniform(0, n, 2) + np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None]
    if r.random() < 0.7:  # corners cut twice: a smooth outline
        for _ in range(3):
            q = np.roll(p, -1, 0)
            p = np.stack([0.75 * p + 0.25 * q, 0.25 * p + 0.75 * q], 1).reshape(-1, 2)
    m = canvas(n)
    cv2.fillPoly(m, [points(p)], 255, cv2.LINE_AA, 4)
    return shrink(m)


def path(r, n, start, angle, length, bend, steps=12):
    """A curve: each step turns a little, smoothly."""
    turn = bend * (r.normal() + r.normal() * np.linspace(-1, 1, steps))
    a = angle + np.cumsum(turn) / steps
    d = np.stack([np.cos(a), np.sin(a)], 1) * length / steps
    return np.concatenate([[start], start + np.cumsum(d, 0)])


def limbs(r, n):
    """One or several fingers, arms, sticks, cables."""
    m, width, base = canvas(n), log_uniform(r, 1, n / 5), r.uniform(-0.1, 1.1, 2) * n
    angle, bend = r.uniform(0, 2 * np.pi), log_uniform(r, 0.05, 3)
    for i in range(int(r.integers(1, 6))):
        side = np.array([-np.sin(angle), np.cos(angle)]) * width * r.uniform(0.9, 1.6) * i
        p = path(r, n, base + side, angle + r.normal(0, 0.1), r.uniform(0.2, 1.3) * n, bend)
        for k in range(len(p) - 1):
            w = width * (1 - r.uniform(0, 0.05) * k)
            cv2.line(m, *(tuple(int(v) for v in q[0]) for q in points(p[k:k + 2])), 255, max(1, int(w * FINE)), cv2.LINE_AA, 4)
    return shrink(m)


def strands(r, n, body=None):
    """Hair: curves from 1/8 to 3 pixels wide that leave a point, a line, or the edge of BODY."""
    m = canvas(n)
    count, length = int(log_uniform(r, 8, 350)), log_uniform(r, 0.04, 0.7) * n
    bend, spread, heading = log_uniform(r, 0.05, 4), log_uniform(r, 0.03, 1.5), r.uniform(0, 2 * np.pi)
    thick, common = log_uniform(r, 1, 2.6 * FINE), r.random() < 0.5
    if body is not None:
        gy, gx = np.gradient(cv2.GaussianBlur(body, (0, 0), 3))
        ys, xs = np.nonzero((body > 0.3) & (body < 0.98))
        if len(ys) < 8:
            ys, xs = r.integers(0, n, (2, 50))
    a, b = r.uniform(-0.1, 1.1, (2, 2)) * n
    for _ in range(count):
        if body is None:
            start, angle = a + (b - a) * r.random() * (r.random() < 0.9), heading + r.normal(0, spread)
        else:
            i = r.integers(0, len(ys))
            start = np.array([xs[i], ys[i]], float) + 0.5
            angle = np.arctan2(-gy[ys[i], xs[i]], -gx[ys[i], xs[i]]) + r.normal(0, spread) if not common else \
                heading + r.normal(0, spread)
        p = path(r, n, start, angle, length * r.uniform(0.3, 1.2), bend, 8)
        cv2.polylines(m, [points(p)], False, int(r.uniform(90, 255)), max(1, int(thick * r.uniform(0.4, 1.1))), cv2.LINE_AA, 4)
    c = shrink(m)
    return np.clip(c * (r.uniform(0.5, 1) if thick < 2 else 1), 0, 1)


def letters(r, n):
    m = canvas(n)
    text = "".join(chr(int(c)) for c in r.integers(33, 126, int(r.integers(1, 9))))
    size = log_uniform(r, 0.4, 6)
    cv2.putText(m, text, tuple(int(v) for v in r.uniform(0, 0.8, 2) * n * FINE), int(r.integers(0, 8)), size * FINE / 2, 255,
                max(1, int(size * FINE * r.uniform(0.4, 2))), cv2.LINE_AA)
    return shrink(m)


def net(r, n):
    """Lace, fences, baskets: crossing lines with gaps between."""
    m, step, angle = canvas(n), log_uniform(r, 4, n / 4), r.uniform(0, np.pi)
    width = max(1, int(step * r.uniform(0.05, 0.45) * FINE))
    for a in (angle, angle + r.uniform(0.6, 2.2)):
        d, s = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
        for k in np.arange(-n, n, step):
            p = points([n / 2 + s * k - 2 * n * d, n / 2 + s * k + 2 * n * d])
            cv2.polylines(m, [p], False, 255, width, cv2.LINE_AA, 4)
    return shrink(m) * (1 if r.random() < 0.3 else blob(r, n))


def veil(r, n):
    """Smoke, glass, tulle: never opaque; clouds, folds, weaves of it."""
    edge = cv2.GaussianBlur(blob(r, n) if r.random() < 0.6 else polygon(r, n), (0, 0), log_uniform(r, 0.4, n / 12))
    return edge * np.clip(r.uniform(0.08, 0.75) * (1 + r.uniform(0, 0.8) * np.clip(pattern(r, n)[..., 0], -2, 2)), 0, 0.95)


def veil_colour(r, n):
    """Bright, even and of any tint, as what one sees through mostly is: linear (n, n, 3)."""
    c = r.uniform(0.6, 1) * (1 - log_uniform(r, 0.02, 0.5) * r.random(3))
    return np.clip(linear(c) * (1 + 0.08 * noise(r, n, 2)), 0, 1.2).astype(np.float32)


def blur(picture, r, n):
    """Defocus or motion over premultiplied colour and coverage."""
    kind = r.random()
    if kind < 0.5:
        return picture
    size = int(log_uniform(r, 2, n / 10))
    k = np.zeros((size | 1, size | 1), np.uint8)
    c = size // 2
    if kind < 0.75:
        cv2.circle(k, (c, c), c, 1, -1)
    else:
        a = r.uniform(0, np.pi)
        d = np.array([np.cos(a), np.sin(a)]) * c
        cv2.line(k, tuple(int(v) for v in np.rint(c - d)), tuple(int(v) for v in np.rint(c + d)), 1, 1)
    k = k.astype(np.float32)
    return cv2.filter2D(picture, -1, k / k.sum(), borderType=cv2.BORDER_REPLICATE)


def layer(r, n, green):
    """One thing: premultiplied linear colour and coverage, (n, n, 4)."""
    kind = r.random()
    if kind < 0.55:
        m = blob(r, n) if r.random() < 0.5 else polygon(r, n)
        if r.random() < 0.4:
            m = cv2.GaussianBlur(m, (0, 0), log_uniform(r, 0.4, 4))
        if r.random() < 0.15:  # holes
            m = m * (1 - polygon(r, n))
        if r.random() < 0.4:  # fur or a hairline of its own
            h = strands(r, n, m)
            m = m + h * (1 - m)
    elif kind < 0.67:
        m = limbs(r, n)
    elif kind < 0.78:
        m = strands(r, n)
    elif kind < 0.88:
        m = veil(r, n)
        if r.random() < 0.85:
            return blur(np.concatenate([veil_colour(r, n) * m[..., None], m[..., None]], -1), r, n)
    elif kind < 0.93:
        m = net(r, n)
    else:
        m = letters(r, n)
    picture = np.concatenate([texture(r, n, green) * m[..., None], m[..., None]], -1).astype(np.float32)
    return blur(picture, r, n)


def over(top, below):
    return top + below * (1 - top[..., 3:])


def foreground(r, n, green):
    """Things over things: straight linear colour (n, n, 3), coverage (n, n)."""
    p = np.zeros((n, n, 4), np.float32)
    for _ in range(int(r.choice([1, 2, 3, 4], p=[0.45, 0.3, 0.15, 0.1]))):
        p = over(layer(r, n, green), p)
    if r.random() < 0.3:  # what keyers find hardest, in front or behind
        m = veil(r, n) * (blob(r, n) if r.random() < 0.5 else 1)
        v = blur(np.concatenate([veil_colour(r, n) * m[..., None], m[..., None]], -1).astype(np.float32), r, n)
        p = over(v, p) if r.random() < 0.5 else over(p, v)
    if r.random() < 0.03:
        p[:] = 0  # an empty screen
    a = np.clip(p[..., 3], 0, 1)
    fg = p[..., :3] / np.maximum(a, 1e-4)[..., None]
    return np.clip(fg, 0, 1.2), a


def screen(r, n):
    """A green screen, linear (n, n, 3), and where it is (n, n): elsewhere is the room around it."""
    main, clean = log_uniform(r, 0.3, 0.98), r.random() < 0.85
    weak, other = main * r.uniform(0.03, 0.4 if clean else 0.55), main * r.uniform(0.05, 0.5 if clean else 0.7)
    c = np.array([weak, main, other])
    p = np.ones((n, n, 1), np.float32)
    p = p * np.clip(1 + r.uniform(0, 0.35) * noise(r, n, r.uniform(0.3, 2)), 0.25, 2)  # lamps
    if r.random() < 0.5:  # wrinkles and seams
        f = fractal(r, n, log_uniform(r, 1, 12), 2)
        p = p * (1 - r.uniform(0.03, 0.4) * np.exp(-(f / r.uniform(0.05, 0.5)) ** 2))
    if r.random() < 0.3:  # a shadow
        p = p * (1 - r.uniform(0.2, 0.7) * cv2.GaussianBlur(blob(r, n), (0, 0), log_uniform(r, 1, n / 10))[..., None])
    p = p * linear(c) * np.exp(r.uniform(0, 0.15) * noise(r, n, r.uniform(0.5, 8), 3))  # worn, dyed unevenly
    if r.random() < 0.45:  # marks
        m = net(r, n) * (polygon(r, n) > 0.5) if r.random() < 0.05 else np.zeros((n, n), np.float32)
        for _ in range(int(r.integers(1, 7))):
            d = canvas(n)
            at = r.uniform(0, n, 2)
            cv2.drawMarker(d, tuple(int(v) for v in at * FINE), 255, int(r.choice([0, 1, 3, 5])), int(log_uniform(r, 3, n / 6) * FINE),
                           int(log_uniform(r, 1, 7) * FINE), cv2.LINE_AA)
            m = np.maximum(m, shrink(d))
        ink = p * r.uniform(0.3, 1.5) if r.random() < 0.85 else linear(colour(r))
        p = p * (1 - m[..., None]) + ink * m[..., None]
    there = np.ones((n, n), np.float32)
    if r.random() < 0.06:
        there = polygon(r, n) if r.random() < 0.3 else from_field(noise(r, n, 0.5)[..., 0] + r.uniform(0, 1), 2)
        p = p * there[..., None] + texture(r, n) * (1 - there[..., None])
    return p.astype(np.float32), there
