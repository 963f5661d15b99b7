#!/bin/bash
# Every header compiles alone without warnings, and the public headers of lib compile together, so that no two of them
# define the same name.  Public: those in lib/MODULE, not in a folder below it.
#
# Left out: lib/nn/cuda, which is C++ for nvcc, and *_kernel.h, the bodies of several kernels, which need macros of
# the including file.
. "$(dirname "$0")/tap.sh"
cd "$here/.." || exit
# $CK_CC: the compiler with the Makefile's flags.
read -ra cc <<<"${CK_CC:-gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Ilib -Icmd $(pkg-config --cflags OpenEXR)}"
command -v "${cc[0]}" >/dev/null || { skip "headers" "no ${cc[0]}"; done_testing; exit; }

headers=$(find lib cmd -name '*.h' ! -path 'lib/nn/cuda/*' ! -name '*_kernel.h' | sort)
compiles() { "${cc[@]}" -Werror -fsyntax-only -MMD -MF "$tmp/deps" -x c "$1"; }

bad=
for h in $headers; do
    compiles "$h" >"$tmp/said" 2>&1 || { bad="$bad $h"; sed 's/^/# /' "$tmp/said" | head -4; }
done
is "$(wc -w <<<"$headers") headers compile alone" "$bad" ""

grep -E '^lib/[^/]+/[^/]+$' <<<"$headers" | sed 's,^lib/\(.*\),#include "\1",' >"$tmp/all.c"
ok "$(wc -l <"$tmp/all.c") public headers of lib compile together" compiles "$tmp/all.c"

# The test must detect a header that does not compile alone.
printf 'static inline size_t f(void) { return 0; }\n' >"$tmp/alone.h"
fails 1 "unknown type name" "a header that needs another is noticed" compiles "$tmp/alone.h"
cp "$tmp/all.c" "$tmp/twice.c"
echo 'struct ck_frame { int other; };' >>"$tmp/twice.c"
fails 1 "redefinition" "a name of two headers is noticed" compiles "$tmp/twice.c"
done_testing
