#!/bin/bash
# The README's two commands in bare Debians, from a clean clone of the last commit, with warnings as errors.
#
#   bash tests/debians.sh [12] [13]     needs root, debootstrap and Debian's packages
#
# The log is build/debians/N.log.  Goldens are seen from $CK_GOLDENS, else ../shared/golden, if they exist.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/debian_root.sh
GOLDEN=$(realpath -qe "${CK_GOLDENS:-../shared/golden}" || true)

run() {
    unpack "$1" "$folder/$1"
    git clone -q . "$folder/$1/ck"
    enter "$folder/$1" "cd /ck && sh setup.sh demo && sh setup.sh check" CI=true ${GOLDEN:+CK_GOLDENS=/golden} >"$folder/$1.log" 2>&1
}

failed=0
[ $# -gt 0 ] || set -- 12 13
for n in "$@"; do
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
