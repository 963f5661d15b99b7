#!/bin/bash
# Networks not covered by goldens against greenformer_ref.py, the slow program that defines them: a frame of noise
# through checkpoints of other sizes and widths, on both devices.
. "$(dirname "$0")/../tap.sh"

tools=$(dirname "$goldens")/tools
if [ -z "$goldens" ] || [ ! -f "$tools/greenformer_ref.py" ] || ! python3 -c 'import numpy' 2>"$tmp/err"; then
    skip "against the numpy twin" "no greenformer_ref.py or no numpy"
    done_testing
fi

cat >"$tmp/twin.py" <<'EOF'
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np, greenformer_ref as g
model, frame, w, h, heads, stages = sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7]), sys.argv[7]
weights, _ = g.load_safetensors(model)
v = np.fromfile(frame, np.float32)
if sys.argv[8:]:  # a route: attention of the other tokens, which is added to them, is 0
    lo, hi = map(float, sys.argv[8].split(","))
    plain = g.attention

    def attention(n, w, p, heads, pool, unit):
        o = plain(n, w, p, heads, pool, unit)
        if unit:
            return o
        a, b = o.shape[:2]
        m = x[3].astype(np.float64).reshape(a, x.shape[1] // a, b, x.shape[2] // b).mean((1, 3))
        attends = ((m > lo) | (lo <= 0)) & ((m < hi) | (hi >= 1))
        print(f"# {attends.mean():.2f} of {a}x{b} tokens attend")
        return o * attends[..., None]
    g.attention = attention
x, rest = v[:4 * h * w].reshape(4, h, w), v[4 * h * w:]
logits, out = rest[:h * w // 4].reshape(4, h // 4, w // 4), rest[h * w // 4:].reshape(4, h, w)
o = g.forward(x, weights, tuple(map(int, stages.split(","))), heads)
d = np.abs(np.concatenate([o["alpha_logits"], o["fg_logits"]]) - logits).max()
e = np.abs(np.concatenate([o["alpha_final"], o["fg_final"]]) - out).max()
print(f"# {frame.split('/')[-1]}: logits {d:.1e}, finals {e:.1e}")
sys.exit(not (d <= 1e-4 and e <= 2e-5))
EOF

against() { # NAME WIDTHxHEIGHT HEADS STAGES mkmodel-options...
    local name=$1 size=$2 heads=$3 stages=$4 device
    shift 4
    "$helpers/mkmodel" "$@" --heads "$heads" --stages "$stages" "$tmp/m.safetensors"
    for device in cpu ref; do
        ok "$name at $size, $device runs" "$helpers/netrun" $device both "$tmp/m.safetensors" "$size" "$tmp/$device" $route
        python3 "$tmp/twin.py" "$tools" "$tmp/m.safetensors" "$tmp/$device" "${size%x*}" "${size#*x}" "$heads" "$stages" $route \
            >"$tmp/said" 2>&1
        report $? "$name at $size, $device: as the twin, logits 1e-4, finals 2e-5"
        grep '^#' "$tmp/said" | uniq
    done
}

route=
against "tiny" 384x384 1 1,2,7,2 --arch tiny --img-size 384 --seed 2
against "tiny, resized" 96x160 1 1,2,7,2 --arch tiny --img-size 384 --seed 4
against "other widths" 192x128 1 1,2,3,1 --embed 24 --img-size 192 --decoder-width 40 --refiner-width 24 --seed 3
against "two heads, a narrow refiner" 128x128 2 2,1,1,2 --embed 32 --img-size 128 --decoder-width 64 --refiner-width 16
for route in 0.01,0.06 0,0.03 0.9,1; do
    against "routed by $route" 192x128 1 1,2,3,2 --embed 24 --img-size 192 --decoder-width 40 --refiner-width 24 --seed 3
    against "routed by $route, resized" 96x160 1 1,2,7,2 --arch tiny --img-size 384 --seed 4
done
route=
against "as wide as a large one" 64x64 4 1,1,1,1 --embed 256 --img-size 64 --decoder-width 300 --refiner-width 72
done_testing
