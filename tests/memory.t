#!/bin/bash
# Memory is bounded whatever the clip's length: 2,000 frames of 640x360 against 20.
. "$(dirname "$0")/tap.sh"

# The sanitizers keep freed memory for a while: their peaks say nothing about ours.
if [ -n "${CK_ASAN-}" ]; then
    skip "peak memory" "AddressSanitizer's quarantine is what would be measured"
    done_testing
fi
if ! command -v ffmpeg >/dev/null; then
    skip "peak memory" "ffmpeg is not installed"
    done_testing
fi

# Large enough that an encoder's own look-ahead is full in both.
clip() { ffmpeg -v error -f lavfi -i "testsrc2=s=640x360:r=25" -frames:v "$1" -c:v mpeg4 -q:v 5 -y "$2"; }
clip 100 "$tmp/short.mp4"
clip 2000 "$tmp/long.mp4"

# Each stage's peak in KiB.
run() { # NAME CLIP
    local p=$helpers/peak
    "$p" "$tmp/$1.1" ck-decode "$2" | "$p" "$tmp/$1.2" ck-hint | "$p" "$tmp/$1.3" ck-post --classical |
        "$p" "$tmp/$1.4" ck-encode --fg off --matte off --processed off --comp mp4 "$tmp/$1" >/dev/null 2>"$tmp/$1.err"
    cat "$tmp/$1".[1-4] | tr '\n' ' '
}
short=$(run short "$tmp/short.mp4")
long=$(run long "$tmp/long.mp4")
set -- $short
for stage in ck-decode ck-hint ck-post ck-encode; do
    a=$1
    shift
    b=${long%% *}
    long=${long#* }
    [ "$b" -gt 0 ] && [ "$b" -le $((a + 8192)) ]
    report $? "$stage: 2,000 frames take $b KiB, a short clip $a KiB"
done
ok "the long clip was written" test -s "$tmp/long/comp.mp4"
done_testing
