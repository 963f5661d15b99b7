#!/bin/bash
# ck-model: listing, accepted and refused files, and lossless conversion.
. "$(dirname "$0")/tap.sh"
mkmodel=$helpers/mkmodel
toy="--embed 16 --stages 1,2,1,1 --decoder-width 24 --refiner-width 16 --img-size 96 --seed 5"

# shellcheck disable=SC2086
{
    $mkmodel $toy --heads 2 "$tmp/toy.safetensors" && $mkmodel $toy --heads 2 "$tmp/toy.pth" &&
        $mkmodel $toy --heads 0 "$tmp/silent.pth"
} || echo "Bail out! mkmodel failed"

is "list: a line per tensor: name, type, shape" \
    "$(ck-model list "$tmp/toy.pth" | sed -n '1,2p;$p')" \
    "encoder.model.pos_embed F32 [1, 576, 16]
encoder.model.patch_embed.proj.weight F32 [16, 4, 7, 7]
refiner.final.bias F32 [4]"
is "list: the same for both formats" "$(ck-model list "$tmp/toy.pth")" "$(ck-model list "$tmp/toy.safetensors")"
is "check: what the model is" "$(ck-model check --strict "$tmp/toy.pth" 2>&1)" \
    "GreenFormer for 96 x 96, pth
blocks   1 2 1 1
widths   16 32 64 128
heads    2 4 8 16, from the metadata
decoder  24
refiner  16
tensors  $(ck-model list "$tmp/toy.pth" | awk -F'[][]' '
        { n = split($2, a, /, /); k = 1; for (i = 1; i <= n; i++) k *= a[i]; sum += k }
        END { printf "%d of F32, %d values", NR, sum }')"
fails 2 "give --heads N" "check: heads that nothing tells are asked for" ck-model check "$tmp/silent.pth"
ok "check: and may be said" ck-model check --heads 4 "$tmp/silent.pth"
fails 0 "--heads 4 is ignored" "check: --heads against the metadata is a warning" ck-model check --heads 4 "$tmp/toy.pth"

ok "convert: a .pth" ck-model convert "$tmp/toy.pth" "$tmp/out.safetensors"
ok "convert: byte for byte the .safetensors" cmp "$tmp/out.safetensors" "$tmp/toy.safetensors"
ok "convert: with heads" ck-model convert --heads 4 "$tmp/silent.pth" "$tmp/heads.safetensors"
is "convert: which are then in the file" "$(ck-model check "$tmp/heads.safetensors" | grep heads)" \
    "heads    4 8 16 32, from the metadata"
ok "convert: a .safetensors onto itself, other heads" ck-model convert --heads 1 "$tmp/heads.safetensors" "$tmp/heads.safetensors"
is "convert: they are replaced" "$(ck-model check "$tmp/heads.safetensors" | grep heads)" \
    "heads    1 2 4 8, from the metadata"

# Types.  What a network computes by a rounded file is what it computes by the rounded numbers in float32, to the bit.
for type in f16 bf16; do
    ok "convert: --type $type" ck-model convert --type $type "$tmp/toy.pth" "$tmp/$type.safetensors"
    is "convert: all of it" "$(ck-model check "$tmp/$type.safetensors" | tail -1 | cut -d, -f1)" \
        "tensors  $(ck-model list "$tmp/toy.pth" | wc -l) of ${type^^}"
    ok "convert: $type back to f32" ck-model convert --type f32 "$tmp/$type.safetensors" "$tmp/back.safetensors"
    ok "convert: and to $type" ck-model convert --type $type "$tmp/back.safetensors" "$tmp/again.safetensors"
    ok "convert: is the same file" cmp "$tmp/$type.safetensors" "$tmp/again.safetensors"
    is "check: $type computes what its numbers say" \
        "$(ck-model check -d cpu --against "$tmp/$type.safetensors" "$tmp/back.safetensors" | tail -4)" \
        "weights  0 of $(ck-model list "$tmp/toy.pth" | wc -l) differ; only here 0, only there 0
finals   at 96 x 96, f32, of a synthetic picture
alpha    max 0.0e+00, mean 0.0e+00
fg       max 0.0e+00, mean 0.0e+00"
    ck-model check -d cpu --against "$tmp/toy.pth" "$tmp/$type.safetensors" >"$tmp/change"
    ok "check: and the tensors that it rounds differ" grep -q '^encoder.model.pos_embed max [0-9.]*e-0[1-9], mean' "$tmp/change"
    eval "alpha_$type=$(sed -n 's/^alpha *max \([^,]*\),.*/\1/p' "$tmp/change")"
done
# shellcheck disable=SC2154
ok "check: the finals differ, with bf16's 8 bits more than with f16's 11 (f16 $alpha_f16, bf16 $alpha_bf16)" \
    awk "BEGIN { exit !($alpha_f16 > 0 && $alpha_bf16 > 2 * $alpha_f16) }"
$mkmodel $toy --heads 2 --embed 32 "$tmp/wide.safetensors"
ck-synth -g 80x60 | ck-encode --plane rgb=png "$tmp/shot" 2>"$tmp/err"
ck-decode "$tmp/shot/rgb" | ck-hint | ck-encode --plane hint=png "$tmp/shot" 2>"$tmp/err"
ok "check: a picture, another size, another width" ck-model check --against "$tmp/toy.pth" -s 128x64 -d cpu \
    "$tmp/wide.safetensors" "$tmp/shot/rgb/00000.png" "$tmp/shot/hint/00000.png"
is "check: their shapes differ" "$(sed -n '/^against/{n;p}' "$tmp/.out")" "encoder.model.pos_embed is [1, 576, 32], there [1, 576, 16]"
is "check: the picture is named" "$(grep finals "$tmp/.out")" "finals   at 128 x 64, f32, of $tmp/shot/rgb/00000.png"
for plane in alpha fg; do
    ck-decode --hint "$tmp/shot/hint/00000.png" "$tmp/shot/rgb/00000.png" | tee \
        >(ck-infer -d cpu --refine --native -s 128x64 -m "$tmp/toy.pth" | ck-info --npy "$tmp/npy1" >"$tmp/err") |
        ck-infer -d cpu --refine --native -s 128x64 -m "$tmp/wide.safetensors" | ck-info --npy "$tmp/npy2" >"$tmp/err"
    wait
    if python3 -c 'import numpy' 2>"$tmp/err"; then
        is "check: $plane changes as between two runs of ck-infer" "$(sed -n "s/^$plane  *max/max/p" "$tmp/.out")" \
            "$(python3 - "$tmp"/npy[12]/$plane.*.npy <<'P'
import sys, numpy as np
d = np.abs(np.load(sys.argv[1]).astype(float) - np.load(sys.argv[2]))
print(f"max {d.max():.1e}, mean {d.mean():.1e}")
P
)"
    else
        skip "check: $plane changes as between two runs of ck-infer" "no python3 with numpy"
    fi
done
cp "$tmp/toy.safetensors" "$tmp/large.safetensors"
printf '\0\270\210G' | dd of="$tmp/large.safetensors" bs=1 conv=notrunc 2>"$tmp/err" \
    seek=$((8 + $(od -An -tu8 -N8 "$tmp/toy.safetensors") + 4 * 7)) # 70000
fails 1 "$tmp/large.safetensors: tensor 'encoder.model.pos_embed': element 7 is 70000, beyond the range of F16: choose another --type" \
    "convert: what f16 cannot hold" ck-model convert --type f16 "$tmp/large.safetensors" "$tmp/none.safetensors"
ok "convert: nothing is written then" test ! -e "$tmp/none.safetensors"
ok "convert: bf16 can" ck-model convert --type bf16 "$tmp/large.safetensors" "$tmp/large16.safetensors"
fails 1 "$tmp/none.pth: cannot open" "check: no checkpoint to compare with" ck-model check --against "$tmp/none.pth" "$tmp/toy.pth"
fails 1 "$tmp/none.png: " "check: no picture" ck-model check --against "$tmp/toy.pth" -d cpu "$tmp/toy.pth" "$tmp/none.png" "$tmp/none.png"
fails 2 "check takes one file, or three" "check: a plate without a hint" ck-model check --against "$tmp/toy.pth" "$tmp/toy.pth" x
fails 2 "check takes one file" "check: pictures without another checkpoint" ck-model check "$tmp/toy.pth" x y
fails 2 "--size needs --against" "check: -s alone" ck-model check -s 64 "$tmp/toy.pth"
fails 2 "--size 33x33: use multiples of 32" "check: another size" ck-model check -s 33 --against x "$tmp/toy.pth"
fails 2 "list has no option --type" "list: --type" ck-model list --type f16 "$tmp/toy.pth"
fails 2 "check has no option --type" "check: --type" ck-model check --type f16 "$tmp/toy.pth"
fails 2 "convert has no option --against" "convert: --against" ck-model convert --against x "$tmp/toy.pth" y

# With a wrong input no output appears and an existing one stays.
head -c 100000 "$tmp/toy.pth" >"$tmp/cut.pth"
cp "$tmp/heads.safetensors" "$tmp/keep"
mkdir "$tmp/dir"
fails 1 "cut.pth: zip archive: no end record" "convert: half a file is refused" \
    ck-model convert "$tmp/cut.pth" "$tmp/dir/x.safetensors"
is "convert: and nothing is written" "$(ls -A "$tmp/dir")" ""
fails 1 "cut.pth" "convert: nor an old file touched" ck-model convert "$tmp/cut.pth" "$tmp/keep"
ok "convert: it is still the old one" cmp "$tmp/keep" "$tmp/heads.safetensors"
fails 1 "$tmp/none/x: " "convert: an error of the output names the output" ck-model convert "$tmp/toy.pth" "$tmp/none/x"

printf '{"a": 1}' >"$tmp/json"
fails 1 "$tmp/json: neither .safetensors nor .pth" "a file that is neither" ck-model list "$tmp/json"
fails 1 "$tmp/nofile: cannot open the model: No such file" "a file that is not there" ck-model list "$tmp/nofile"
fails 2 "no command" "no command" ck-model
fails 2 "unknown command 'lists'" "an unknown command" ck-model lists "$tmp/toy.pth"
fails 2 "list takes one file" "no file" ck-model list
fails 2 "check takes one file" "two files" ck-model check "$tmp/toy.pth" "$tmp/toy.pth"
fails 2 "convert takes two files" "no output" ck-model convert "$tmp/toy.pth"
fails 2 "list has no option --strict" "an option of another command" ck-model list --strict "$tmp/toy.pth"
fails 2 "convert has no option --strict" "an option of another command" ck-model convert --strict "$tmp/toy.pth" x
fails 2 "list has no option --heads" "an option of another command" ck-model list --heads 1 "$tmp/toy.pth"
fails 2 "--heads '0'" "no heads" ck-model check --heads 0 "$tmp/toy.pth"
if [ -w /dev/full ]; then
    fails 1 "standard output" "a full disk under the list" bash -c 'ck-model list "$1" >/dev/full' - "$tmp/toy.pth"
else
    skip "a full disk under the list" "no /dev/full"
fi

if [ -n "$goldens" ]; then
    is "the golden checkpoint" "$(ck-model check --strict "$goldens/mini.safetensors" | tail -1)" \
        "tensors  161 of F32, 1377320 values"
    for kind in plain wrapped_half bf16 views; do
        ok "mini_$kind.pth" ck-model check --strict --heads 1 "$goldens/mini_$kind.pth"
    done
    fails 1 "mini_legacy.pth: a .pth from before PyTorch 1.6" "mini_legacy.pth" \
        ck-model check "$goldens/mini_legacy.pth"
else
    skip "the golden checkpoints" "no goldens"
fi

# A checkpoint of the public model's shape, by the script that made the goldens' checkpoints.
synth=$here/../../shared/tools/synth_weights.py
if [ -f "$synth" ] && python3 -c 'import numpy' 2>/dev/null; then
    python3 "$synth" --arch base_plus --img-size 64 --half -o "$tmp/base.safetensors" 2>/dev/null
    is "base_plus" "$(ck-model check --strict "$tmp/base.safetensors" | head -3 | tr '\n' ' ')" \
        "GreenFormer for 64 x 64, safetensors blocks   2 3 16 3 widths   112 224 448 896 "
    $mkmodel --arch base_plus --img-size 64 --half "$tmp/base2.safetensors"
    ok "mkmodel makes the same file" cmp "$tmp/base.safetensors" "$tmp/base2.safetensors"
else
    skip "base_plus from synth_weights.py" "needs ../shared/tools, python3 and numpy"
fi
done_testing
