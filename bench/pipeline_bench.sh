#!/bin/bash
# The classical pipeline on a 1080p clip: each stage separately on one thread, then the whole.  `ck key` divides the
# cores by these stages' times.
set -eu
frames=${FRAMES:-24}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Wall milliseconds per frame, median of three runs.
measure() {
    for _ in 1 2 3; do
        local start end
        start=$(date +%s%N)
        "$@" >"$tmp/out"
        end=$(date +%s%N)
        echo $(((end - start) / 10000 / frames))
    done | sort -n | sed -n 2p | sed -E 's/(..)$/.\1/; s/^\./0./'
}

ck-synth -g 1920x1080 -n "$frames" | ck-encode --plane rgb=mp4 "$tmp/v" 2>/dev/null
mv "$tmp/v/rgb.mp4" "$tmp/clip.mp4"
ck-decode "$tmp/clip.mp4" >"$tmp/1.ck"
ck-hint --method key <"$tmp/1.ck" >"$tmp/2.ck"
ck-post --classical <"$tmp/2.ck" >"$tmp/3.ck"

echo "1920x1080, $frames frames of H.264, ms a frame, each stage alone with one thread, streams in the page cache:"
echo
echo "| stage | ms |"
echo "|---|---|"
echo "| ck-decode | $(measure ck-decode -t 1 "$tmp/clip.mp4") |"
hint() { ck-hint -t 1 "$@" <"$tmp/1.ck"; }
echo "| ck-hint --method hsv | $(measure hint) |"
echo "| ck-hint --method key | $(measure hint --method key) |"
post() { ck-post -t 1 --classical <"$tmp/2.ck"; }
echo "| ck-post --classical | $(measure post) |"
encode() { ck-encode -t 1 "$tmp/o" <"$tmp/3.ck"; }
echo "| ck-encode, FG, Matte, Processed (EXR PIZ), Comp (PNG) | $(measure encode) |"
video() { ck-encode -t 1 --fg off --matte off --processed off --comp mp4 "$tmp/o2" <"$tmp/3.ck"; }
echo "| ck-encode --comp mp4 alone | $(measure video) |"
key() { ck key "$@" "$tmp/clip.mp4" "$tmp/k" 2>/dev/null; }
echo "| ck key, all cores | $(measure key) |"
