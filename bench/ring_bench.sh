#!/bin/bash
# Shared memory against pipes: five stages with hardly any work, so that the transport is measured.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=${CK_HELPERS:-$here/../build/helpers}:$PATH
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# SIZE FRAMES SKIP RING: frames per second at the last of five stages.
chain() {
    teststage fill -g "$1" -n "$2" 2>/dev/null | teststage pass 2>/dev/null | teststage pass 2>/dev/null |
        teststage pass 2>/dev/null | teststage sum --skip "$3" 2>&1 | awk '{ printf "%.2f\n", $2 / $3 }'
}

echo "4096x2160 RGBA half (70.8 MB), the source fills every byte, the sink sums every byte, frames/s at the fifth of five"
echo "stages; medians of five runs, by turns:"
echo
for _ in 1 2 3 4 5; do
    chain 4096x2160 160 20 >>"$tmp/ring"
    CK_RING=off chain 4096x2160 24 4 >>"$tmp/inline"
    teststage fill -n 80 2>/dev/null | teststage sum --skip 20 2>&1 | awk '{ printf "%.2f\n", $2 / $3 }' >>"$tmp/two"
done
echo "| | frames/s |"
echo "|---|---|"
echo "| ring, five stages | $(median <"$tmp/ring") |"
echo "| ring, source and sink alone | $(median <"$tmp/two") |"
echo "| inline (CK_RING=off) | $(median <"$tmp/inline") |"
awk -v r="$(median <"$tmp/ring")" -v i="$(median <"$tmp/inline")" 'BEGIN { printf "| ring / inline | %.1f |\n", r / i }'

echo
echo "CPU of a stage that hands frames on, microseconds a frame; the source writes nothing after its first frames:"
echo
echo "| size | MB | by reference | frames/s |"
echo "|---|---|---|---|"
for size in 320x180 1920x1080 4096x2160 8192x4320; do
    for _ in 1 2 3; do
        teststage hand -g "$size" -n 3000 --skip 20 2>/dev/null | teststage pass 2>/dev/null |
            teststage pass --skip 100 2>"$tmp/said" | teststage drop 2>/dev/null
        awk '{ printf "%.1f %.0f\n", 1e6 * $4 / $2, $2 / $3 }' "$tmp/said"
    done | sort -g | sed -n 2p | awk -v s="$size" '{ split(s, a, "x"); printf "| %s | %.1f | %s | %s |\n", s, a[1] * a[2] * 8e-6, $1, $2 }'
done

echo
echo "Five stages of unequal load, one thread each, four that sleep (12, 30, 20, 8 ms) and one that computes (25 ms);"
echo "1920x1080, frames/s; medians of three:"
echo
for _ in 1 2 3; do
    teststage hand -g 1920x1080 -n 130 2>/dev/null | teststage sleep --ms 30 2>/dev/null |
        teststage drop 2>&1 | awk '{ printf "%.2f\n", $2 / $3 }' >>"$tmp/alone"
    teststage hand -g 1920x1080 -n 130 2>/dev/null | teststage sleep --ms 12 2>/dev/null |
        teststage sleep --ms 30 2>/dev/null | teststage spin --ms 25 2>/dev/null |
        teststage sleep --ms 20 2>/dev/null | teststage sleep --ms 8 2>/dev/null | teststage drop 2>&1 |
        awk '{ printf "%.2f\n", $2 / $3 }' >>"$tmp/five"
done
echo "| | frames/s |"
echo "|---|---|"
echo "| the slowest alone | $(median <"$tmp/alone") |"
echo "| all five | $(median <"$tmp/five") |"
awk -v a="$(median <"$tmp/alone")" -v f="$(median <"$tmp/five")" 'BEGIN { printf "| five / alone | %.3f |\n", f / a }'

echo
teststage hand -n 8 2>/dev/null | teststage sleep --ms 900 2>/dev/null | teststage pass --skip 1 2>"$tmp/said" |
    teststage drop 2>/dev/null
awk '{ printf "CPU of a stage that waits nearly always (0.9 s between frames): %.3f %% of a core.\n", 100 * $4 / $3 }' "$tmp/said"
