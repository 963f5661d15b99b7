#!/bin/bash
# Debian packages, from a clean clone of the last commit: built in one bare Debian, checked by lintian, built there again
# in another folder to the same bytes, then installed, used and removed in another.
#
#   bash tests/packages.sh [12] [13]    needs root, debootstrap, Debian's packages, and ffmpeg for a clip
#
# The packages are left in build/debians/N.deb, the log is build/debians/N.log.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/debian_root.sh

# The README's commands.  The second build differs in what must not matter: folder, time, umask, time zone, language.
# shellcheck disable=SC2016
make='cd /ck
apt-get update -qq
apt-get install -qq --no-install-recommends git lintian >/dev/null
apt-get build-dep -qq --no-install-recommends ./ >/dev/null
git config --global --add safe.directory "*"
make deb CUDA=0
lintian --fail-on error build/deb/*.changes
git clone -q . /root/elsewhere
cd /root/elsewhere
umask 077
TZ=Asia/Tokyo LC_ALL=C.UTF-8 make deb CUDA=0
for d in /ck/build/deb/*.deb /ck/build/*.tar.gz; do
    cmp "$d" "${d#/ck/}" || { echo "two builds differ: $d"; exit 1; }
done
echo "two builds are equal"
apt-get install -qq /ck/build/deb/libckeyer*.deb >/dev/null
cc $(pkg-config --cflags ckeyer) examples/ck-gain.c $(pkg-config --libs ckeyer) -o ck-gain
PATH=$(echo /ck/build/deb/ckeyer-*/bin):$PATH
end=$(ck-synth -n 2 -g 64x48 | ck-hint --method key | ck-matte --from hint | ./ck-gain -g 0.5 | ck-info | tail -1)
test "$end" = "END 2 frames"'

build() { # N: the packages of N
    unpack "$1" "$folder/$1.build"
    git clone -q . "$folder/$1.build/ck"
    enter "$folder/$1.build" "$make"
    rm -rf "$folder/$1.deb"
    mkdir "$folder/$1.deb"
    cp "$folder/$1.build"/ck/build/deb/*.deb "$folder/$1.deb"
    rm -rf --one-file-system "$folder/$1.build"
}

# shellcheck disable=SC2016
use='cd /root
begin=$(date +%s)
apt-get update -qq
apt-get install -qq --no-install-recommends /deb/*.deb >/dev/null
ck key clip.mp4 out/
echo "package to result: $(($(date +%s) - begin)) s"
test "$(ls out/Matte | wc -l)" = 12
python3 -c "import ckeyer"
man_pages=$(dpkg -L ckeyer | grep -c man/man)
test "$man_pages" -ge 16
dpkg -L ckeyer libckeyer1 libckeyer-dev python3-ckeyer | sort -u >installed
apt-get purge -qq ckeyer libckeyer1 libckeyer-dev python3-ckeyer >/dev/null
while read -r path; do
    test -d "$path" || ! test -e "$path" || { echo "left: $path"; exit 1; }
done <installed
for d in /usr/lib/ck /usr/include/ckeyer /usr/share/doc/ckeyer /usr/lib/python3/dist-packages/ckeyer; do
    test ! -e $d || { echo "left: $d"; exit 1; }
done
echo "nothing is left"'

run() {
    build "$1"
    unpack "$1" "$folder/$1"
    cp "$folder/clip.mp4" "$folder/$1/root"
    cp -R "$folder/$1.deb" "$folder/$1/deb"
    enter "$folder/$1" "$use"
}

# A picture before a green screen that moves.
ffmpeg -v error -y -f lavfi -i color=0x20b040:size=640x360:rate=24 -f lavfi -i testsrc=size=160x200:rate=24 \
    -filter_complex 'overlay=x=100+10*n:y=100' -frames:v 12 -pix_fmt yuv420p "$folder/clip.mp4"
failed=0
[ $# -gt 0 ] || set -- 12 13
for n in "$@"; do
    bare "$n"
    set +e # within a condition -e has no effect
    (set -e && run "$n") >"$folder/$n.log" 2>&1
    code=$?
    set -e
    if [ $code = 0 ]; then
        printf 'Debian %s: %s\n' "$n" "$(grep -E '^(two builds|package to result|nothing is left)' "$folder/$n.log" | paste -sd' ')"
        rm -rf --one-file-system "${folder:?}/$n"
    else
        printf 'Debian %s: FAILED, see %s\n' "$n" "$folder/$n.log"
        failed=1
    fi
done
exit $failed
