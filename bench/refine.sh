#!/bin/bash
# make bench-refine [MODEL=FILE] [CLIP=FILE] [SIZE=N] [EVERY=K]: cost and gain of ck-refine's modes, as Markdown.
#
# With CLIP: its frames through MODEL; this is the table that counts.  Without: three shots of synth_scene.py in
# $CK_SCENES, or of ck-synth if that is missing.  Their logits are made from the true matte, because untrained weights
# would leave everything undecided.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=${CK_BIN:-$here/../bin}:${CK_HELPERS:-$here/../build/helpers}:${CK_BENCH:-$here/../build/bench}:$PATH
export CK_RING=off
scenes=${CK_SCENES:-$here/../../shared/tools}
size=${SIZE:-1024} every=${EVERY:-12} # of the first table; the others use 2048
tmp=$(mktemp -d /var/tmp/ck-bench-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
model=${MODEL:-$tmp/synthetic.safetensors}
[ -n "${MODEL-}" ] || mkmodel --img-size 2048 "$model"

echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, Linux $(uname -r)."
echo "Command: make bench-refine MODEL=${MODEL-} CLIP=${CLIP-} SIZE=$size EVERY=$every, $(date -u +%Y-%m-%d)."
echo
echo "## Sparse against full"
if [ -n "${CLIP-}" ]; then
    ck-decode "$CLIP" | ck-hint | ck-infer -m "$model" -s "$size" | refine_modes "$model" "$every"
else
    for shot in "101 0.0001" "102 0.0001" "103 0.0001" "101 0.002"; do
        read -r seed short <<<"$shot"
        if [ -f "$scenes/synth_scene.py" ]; then
            shot="synth_scene.py, seed $seed"
            python3 "$here/scene_stream.py" "$scenes" "$seed" 0 "$every" $((2 * every)) >"$tmp/shot.ck"
        else
            shot="ck-synth --seed $seed"
            ck-synth -n $((2 * every + 1)) --seed "$seed" >"$tmp/shot.ck"
        fi
        printf '\n%s, logits from the true matte, at best %s short of certainty:\n' "$shot" "$short"
        ck-hint <"$tmp/shot.ck" | truelogits "$size" "$short" | refine_modes "$model" 1
    done
fi

echo
echo "## Time and memory of ck-refine"
echo
echo "A 3840x2160 plate of noise, the network at 2048, two frames; the mean of their times in the network."
echo
echo "| options | ms a frame | CPU s in all | anonymous memory, MB | of it activations, MB | in a file, MB |"
echo "|---|---|---|---|---|---|"
mkstream -n 2 -g 3840x2160 rgb:u8:3:srgb alpha_logits:f32:1:-:512x512 fg_logits:f32:3:-:512x512 >"$tmp/plate.ck"
TIMEFORMAT='%U %S'
for options in "--mode full" "--mode tiled" "--mode tiled --memory 2G" "--mode tiled --memory 512M"; do
    { time peak "$tmp/kib" ck-refine -v --time-layers -m "$model" $options <"$tmp/plate.ck" 2>"$tmp/words" >/dev/null; } 2>"$tmp/cpu"
    awk -v options="$options" -v kib="$(cat "$tmp/kib")" -v cpu="$(tail -1 "$tmp/cpu")" '
        / MB of activations/ { for (i = 1; i < NF; i++) { if ($(i + 2) == "of" && $(i + 3) ~ /^activ/) a = $i; if ($(i + 2) == "in" && $(i + 3) == "a") f = $i } }
        /^all / { for (i = 1; i < NF; i++) if ($(i + 1) == "ms") ms = $i }
        END { split(cpu, c, " "); printf "| %s | %.0f | %.1f | %.0f | %s | %s |\n", options, ms, c[1] + c[2], kib * 1.024e-3, a, f + 0 }' "$tmp/words"
done
echo
echo "ck-synth's 1920x1080 shot, nine frames, true logits, the network at 2048:"
echo
echo "| options | CPU s in all | seconds |"
echo "|---|---|---|"
ck-synth -n 9 | ck-hint | truelogits 2048 0.0001 >"$tmp/shot.ck"
TIMEFORMAT='%U %S %R'
for options in "--mode full" "--mode sparse"; do
    { time ck-refine -m "$model" $options <"$tmp/shot.ck" >/dev/null; } 2>"$tmp/cpu"
    awk -v options="$options" '{ printf "| %s | %.1f | %.1f |\n", options, $1 + $2, $3 }' "$tmp/cpu"
done
