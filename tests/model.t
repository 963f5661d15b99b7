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
