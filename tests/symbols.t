#!/bin/bash
# Names that the linker sees begin with ck_: lib/nn is linked into every program, and a plug-in into whoever opens it.
. "$(dirname "$0")/tap.sh"
build=$(cd "${CK_TESTS:-$here/../build/tests}/.." && pwd)
cd "$here/.." || exit 1

strangers() { # OBJECT...: external symbols without the prefix, a compiler's own (__…) apart
    nm -A -g --defined-only "$@" | awk 'NF > 2 && $NF !~ /^(ck_|_Z[0-9]*ck_|__|DW\.ref\.)/'
}

objects=()
for source in lib/nn/*.c lib/nn/cpu/*.c lib/nn/ref/*.c; do
    objects+=("$build/${source%.c}.o")
done
is "lib/nn defines ck_ names only" "$(strangers "${objects[@]}")" ""

objects=()
for source in lib/nn/cuda/*.c; do objects+=("$build/cuda/${source%.c}.o"); done
for source in lib/nn/cuda/*.cu; do objects+=("$build/cuda/$source.o"); done
if [ -e "${objects[0]}" ]; then
    is "the plug-in does too" "$(strangers "${objects[@]}")" ""
else
    skip "the plug-in does too" "built without CUDA"
fi
done_testing
