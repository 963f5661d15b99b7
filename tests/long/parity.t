#!/bin/bash
# make parity: its table on small checkpoints, a .safetensors and two that torch.save writes.  Needs PyTorch: that of
# build/peers-venv (make bench-peers), else python3's.
. "$(dirname "$0")/../tap.sh"
root=$here/..
python=$root/build/peers-venv/bin/python
"$python" -c 'import torch, numpy' 2>"$tmp/err" || python=python3
if ! "$python" -c 'import torch, numpy' 2>"$tmp/err"; then
    skip "parity with PyTorch" "no torch: make bench-peers installs it in build/peers-venv"
    done_testing
fi
"$helpers/mkmodel" --arch mini --img-size 128 --seed 2 "$tmp/m.safetensors"
"$helpers/mkmodel" --arch mini --img-size 128 --seed 3 "$tmp/other.safetensors"
cat >"$tmp/save.py" <<'P'
import argparse, sys
sys.path.insert(0, sys.argv[2] + "/bench")
import torch
from twin import safetensors
tensors, meta = safetensors(sys.argv[1] + "/m.safetensors")
weights = {"model." + k: torch.from_numpy(v.copy()).bfloat16() for k, v in tensors.items()}
torch.save({"state_dict": weights, "num_heads": int(meta["num_heads"])}, sys.argv[1] + "/m.pth")
torch.save({"state_dict": weights, "num_heads": int(meta["num_heads"]), "args": argparse.Namespace()}, sys.argv[1] + "/args.pth")
P
ok "checkpoints by torch.save" "$python" "$tmp/save.py" "$tmp" "$root"
ck-synth -g 200x120 | ck-encode --plane rgb=png "$tmp/shot" 2>"$tmp/err"
ck-decode "$tmp/shot/rgb" | ck-hint | ck-encode --plane hint=png "$tmp/shot" 2>"$tmp/err"
parity() {
    CK_BIN=$bin CK_BENCH=$root/build/bench "$python" "$root/bench/parity.py" --threads 2 "$@" 2>"$tmp/said"
}
rows() { awk -F'|' -v who="$1" '$3 ~ who { print $2 $4 $5 }' "$2" | tr -s ' ' | tr '\n' ','; }

parity --sizes 128,160 "$tmp/m.safetensors" >"$tmp/table"
is "a table of two sizes" $? 0
is "with ck's rows" "$(rows ck "$tmp/table" | grep -o '1[0-9]* cpu f32')" "128 cpu f32
160 cpu f32"
is "beside PyTorch's" "$(rows PyTorch "$tmp/table" | grep -o '1[0-9]* cpu f[0-9]*')" "128 cpu f64
128 cpu f32
160 cpu f64
160 cpu f32"
ok "and the reasons for those that are not there" grep -q '^Not measured: 128, cuda, f32: ' "$tmp/table"
parity --sizes 128 --plate "$tmp/shot/rgb/00000.png" --hint "$tmp/shot/hint/00000.png" "$tmp/m.pth" >"$tmp/table"
is "a .pth in bfloat16, which PyTorch reads itself, and a picture" "$? $(grep -c 'm.pth.*read by PyTorch' "$tmp/table")" "0 1"
is "the picture is named" "$(grep -c '^Picture: 00000.png, hint: 00000.png' "$tmp/table")" 1
parity --sizes 128 --plate "$tmp/shot/rgb/00000.png" "$tmp/args.pth" >"$tmp/table"
is "one that PyTorch refuses is converted, which is said" "$? $(grep -c 'read by ck-model convert' "$tmp/table")" "0 1"

# A network that computes something else is noticed: PyTorch gets another checkpoint than ck.
cat >"$tmp/wrong.py" <<'P'
import sys
sys.path.insert(0, sys.argv.pop(1) + "/bench")
import parity
other, build = sys.argv.pop(1), parity.build
parity.build = lambda path: build(other)
parity.main()
P
CK_BIN=$bin CK_BENCH=$root/build/bench "$python" "$tmp/wrong.py" "$root" "$tmp/other.safetensors" --sizes 128 "$tmp/m.safetensors" \
    >"$tmp/table" 2>"$tmp/said"
is "another network is off" "$? $(grep -c "^ck's f32 is off: 128, cpu: " "$tmp/table")" "1 1"
parity --sizes 128 "$tmp/none.pth" >"$tmp/table"
is "no checkpoint" "$?" 1
done_testing
