#!/bin/bash
# Time, memory and change of the finals with ck-infer --split against the whole picture, as Markdown.  Seconds are those
# of the processor, user and system; memory is the peak of anonymous memory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=${CK_BIN:-$here/../bin}:${CK_HELPERS:-$here/../build/helpers}:$PATH
export CK_RING=off
tmp=$(mktemp -d /var/tmp/ck-bench-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, Linux $(uname -r)."
echo "Command: bench/split.sh, $(date -u +%Y-%m-%d); seconds of CPU time, MB of anonymous memory."

run() { # OPTIONS...: one frame through ck-infer
    local TIMEFORMAT='%U %S'
    { time peak "$tmp/kib" ck-infer -t 2 -d cpu -v -m "$tmp/model.safetensors" "$@" <"$tmp/frame.ck" 2>"$tmp/words" >"$tmp/out"; } 2>"$tmp/time"
}
cost() { LC_ALL=C awk -v kib="$(cat "$tmp/kib")" '{ printf "%.2f | %.0f", $1 + $2, kib * 1.024e-3 }' "$tmp/time"; }
tiles() { sed -n 's/.*: \([0-9]* of [0-9]*\) tiles computed.*/\1/p' "$tmp/words"; }
npy() { rm -rf "${tmp:?}/$1"; ck-info --npy "$tmp/$1" <"$tmp/out" >"$tmp/listing"; }
differ() { # PLANE: mean and largest difference of the folders whole and tiled; the files' headers are equal
    perl -e 'local $/; $plane = shift; for (@ARGV) { open F, "-|", "cat $_/$plane.*.npy"; push @v, [unpack "f<*", <F>] }
        for (0 .. $#{$v[0]}) { $d = abs($v[0][$_] - $v[1][$_]); $m = $d if $d > $m; $s += $d }
        printf "%.5f | %.4f", $s / @{$v[0]}, $m' "$1" "$tmp/whole" "$tmp/tiled"
}
frame() { ck-decode --hint "$hint" "$tmp/shot/rgb/00000.png" >"$tmp/frame.ck" 2>"$tmp/err"; }
part() { # SIZE TILE...: a table; a tile is "SIDE OVERLAP"
    local size=$1 tile side overlap
    shift
    frame
    run -s "$size" --refine --native
    npy whole
    local finals
    finals=$(cost)
    run -s "$size"
    echo "| --split | --overlap | tiles | ck-infer, s | MB | with --refine, s | MB | alpha: mean change | largest | fg: mean | largest |"
    echo "|---|---|---|---|---|---|---|---|---|---|---|"
    echo "| off | | | $(cost) | $finals | 0 | 0 | 0 | 0 |"
    for tile; do
        read -r side overlap <<<"$tile"
        run -s "$size" --split "$side" --overlap "$overlap" --refine --native
        npy tiled
        finals=$(cost)
        run -s "$size" --split "$side" --overlap "$overlap"
        echo "| $side | $overlap | $(tiles) | $(cost) | $finals | $(differ alpha) | $(differ fg) |"
    done
}

ck-synth -g 2048x2048 --seed 3 | ck-encode --plane rgb=png --plane true_alpha=png "$tmp/shot" 2>"$tmp/err"
mkmodel --img-size 1024 "$tmp/model.safetensors"
hint=$tmp/shot/true_alpha/00000.png
echo
echo "## 1024, the subject in all tiles"
echo
part 1024 "544 64" "576 128" "640 256" "512 64" "384 64"
oiiotool --create 2048x2048 1 --fill:color=1 600x600+200+200 -o "$tmp/small.png"
hint=$tmp/small.png
echo
echo "## 1024, the hint in a corner"
echo
part 1024 "544 64" "384 64"
echo
echo "## 2048, ck-infer alone"
echo
hint=$tmp/shot/true_alpha/00000.png
frame
echo "| --split | --overlap | tiles | ck-infer, s | MB |"
echo "|---|---|---|---|---|"
run -s 2048
echo "| off | | | $(cost) |"
run -s 2048 --split 1088
echo "| 1088 | 128 | $(tiles) | $(cost) |"
run -s 2048 --split 576
echo "| 576 | 64 | $(tiles) | $(cost) |"
