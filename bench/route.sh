#!/bin/bash
# Time and change of the finals against the share of tokens that attend (ck-infer --route), and the time of a region
# (ck-infer --crop), as Markdown.  Times are those of the processor, user and system: other load on the machine hardly
# changes them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=${CK_BIN:-$here/../bin}:${CK_HELPERS:-$here/../build/helpers}:${CK_BENCH:-$here/../build/bench}:$PATH
export CK_RING=off
tmp=$(mktemp -d /var/tmp/ck-bench-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, Linux $(uname -r)."
echo "Command: bench/route.sh, $(date -u +%Y-%m-%d); seconds of CPU time."

# A plate with a hint that grows from 0 to 1 from left to right: LO and HI choose the share.
ck-synth -g 1024x1024 --seed 3 | ck-encode --plane rgb=png "$tmp/shot" 2>"$tmp/err"
plate=$tmp/shot/rgb/00000.png
oiiotool --pattern fill:left=0:right=1 1024x1024 1 -d uint8 -o "$tmp/ramp.png"
oiiotool --create 1024x1024 1 --fill:color=1 384x384+320+320 -o "$tmp/small.png"
seconds() { # COMMAND...: CPU seconds; its messages go to $tmp/words
    local TIMEFORMAT='%U %S'
    { time "$@" 2>"$tmp/words" >"$tmp/out"; } 2>"$tmp/time"
    LC_ALL=C awk '{ printf "%.2f", $1 + $2 }' "$tmp/time"
}
infer() { ck-infer -t 2 -v -m "$tmp/model.safetensors" "$@" <"$tmp/frame.ck"; }
share() { sed -n 's/.*: \([0-9.]*\) % of the tokens.*/\1/p' "$tmp/words"; }
differ() { # A B: largest and mean difference; the files' headers are equal
    perl -e 'local $/; for (@ARGV) { open F, "-|", "cat $_/alpha.*.npy $_/fg.*.npy"; push @v, [unpack "f<*", <F>] }
        for (0 .. $#{$v[0]}) { $d = abs($v[0][$_] - $v[1][$_]); $m = $d if $d > $m; $s += $d }
        printf "%.4f | %.5f", $m, $s / @{$v[0]}' "$1" "$2"
}

echo
echo "## Attention at 2048, every fourth token"
echo
echo "| block | all tokens, s | a quarter, s | ratio |"
echo "|---|---|---|---|"
echo "| of stage 2: 128x128 tokens, 8 heads | $(route_bench 128 8) |"
echo "| of stage 3: 64x64 tokens, 16 heads | $(route_bench 64 16) |"

echo
echo "## Change of the finals"
echo
echo "A checkpoint of base_plus with synthetic weights, made for 512, at 512; alpha and fg at inference size."
echo
mkmodel --img-size 512 "$tmp/model.safetensors"
run() { seconds infer --refine --native "$@"; rm -rf "$tmp/npy"; ck-info --npy "$tmp/npy" <"$tmp/out" >"$tmp/listing"; }
t=$(run)
mv "$tmp/npy" "$tmp/plain"
echo "| tokens that attend | ck-infer --refine, s | largest change | mean change |"
echo "|---|---|---|---|"
echo "| 100 % | $t | 0 | 0 |"
for route in 0.05,0.95 0.25,0.75 0.375,0.625 0.45,0.55 0.999,1; do
    t=$(run --route $route)
    echo "| $(share) % | $t | $(differ "$tmp/plain" "$tmp/npy") |"
done

echo
echo "## A region of a quarter of the plate"
echo
echo "base_plus, three frames of the same plate; at half of the inference size the region is seen at the same scale."
echo
mkdir "$tmp/plates" "$tmp/hints"
for i in 1 2 3; do
    cp "$plate" "$tmp/plates/$i.png"
    cp "$tmp/small.png" "$tmp/hints/$i.png"
done
ck-decode --hint "$tmp/hints" "$tmp/plates" >"$tmp/frame.ck" 2>"$tmp/err"
auto=$(seconds infer -s 256 --refine --crop auto)
echo "| | ck-infer --refine, s |"
echo "|---|---|"
echo "| whole plate, -s 512 | $(seconds infer -s 512 --refine) |"
echo "| --crop 256,256,512,512 -s 256 | $(seconds infer -s 256 --refine --crop 256,256,512,512) |"
echo "| --crop auto -s 256 | $auto |"
