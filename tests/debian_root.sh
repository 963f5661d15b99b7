# shellcheck shell=bash
# Bare Debians in folders.  Source it from the project's folder; $folder: where they lie (build/debians).
#
#   bare N               make the bare system N (12 or 13) once, as $folder/N.tar
#   unpack N ROOT        a fresh copy of it
#   enter ROOT COMMAND [VARIABLE=VALUE]...   run a command of sh in it, as root, with /proc, /sys and /dev

folder=$PWD/build/debians
declare -A suite=([12]=bookworm [13]=trixie)

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}
[ "$(id -u)" = 0 ] || die "needs root, for debootstrap and chroot"
command -v debootstrap >/dev/null || die "needs debootstrap: apt-get install debootstrap"
mkdir -p "$folder"

bare() {
    [ -n "${suite[$1]-}" ] || die "no Debian '$1' is known here: 12 or 13"
    [ -f "$folder/$1.tar" ] && return
    rm -rf "$folder/$1.new"
    debootstrap --variant=minbase "${suite[$1]}" "$folder/$1.new" >"$folder/$1.log" 2>&1 ||
        die "debootstrap of ${suite[$1]} failed: see $folder/$1.log"
    tar -C "$folder/$1.new" -cf "$folder/$1.tar.new" .
    rm -rf "$folder/$1.new"
    mv "$folder/$1.tar.new" "$folder/$1.tar"
}

unpack() {
    rm -rf --one-file-system "$2"
    mkdir "$2"
    tar -C "$2" -xf "$folder/$1.tar"
    cp -L /etc/resolv.conf "$2/etc/resolv.conf"
}

# Mounts are in a namespace of this run and disappear with it.
# shellcheck disable=SC2016
inside='
set -e
root=$1 command=$2
shift 2
for d in proc sys dev; do mount --rbind /$d "$root/$d"; done
if [ -n "$GOLDEN" ]; then mkdir -p "$root/golden" && mount --bind -o ro "$GOLDEN" "$root/golden"; fi
exec chroot "$root" env -i HOME=/root DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" sh -ec "$command"'

enter() {
    GOLDEN=${GOLDEN-} unshare --mount --propagation private sh -c "$inside" sh "$@" </dev/null
}
