#!/bin/bash
# gpu.sh FOLDER: times of the network on a GPU, ours with the programs in FOLDER and PyTorch's (make bench-cuda), as
# Markdown.
#
# Written to $OUT/cuda.md, by default bench/results/cuda.md, and to standard output.  PyTorch runs bench/twin.py if
# $PYTHON (python3) has it; compiled with max-autotune only at the largest size, which takes minutes and comes last.
# Everything ends within $SECONDS_ALL (450); parts without time left are reported as not run.
#
# For tests of this script: PART_SECONDS, SIZES, ARCH, WIDTHS (mkmodel's options for the widths of ARCH/WIDTH), FRAMES,
# PLATE, GOLDEN_LIST, RATES (device_rates' arguments), TWIN (options of twin.py), COMPILE=0.
set -u
gpu=$1
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
sizes=${SIZES:-512 1024 2048}
largest=${sizes##* }
arch=${ARCH:-base_plus}
frames=${FRAMES:-9}
goldens=${GOLDEN_LIST-net_mini_256 net_base_plus_512 net_base_plus_2048}
read -ra twin <<<"${TWIN-}"
limit=${SECONDS_ALL:-450}
export CK_LIB=${CK_LIB:-$gpu}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if ! device=$("$gpu/tests/helpers/cudadevice" 2>"$tmp/why"); then
    echo "skipped: no CUDA device ($(cat "$tmp/why"))"
    exit 0
fi
result=${OUT:-$here/results}/cuda.md
mkdir -p "$(dirname "$result")"
exec > >(tee "$result") 2>"$tmp/errors"
exec 3>&1
failed=0

within() { # NAME SECONDS COMMAND...: run within the remaining time; report a failure and go on
    local name=$1 most=${PART_SECONDS:-$2} left=$((limit - SECONDS)) status start=$SECONDS
    shift 2
    [ "$left" -lt "$most" ] && most=$left
    if [ "$most" -lt 5 ]; then
        printf '\n**%s: not run, no time was left.**\n\n' "$name" >&3
        failed=1
        return 1
    fi
    timeout -k 5 "$most" "$@" 2>"$tmp/said" 3>&-
    status=$?
    [ $status = 0 ] && { echo "$name: $((SECONDS - start)) s" >>"$tmp/times"; return 0; }
    failed=1
    printf '\n**%s: %s.** %s\n\n' "$name" "$([ $status = 124 ] && echo "stopped after $most s" || echo "failed, status $status")" \
        "$(tail -3 "$tmp/said" | tr '\n' ' ')" >&3
    return 1
}
now() { echo "$EPOCHREALTIME" | tr , .; }
since() { awk "BEGIN { printf \"%.2f\", $(now) - $1 }"; }

echo "# The network on a GPU"
echo
echo "Device: $device."
echo "Driver: $(nvidia-smi --query-gpu=driver_version,memory.total,clocks.max.sm --format=csv,noheader 2>/dev/null | head -1)."
echo "Date and command: $(date -u +%F), \`make bench-cuda\`, $frames frames each, architecture $arch."
torch=
if "$python" -c 'import torch' 2>/dev/null && { [ -n "${TWIN-}" ] || "$python" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; }; then
    torch=1
    echo "PyTorch $("$python" -c 'import torch; print(torch.__version__)'), f16 autocast, channels_last."
else
    echo "PyTorch with CUDA is not here: name a Python that has it in PYTHON."
fi

# ---- ours ----

printf '\n## What the device can do\n\n```\n'
export CK_RATES=$tmp/rates
within device_rates 60 "$gpu/bench/device_rates" ${RATES-} >"$tmp/rates" && cat "$tmp/rates"
printf '```\n\nFloating-point operations a second of a large product, bytes a second of a copy (bench/cuda/device_rates.c).\n'
printf '\n## Ours, step by step\n'
ours() { # SIZE PRECISION
    printf '\n### %s at %s\n\n' "$2" "$1"
    within "ours at $1, $2" 90 "$gpu/bench/net_bench" cuda "$arch" "$1" 0 "$frames" "$2" >"$tmp/ours" || return
    grep -v '^row |' "$tmp/ours"
    sed -n 's/^row | \([a-z0-9]*\) |/| ours, \1 |/p' "$tmp/ours" | sed 's/$/ |/' >>"$tmp/rows"
}
for size in $sizes; do ours $size f16; done

# ---- the programs ----

# One frame and several: time of the whole process, and time per frame after the first.
one_context() { "$gpu/bin/ck-infer" --refine -d cuda -m "$1" <"$2" >/dev/null; }
two_contexts() { "$gpu/bin/ck-infer" -d cuda -m "$1" <"$2" | "$gpu/bin/ck-refine" -d cuda -m "$1" >/dev/null; }
export gpu
export -f one_context two_contexts
# Time of the check of a device that no process has seen: a process with an empty cache, less one that knows the verdict.
self_check() { # MODEL
    [ -e "$tmp/cache" ] && return
    local begin new
    export XDG_CACHE_HOME=$tmp/cache
    begin=$(now)
    within "self-check" 60 bash -c "one_context $1 $tmp/1.ck" || return
    new=$(since "$begin")
    begin=$(now)
    within "a frame" 60 bash -c "one_context $1 $tmp/1.ck" || return
    awk "BEGIN { printf \"| self-check alone | | %.2f | |\\n\", $new - $(since "$begin") }"
}
programs() { # SIZE
    local model=$tmp/m$1.safetensors begin first all
    for n in 1 $frames; do
        "$gpu/tests/helpers/mkstream" -n $n -g "${PLATE:-1920x1080}" rgb:u8:3:srgb hint:u8:1 >"$tmp/$n.ck" || return
    done
    cat "$model" "$tmp/"*.ck >/dev/null
    within "warming up" 60 bash -c "set -o pipefail; one_context $model $tmp/1.ck" || return
    self_check "$model"
    for way in one_context two_contexts; do
        begin=$(now)
        within "$way, a frame" 60 bash -c "set -o pipefail; $way $model $tmp/1.ck" || return
        first=$(since "$begin")
        begin=$(now)
        within "$way, $frames frames" 120 bash -c "set -o pipefail; $way $model $tmp/$frames.ck" || return
        all=$(since "$begin")
        echo "| ${way/_/ } | $1 | $first | $(awk "BEGIN { printf \"%.1f\", ($all - $first) * 1e3 / ($frames - 1) }") |"
    done
}
printf '\n## The programs\n\nFrom files in the page cache to /dev/null, plates of %s.  One context is `ck-infer --refine`, two are\n' "${PLATE:-1920x1080}"
printf '`ck-infer | ck-refine`.\n\n| | size | process with one frame, s | each frame after it, ms |\n|---|---|---|---|\n'
for size in $sizes; do
    "$gpu/tests/helpers/mkmodel" --arch "${arch%/*}" ${WIDTHS-} --img-size $size "$tmp/m$size.safetensors" || failed=1
    programs $size
done
if [ -n "$torch" ]; then
    begin=$(now)
    within "PyTorch, a frame" 60 "$python" "$here/twin.py" first "$tmp/m$largest.safetensors" $largest "${twin[@]}" &&
        echo "| PyTorch, eager, the network alone | $largest | $(since "$begin") | |"
fi

# ---- errors ----

printf '\n## Errors of the finals against the float32 golden\n\nBars: the mean no larger and the largest at most 1.2 times PyTorch'"'"'s with that type, both within 1.5 times of\n'
printf 'ideal rounding where MODEL.md has it.\n\n| golden | type | ours, largest | mean | PyTorch'"'"'s, largest | mean | ideal, largest | mean | bars |\n|---|---|---|---|---|---|---|---|---|\n'
for golden in $goldens; do
    types=()
    [ -f "${CK_GOLDENS-}/$golden.safetensors" ] || { echo "| $golden | not here | | | | | | | |"; continue; }
    for type in tf32 f16 bf16; do
        within "$golden at $type" 60 "$gpu/tests/helpers/goldrun" cuda $type $golden.safetensors "$tmp/$golden" >"$tmp/ideal" || continue
        read -rd '' -a ideal <"$tmp/ideal"
        types+=("$type" "${ideal[@]}")
    done
    [ -n "$torch" ] || { echo "| $golden | no PyTorch | | | | | | | |"; continue; }
    within "errors of $golden" 60 "$python" "$here/twin.py" errors "$CK_GOLDENS/$golden.safetensors" "$tmp/$golden" \
        "${types[@]}" "${twin[@]}"
    rm -f "$tmp/$golden".*
done

# ---- PyTorch, and the rest of ours ----

printf '\n## Ours in other precisions\n'
for precision in tf32 bf16 f32; do ours $largest $precision; done
[ -n "$torch" ] && for size in $sizes; do
    within "PyTorch at $size" 90 "$python" "$here/twin.py" bench "$tmp/m$size.safetensors" $size --frames $frames "${twin[@]}" >>"$tmp/rows"
done
[ -n "$torch" ] && [ "${COMPILE-1}" = 1 ] &&
    within "PyTorch at $largest, compiled" 300 "$python" "$here/twin.py" bench "$tmp/m$largest.safetensors" $largest --compile --frames $frames "${twin[@]}" >>"$tmp/rows"
printf '\n## Medians\n\nMilliseconds; parts and `all` queued at once and waited for, without copies.  MB: ours contexts apart, as two programs\n'
printf 'and as one; PyTorch'"'"'s peak of what it allocated.\n\n| | size | encoder | decoders | refiner | all | frame with copies | MB | MB, one context | first frame s |\n|---|---|---|---|---|---|---|---|---|---|\n'
cat "$tmp/rows" 2>/dev/null
awk -F'|' -v size=" $largest " '$3 == size && $2 ~ /ours, f16/ { ours = $7 } $3 == size && $2 ~ /compiled/ { theirs = $7 }
    END { if (ours > 0 && theirs > 0) printf "\nAt%sours is %.2f times as fast as torch.compile (bar 1.5).\n", size, theirs / ours }' "$tmp/rows" 2>/dev/null
printf '\n## How long this took\n\n```\n%s\n```\n\n%d s in all.\n' "$(cat "$tmp/times" 2>/dev/null)" $SECONDS
exec >&- 3>&-
wait
exit $failed
