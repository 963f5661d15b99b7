#!/bin/bash
# The README's two commands in bare Debians, from a clean clone of the last commit, with warnings as errors.
#
#   bash tests/debians.sh [12] [13]     needs root, debootstrap and Debian's packages
#
# A bare system is made once, as build/debians/N.tar; each run unpacks it again.  The log is build/debians/N.log.
# Goldens are copied in from $CK_GOLDENS, else ../shared/golden, if they exist.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/build/debians
golden=$(realpath -q "${CK_GOLDENS:-../shared/golden}" || true)

declare -A suite=([12]=bookworm [13]=trixie)

die() {
    printf 'debians.sh: %s\n' "$*" >&2
    exit 2
}

bare() {
    [ -f "$folder/$1.tar" ] && return
    rm -rf "$folder/$1.new"
    debootstrap --variant=minbase "${suite[$1]}" "$folder/$1.new" >"$folder/$1.log" 2>&1 ||
        die "debootstrap of ${suite[$1]} failed: see $folder/$1.log"
    tar -C "$folder/$1.new" -cf "$folder/$1.tar.new" .
    rm -rf "$folder/$1.new"
    mv "$folder/$1.tar.new" "$folder/$1.tar"
}

# Mounts are in a namespace of this run and disappear with it.
# shellcheck disable=SC2016
inside='
set -e
for d in proc sys dev; do mount --rbind /$d "$1/$d"; done
if [ -d "$2" ]; then mkdir -p "$1/golden" && mount --bind -o ro "$2" "$1/golden"; fi
exec chroot "$1" env -i CI=true HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    ${2:+CK_GOLDENS=/golden} sh -ec "cd /ck && sh setup.sh demo && sh setup.sh check"'

run() {
    local root=$folder/$1
    rm -rf --one-file-system "$root"
    mkdir "$root"
    tar -C "$root" -xf "$folder/$1.tar"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    git clone -q . "$root/ck"
    unshare --mount --propagation private sh -c "$inside" sh "$root" "$golden" </dev/null >"$folder/$1.log" 2>&1
}

[ "$(id -u)" = 0 ] || die "needs root, for debootstrap and chroot"
command -v debootstrap >/dev/null || die "needs debootstrap: apt-get install debootstrap"
mkdir -p "$folder"
failed=0
[ $# -gt 0 ] || set -- 12 13
for n in "$@"; do
    [ -n "${suite[$n]-}" ] || die "no Debian '$n' is known here: 12 or 13"
    bare "$n"
    if run "$n"; then
        printf 'Debian %s: %s\n' "$n" "$(grep '^Files=' "$folder/$n.log")"
        rm -rf --one-file-system "${folder:?}/$n"
    else
        printf 'Debian %s: FAILED, see %s\n' "$n" "$folder/$n.log"
        failed=1
    fi
done
exit $failed
