#!/bin/bash
# ck-compare: against a second implementation in Python, by hand, and its refusals.
. "$(dirname "$0")/tap.sh"
make_stream() { "$helpers/mkstream" "$@"; }
figure() { ck-compare --json "$@" | perl -MJSON::PP -e 'local $/; my $d = decode_json(<STDIN>)->{mean}; print join " ", map { "$_=" . ($d->{$_} // "null") } qw(MAD MSE Grad Conn dtSSD PSNR SSIM FG)'; }

# Equal frames: no difference.
make_stream -n 2 -g 40x30 alpha:f32:1 fg:f32:3:srgb >"$tmp/a.ck"
is "a matte is itself" "$(figure "$tmp/a.ck" "$tmp/a.ck")" "MAD=0 MSE=0 Grad=0 Conn=0 dtSSD=0 PSNR=null SSIM=1 FG=0"
is "standard input" "$(figure - "$tmp/a.ck" <"$tmp/a.ck")" "MAD=0 MSE=0 Grad=0 Conn=0 dtSSD=0 PSNR=null SSIM=1 FG=0"
is "the table has a line a frame, a head and a mean" "$(ck-compare "$tmp/a.ck" "$tmp/a.ck" | wc -l)" 4

# By hand: a quarter of the picture differs by 1.
half() { # NAME COLUMNS: columns that are white, of 16 x 8
    printf 'P5\n16 8\n255\n' >"$tmp/$1.pgm"
    for ((y = 0; y < 8; y++)); do for ((x = 0; x < 16; x++)); do
        if [ $x -lt "$2" ]; then printf '\xff'; else printf '\0'; fi
    done; done >>"$tmp/$1.pgm"
}
half wide 8
half narrow 4
# MAD 1000/4, MSE the same, PSNR 10 log10 4.  Conn: the 32 pixels leave at the first threshold, level 0, phi 1 - 1 and
# 1.
is "stills, by hand" "$(figure "$tmp/wide.pgm" "$tmp/narrow.pgm" | sed 's/Grad=[^ ]* //; s/PSNR=6.0205999[0-9]*/PSNR=6.0206/; s/SSIM=[^ ]* //')" \
    "MAD=250 MSE=250 Conn=0.032 dtSSD=null PSNR=6.0206 FG=null"

# A colour picture is likely the wrong file.  Grey ones and cut-outs are not.
for at in 30,40,20 0,40,90; do # one pixel of a picture that is grey otherwise
    IFS=, read -r r g b <<<"$at"
    { printf 'P6\n16 8\n255\n'; head -c 381 /dev/zero; printf "\\$(printf %o "$r")\\$(printf %o "$g")\\$(printf %o "$b")"; } >"$tmp/rgb${at//,/-}.ppm"
done
ok "a faint colour" ck-compare "$tmp/rgb30-40-20.ppm" "$tmp/wide.pgm"
is "is not reported" "$(cat "$tmp/.err")" ""
ok "a colour picture is compared" ck-compare "$tmp/wide.pgm" "$tmp/rgb0-40-90.ppm"
is "and reported" "$(cat "$tmp/.err")" \
    "ck-compare: $tmp/rgb0-40-90.ppm: a colour picture: its luma is taken as the matte; name a grey picture, or one with alpha"

# Against numpy and scipy, to 1e-4 relative.
if python3 -c 'import numpy, scipy.ndimage' 2>"$tmp/err"; then
    ck-synth -g 160x96 -n 3 --seed 4 >"$tmp/truth.ck"
    ck-hint --method key <"$tmp/truth.ck" | ck-post --classical >"$tmp/key.ck"
    ck-compare --json "$tmp/truth.ck" "$tmp/key.ck" >"$tmp/ours.json"
    ck-info --npy "$tmp/npy" <"$tmp/key.ck"
    python3 - "$tmp" >"$tmp/said" 2>&1 <<'EOF'
import json, sys
import numpy as np, scipy.ndimage as nd
d = sys.argv[1]
ours = json.load(open(d + "/ours.json"))["frames"]
load = lambda name, i: np.clip(np.load(f"{d}/npy/{name}.{i:06d}.npy").astype(np.float64), 0, 1)

def kernels():
    x = np.arange(-4, 5); g = np.exp(-x**2 / (2 * 1.4**2)); dg = -x * g
    f = np.outer(g, dg); f /= np.sqrt((f**2).sum())
    return f, f.T

def grad(m):
    fx, fy = kernels()
    return np.hypot(nd.correlate(m, fx, mode="nearest"), nd.correlate(m, fy, mode="nearest"))

def conn(t, p):
    level = -np.ones_like(t)
    for k in range(1, 11):
        label, n = nd.label((t >= 0.1 * k) & (p >= 0.1 * k))
        keep = label == (1 + np.argmax(np.bincount(label.ravel())[1:])) if n else np.zeros(t.shape, bool)
        level[(level == -1) & ~keep] = 0.1 * (k - 1)
    level[level == -1] = 1
    phi = lambda v: 1 - (v - level) * ((v - level) >= 0.15)
    return np.abs(phi(t) - phi(p)).sum() / 1000

def ssim(t, p):
    x = np.arange(-5, 6); g = np.exp(-x**2 / 4.5); k = np.outer(g, g) / np.outer(g, g).sum()
    f = lambda v: nd.correlate(v, k)[5:-5, 5:-5]
    mt, mp = f(t), f(p); vt, vp, c = f(t * t) - mt**2, f(p * p) - mp**2, f(t * p) - mt * mp
    return ((2*mt*mp + 1e-4) * (2*c + 9e-4) / ((mt**2 + mp**2 + 1e-4) * (vt + vp + 9e-4))).mean()

worst = 0
for i, o in enumerate(ours):
    t, p = load("true_alpha", i)[0], load("alpha", i)[0]
    e = p - t
    want = {"MAD": 1e3 * abs(e).mean(), "MSE": 1e3 * (e**2).mean(), "Grad": ((grad(t) - grad(p))**2).sum() / 1e3,
            "Conn": conn(t, p), "PSNR": -10 * np.log10((e**2).mean()), "SSIM": ssim(t, p)}
    soft = (t > 0.05) & (t < 0.95)
    want["FG"] = 1e3 * abs(load("fg", i) - load("true_fg", i))[:, soft].mean()
    if i:
        want["dtSSD"] = 1e2 * np.sqrt(((e - last)**2).mean())
    last = e
    for name, v in want.items():
        worst = max(worst, abs(o[name] - v) / abs(v))
        print(f"# {i} {name} {o[name]:.6g} {v:.6g}")
print("# largest relative difference", worst)
sys.exit(not worst < 1e-4)
EOF
    report $? "as numpy and scipy have it, to 1e-4"
    tail -1 "$tmp/said"
else
    skip "against numpy and scipy" "no python3 with numpy and scipy"
fi

# Inputs that do not fit together.
make_stream -n 1 -g 40x30 alpha:f32:1 >"$tmp/short.ck"
make_stream -n 2 -g 41x30 alpha:f32:1 >"$tmp/wide.ck"
make_stream -n 2 -g 40x30 rgb:u8:3 >"$tmp/none.ck"
make_stream -n 2 -g 40x30 -e 1 alpha:f32:1 >"$tmp/error.ck"
make_stream -n 2 -g 40x30 -x 1 alpha:f32:1 >"$tmp/cut.ck"
fails 1 "short.ck has only 1 frames" "fewer frames" ck-compare "$tmp/a.ck" "$tmp/short.ck"
fails 1 "short.ck has only 1 frames" "on either side" ck-compare "$tmp/short.ck" "$tmp/a.ck"
fails 1 "frame 0: $tmp/a.ck is 40 x 30, but $tmp/wide.ck is 41 x 30" "another size" ck-compare "$tmp/a.ck" "$tmp/wide.ck"
fails 1 "none.ck: no matte found" "no matte" ck-compare "$tmp/a.ck" "$tmp/none.ck"
fails 1 "error.ck: frame 1002 failed: asked to fail" "an error frame" ck-compare "$tmp/a.ck" "$tmp/error.ck"
fails 1 "cut.ck: mkstream: the file ends after" "a stream that stops" ck-compare "$tmp/a.ck" "$tmp/cut.ck"
fails 1 "nothing.mov" "a file that is not there" ck-compare "$tmp/a.ck" "$tmp/nothing.mov"
is "once" "$(wc -l <"$tmp/.err")" 1
fails 1 "no plane 'beta'" "a plane that is not there" ck-compare --plane beta "$tmp/a.ck" "$tmp/a.ck"
fails 2 "two arguments are needed, TRUTH and RESULT, not 1" "one argument" ck-compare "$tmp/a.ck"
fails 2 "only one of" "standard input twice" ck-compare - -
fails 1 "cannot write to standard output" "a full disk" bash -c "ck-compare '$tmp/a.ck' '$tmp/a.ck' >/dev/full"
done_testing
