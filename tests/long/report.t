#!/bin/bash
# The frames that a report lists, on shots of 300 frames: three planted faults come first, and a clean shot has none.
. "$(dirname "$0")/../tap.sh"
cd "$tmp" || exit 1

key() { ck key --classical --fg off --processed off --matte png8 "$@"; }
listed() { # PAGE: the first five frames that it lists
    grep -o '<div class="n[^>]*>[0-9]*' "$1" | grep -o '[0-9]*$' | head -5 | sort -n | tr '\n' ' '
}
lists() { grep -c '^{"outliers"' "$1/ck-job.json"; }

for options in "--seed 1" "--seed 2" "--seed 3 --blue" "--seed 4"; do
    seed=${options//[^0-9]/}
    # shellcheck disable=SC2086 # several words
    ck-synth $options -n 300 -g 320x180 | ck-encode --plane rgb=png --fg off --matte off --processed off "plate$seed"
    ok "a clean shot, ck-synth $options" key --report "$seed.html" "plate$seed/rgb" "clean$seed"
    is "no frame of it is listed" "$(listed "$seed.html")$(lists "clean$seed")" 0
done

if ! command -v ffmpeg >/dev/null; then
    skip "planted faults" "ffmpeg is not installed"
    done_testing
fi
plant() { # SEED X,Y: a hole in frame 90, a flash in frame 200, a corrupt frame 150
    local p=plate$1/rgb
    cp "$p/00090.png" hole.png
    cp "$p/00200.png" flash.png
    ffmpeg -v error -y -i hole.png -vf "drawbox=x=${2%,*}:y=${2#*,}:w=18:h=18:color=$3:t=fill" "$p/00090.png"
    ffmpeg -v error -y -i flash.png -vf 'lutrgb=r=val*1.2:g=val*1.2:b=val*1.2' "$p/00200.png"
    truncate -s 9000 "$p/00150.png"
}
plant 1 160,145 0x30AD44
fails 3 "00150.png" "a shot with three faults" key --keep-going --report bad.html plate1/rgb bad
is "the three come first" "$(listed bad.html)" "90 150 200 "
done_testing
