#!/bin/bash
# libckeyer.so as users get it: installed, found by pkg-config, built against in C and C++.
. "$(dirname "$0")/tap.sh"
cd "$here/.." || exit 1
build=$(cd "${CK_TESTS:-build/tests}/.." && pwd)
if ! command -v pkg-config >/dev/null; then
    skip "libckeyer.so" "no pkg-config"
    done_testing
fi
version=$(sed -n 's/^#define CKEYER_VERSION_[A-Z]* //p' lib/ckeyer/ckeyer.h | paste -sd.)
ok "installed" make -s install-ckeyer DESTDIR="$tmp/root" PREFIX=/usr BUILD="$build" SAN="${CK_ASAN:+-fsanitize=address,undefined}"
lib=$tmp/root/usr/lib
export PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tmp/root LD_LIBRARY_PATH=$lib
is "pkg-config knows the version" "$(pkg-config --modversion ckeyer)" "$version"
is "the name that programs record" "$(readelf -d "$lib/libckeyer.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" \
    "libckeyer.so.${version%%.*}"

# Functions that the installed headers declare, those of the list, those of the library.
declared() {
    cat "$tmp"/root/usr/include/ckeyer/*.h | perl -0777 -pe 's{/\*.*?\*/}{}gs; s{static inline[^\{]*\{.*?\n\}}{}gs' |
        grep -oE '\bck_[a-z0-9_]+\(|\bck_common_options\b' | tr -d '(' | LC_ALL=C sort -u
}
is "headers declare what the list exports" "$(declared)" "$(grep -oE 'ck_[a-z0-9_]+;' lib/ckeyer/exports | tr -d ';' | LC_ALL=C sort)"
is "the library exports the list" "$(nm -D --defined-only "$lib/libckeyer.so" | awk '$3 ~ /^ck_/ { sub(/@.*/, "", $3); print $3 }' |
    LC_ALL=C sort)" "$(declared)"
is "and nothing else" "$(nm -D --defined-only "$lib/libckeyer.so" | awk '$3 !~ /^(ck_|CKEYER_)/')" ""

[ "$(grep -c . examples/ck-gain.c)" -le 25 ]
report $? "a stage takes 25 lines"
sanitize=${CK_ASAN:+-fsanitize=address,undefined}
stage() { # NAME COMPILER...: build the example
    local name=$1
    shift
    # shellcheck disable=SC2046,SC2086
    "$@" $sanitize -Wall -Werror $(pkg-config --cflags ckeyer) examples/ck-gain.c -x none $(pkg-config --libs ckeyer) -o "$tmp/$name"
}
"$helpers/mkstream" -n 3 -g 33x17 alpha:f32:1 fg:f32:3:srgb odd:u16:2 >"$tmp/in.ck"
ck-info --npy "$tmp/in" <"$tmp/in.ck" >/dev/null
for how in "c cc -std=c11" "cpp c++ -std=c++20 -x c++"; do
    # shellcheck disable=SC2086
    set -- $how
    if ! command -v "$2" >/dev/null; then
        skip "ck-gain by $2" "no compiler"
        continue
    fi
    ok "ck-gain by $2" stage "$@"
    "$tmp/$1" --gain 0.5 <"$tmp/in.ck" | tee "$tmp/$1.ck" | ck-info --npy "$tmp/$1.out"
    ok "$1: it halves alpha and leaves fg" python3 - "$tmp/in" "$tmp/$1.out" <<'PY'
import struct, sys
def samples(path):  # after the header of .npy
    data = open(path, "rb").read()
    at = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - at) // 4}f", data[at:])
for n in (1001, 1002, 1003):
    a, b = (samples(f"{folder}/alpha.{n:06}.npy") for folder in sys.argv[1:])
    assert len(a) == 33 * 17 and all(y == x * 0.5 for x, y in zip(a, b)), n
    assert samples(f"{sys.argv[1]}/fg.{n:06}.npy") == samples(f"{sys.argv[2]}/fg.{n:06}.npy"), n
PY
    is "$1: and names itself" "$(ck-info <"$tmp/$1.ck" | grep -c 'program=.*ck-gain --gain 0.5')" 1
    is "$1: its version is its own" "$("$tmp/$1" --version)" "ck-gain 1.0"
    is "$1: no manual is claimed" "$("$tmp/$1" --help | grep -c 'man ck')" 0
    fails 2 "gain" "$1: its option has a range" "$tmp/$1" --gain 11
    fails 1 "alpha" "$1: a missing plane is named" bash -c "ck-synth -n 1 -g 64x48 | '$tmp/$1' | cat >/dev/null; exit \${PIPESTATUS[1]}"
done
is "planes pass by reference" "$(ck-synth -n 20 -g 640x360 | ck-hint --method key | ck-matte --from hint | "$tmp/c" | ck-info |
    sed -n 's/FRAME 19.*rgb:[^ ]*:\([a-z]*\)[0-9]*.*alpha:f32[^ ]*:\([a-z]*\)[0-9]*.*/\1 \2/p')" "ring ring"
done_testing
