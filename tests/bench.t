#!/bin/bash
# ck bench: each table has its rows, and every figure is a positive number.
. "$(dirname "$0")/tap.sh"
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$tmp/m.safetensors"
mkdir "$tmp/folder"
export TMPDIR=$tmp/folder

table() { # FIRST: rows of the table with that first column, without heading
    awk -v first="$1" -F' *[|] *' '$2 == first { on = 1; getline; next } !/^[|]/ { on = 0 } on' "$tmp/said"
}
names() { table "$1" | awk -F' *[|] *' '{ printf "%s%s", (NR > 1 ? ", " : ""), $2 }'; }
bad_figures() { # FIRST COLUMNS: rows that do not have that many positive numbers after the first column, or a reason
    table "$1" | grep -v 'not measured: ' |
        awk -F' *[|] *' -v n="$2" '{ good = 0; for (i = 3; i < NF; i++) good += $i + 0 > 0; if (good != n) print }'
}

ok "with a model" ck bench -d cpu -m "$tmp/m.safetensors" --picture 320x180 64 96
cp "$tmp/.out" "$tmp/said"
is "no message" "$(cat "$tmp/.err")" ""
is "a product in float32" "$(table operands | grep -c '^| f32 |')" 1
is "both sizes of the network" "$(names size)" "64, 96"
is "ring and pipe" "$(names way)" "shared memory, pipe"
is "the codecs" "$(names format)" "EXR half, PIZ, PNG 16 bits, ProRes 4444, H.264"
is "one figure for a product" "$(bad_figures operands 1)" ""
is "four for the network" "$(bad_figures size 4)" ""
is "two for transport" "$(bad_figures way 2)" ""
is "four for a codec" "$(bad_figures format 4)" ""
is "stills at least are measured" "$(table format | head -2 | grep -c 'not measured')" 0
is "no file is left" "$(ls "$tmp/folder")" ""
printf '| way | ms a frame | GB/s |\n|---|---|---|\n| pipe | 0.00 | 1.0 |\n' >"$tmp/said"
is "a zero is found" "$(bad_figures way 2)" "| pipe | 0.00 | 1.0 |"

ok "without a model" ck bench --picture 64x64
is "that is said" "$(grep -c '^Network: not measured, no model was found' "$tmp/.out")" 1
is "the rest is measured" "$(grep -c '^| pipe |\|^| PNG 16 bits |' "$tmp/.out")" 2

fails 2 "'500' is no inference size" "a size that is no multiple of 32" ck bench 500
fails 2 "'64x' is no inference size" "a size that is no number" ck bench 64x
fails 1 "no-such.pth" "a model that does not exist" ck bench -m "$tmp/no-such.pth"
fails 2 "no precision f16 on device cpu" "a precision that the CPU lacks" \
    ck bench -d cpu -m "$tmp/m.safetensors" --precision f16 64
mkdir "$tmp/part"
cp "$bin/ck" "$tmp/part"
fails 1 "cannot start ck-encode" "a program that is missing" env PATH=/usr/bin:/bin "$tmp/part/ck" bench --picture 64x64
fails 1 "cannot write to standard output" "a full disk" bash -c "ck bench --picture 64x64 >/dev/full"
is "no file is left after failures" "$(ls "$tmp/folder")" ""
done_testing
