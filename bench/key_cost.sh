#!/bin/bash
# CPU time and peak memory of ck-hint and ck-post together, of two builds, by turns: PLATE as 4 frames of 3840x2160 with
# grain, through ck-hint --method key | ck-post --classical, into /dev/null.
#
#     bash bench/key_cost.sh OLD/bin NEW/bin PLATE ...
#
# Peak memory: resident memory of each program, shared memory included, added.  Medians of RUNS (3).  THREADS of each
# program (1, as `ck key` gives on two cores).  FRAMES (4).
set -eu -o pipefail
[ $# -ge 3 ] || { echo "usage: bash bench/key_cost.sh OLD/bin NEW/bin PLATE ..." >&2 && exit 2; }
old=$1 new=$2 runs=${RUNS:-3} threads=${THREADS:-1} frames=${FRAMES:-4}
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# BIN: seconds and MB of one run of $tmp/plates.ck.
measure() {
    command time -o "$tmp/hint" -f "%U %S %M" "$1/ck-hint" --method key -t "$threads" <"$tmp/plates.ck" |
        command time -o "$tmp/post" -f "%U %S %M" "$1/ck-post" --classical -t "$threads" >/dev/null
    awk '{ s += $1 + $2; m += $3 * 1.024e-3 } END { printf "%.2f %.0f\n", s, m }' "$tmp/hint" "$tmp/post"
}

# FILE COLUMN: the median.
median() { cut -d' ' -f"$2" "$1" | sort -g | sed -n "$(((runs + 1) / 2))p"; }

echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores; $frames frames, $threads threads."
echo
echo "| plate | old, s | new, s | time | old, MB | new, MB | memory |"
echo "|---|---|---|---|---|---|---|"
for plate; do
    ffmpeg -v error -loop 1 -i "$plate" -frames:v "$frames" -vf scale=3840:2160:flags=bicubic,noise=alls=6:allf=t \
        -pix_fmt rgb24 -y "$tmp/%04d.png"
    "$new/ck-decode" "$tmp/%04d.png" >"$tmp/plates.ck"
    rm -f "$tmp/old" "$tmp/new"
    for ((i = 0; i < runs; i++)); do
        measure "$old" >>"$tmp/old"
        measure "$new" >>"$tmp/new"
    done
    echo "$(basename "$plate") $(median "$tmp/old" 1) $(median "$tmp/new" 1) $(median "$tmp/old" 2) $(median "$tmp/new" 2)" |
        tee -a "$tmp/all" | awk '{ printf "| %s | %s | %s | %.2f | %s | %s | %.2f |\n", $1, $2, $3, $3 / $2, $4, $5, $5 / $4 }'
done
awk '{ a += $2; b += $3; c += $4; d += $5 } END {
    printf "| mean | %.2f | %.2f | %.2f | %.0f | %.0f | %.2f |\n", a / NR, b / NR, b / a, c / NR, d / NR, d / c }' "$tmp/all"
