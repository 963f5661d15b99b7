#!/bin/sh
# sh setup.sh demo     install missing packages, build, key a synthetic shot, time the network, list the results
# sh setup.sh check    install the tests' packages too, and run all tests
#
# For Debian 12 and 13.  Packages are installed with apt-get as root, else with sudo; if neither is possible the command
# to run is printed.
set -eu
cd "$(dirname "$0")"

build="gcc g++ libc6-dev make pkg-config libavformat-dev libavfilter-dev libavcodec-dev libavutil-dev libswscale-dev libopenexr-dev libpng-dev libtiff-dev libdeflate-dev libdnnl-dev libcurl4-openssl-dev"
tests="perl python3-numpy mypy ffmpeg openexr openimageio-tools libtiff-tools mandoc procps clang-tidy libomp-dev shellcheck strace libopencolorio-dev opencolorio-tools parallel"

say() { printf 'setup.sh: %s\n' "$*" >&2; }

# Print the packages among "$@" that are not installed.
missing() {
    for p in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || printf '%s ' "$p"
    done
}

install() {
    if ! command -v dpkg-query >/dev/null; then
        say "this is not Debian: install what corresponds to these Debian packages: $*"
        return
    fi
    need=$(missing "$@")
    [ -n "$need" ] || return 0
    line="apt-get update && apt-get install -y --no-install-recommends $need"
    if [ "$(id -u)" = 0 ]; then
        as=
    elif command -v sudo >/dev/null; then
        as=sudo
    else
        say "packages are missing; run this as root, then try again:"
        printf '%s\n' "$line"
        exit 1
    fi
    say "installing $need"
    # shellcheck disable=SC2086
    $as apt-get update -qq && $as env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $need >/dev/null
}

demo() {
    # shellcheck disable=SC2086
    install $build
    say "building (some minutes)"
    make -j"$(nproc)" >/dev/null
    out=ck-demo
    rm -rf "$out"
    mkdir -p "$out"
    say "drawing a synthetic shot: $out/plate"
    bin/ck-synth -g 1280x720 -n 24 | bin/ck-encode --plane rgb=png "$out/shot"
    mv "$out/shot/rgb" "$out/plate"
    rm -r "$out/shot"
    say "keying it without a network: ck key --classical $out/plate $out/key"
    bin/ck key --classical "$out/plate" "$out/key"
    stages=$(bin/ck key -n --classical --frames 2,12,22 "$out/plate" "$out/key" | sed 's/ | ck-encode .*//')
    PATH=$PWD/bin:$PATH sh -c "$stages | ck-info --sheet $out/sheet.png"
    time_network
    say "done.  Look at $out/sheet.png (plate, hint, matte, comp), then at"
    say "  $out/key/Matte      the matte, EXR"
    say "  $out/key/FG         the straight foreground, EXR"
    say "  $out/key/Processed  premultiplied, linear, EXR"
    say "  $out/key/Comp       over a checkerboard, PNG"
    say "With a checkpoint of your own: bin/ck key -m CorridorKey_v1.0.pth -s 1024 shot.mov out/"
}

# Time three frames through a network of the public checkpoint's widths, for 512 x 512, with random weights.
time_network() {
    make build/helpers/mkmodel >/dev/null
    build/helpers/mkmodel --half "$out/random.safetensors"
    say "three frames through a network of random weights: the time is that of a real one, the matte is meaningless:"
    say "  ck-decode --frames 0-2 $out/plate | ck-hint | ck-infer -m M | ck-refine -m M | ck-info"
    bin/ck-decode --frames 0-2 "$out/plate" | bin/ck-hint |
        bin/ck-infer --time-layers -m "$out/random.safetensors" 2>"$out/infer.log" |
        bin/ck-refine --time-layers -m "$out/random.safetensors" 2>"$out/refine.log" | bin/ck-info >"$out/network.txt"
    infer=$(milliseconds infer)
    refine=$(milliseconds refine)
    say "  $infer + $refine ms a frame at 512 x 512 (ck-infer + ck-refine); planes: $out/network.txt"
    rm "$out/random.safetensors" "$out/infer.log" "$out/refine.log"
}

# Mean per frame, from the last line of --time-layers; fails without such a line.
milliseconds() { awk '$1 == "all" { printf "%.0f", $4; found = 1 } END { exit !found }' "$out/$1.log"; }

check() {
    # Later Debians lack clang-format 14, so formatting is checked on Debian 12 only.
    if grep -qs '^12' /etc/debian_version; then tests="$tests clang-format-14"; fi
    # shellcheck disable=SC2086
    install $build $tests
    make -j"$(nproc)" test-build
    make check
    make format-check lint
}

case "${1-}" in
demo) demo ;;
check) check ;;
*)
    say "usage: sh setup.sh demo|check"
    exit 2
    ;;
esac
