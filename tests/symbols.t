#!/bin/bash
# Linker names: all begin with ck_; no name is used by two programs' files or rooms; files have no cyclic dependencies.
. "$(dirname "$0")/tap.sh"
build=$(cd "${CK_TESTS:-$here/../build/tests}/.." && pwd)
cd "$here/.." || exit 1
[ -n "${CK_LIBS-}" ] || CK_LIBS=$(make -s libs)

strangers() { # OBJECT...: external symbols without the prefix, except main and compiler names (__…)
    nm -A -g --defined-only "$@" | awk 'NF > 2 && $NF !~ /^(ck_|_Z[0-9]*ck_|__|DW\.ref\.|main$)/'
}
circle() { # OBJECT...: the files of a cycle, each using something of the next
    nm -A -g "$@" | awk '
        { split($1, at, ":"); name = $NF; kind = $(NF - 1) }
        kind == "U" { uses[at[1], name] = 1; next }
        kind ~ /^[TDBRCVWi]$/ && name != "main" { by[name] = at[1] }
        END { for (u in uses) { split(u, p, SUBSEP); if (p[2] in by && by[p[2]] != p[1]) print p[1], by[p[2]] } }' |
        tsort 2>&1 >/dev/null | grep -v 'contains a loop'
}
link_whole() { # OUT OBJECT...: link with all of libck.a, so that a name defined twice is an error
    # shellcheck disable=SC2086
    ${CK_CC:-cc} -o "$1" "${@:2}" -Wl,--whole-archive "$build/libshared.a" "$build/libck.a" -Wl,--no-whole-archive $CK_LIBS 2>&1
}

library=()
for source in lib/*/*.c lib/nn/cpu/*.c lib/nn/ref/*.c; do library+=("$build/${source%.c}.o"); done
is "lib defines ck_ names only" "$(strangers "${library[@]}")" ""
is "no files of lib in a circle" "$(circle "${library[@]}")" ""

options=("$build"/cmd/*/options.o)
for folder in cmd/*/; do
    [ "$folder" != cmd/shared/ ] || continue
    program=$(basename "$folder") objects=()
    for source in "$folder"*.c; do objects+=("$build/${source%.c}.o"); done
    is "$program defines ck_ names only" "$(strangers "${objects[@]}")" ""
    is "no files of $program in a circle" "$(circle "${objects[@]}")" ""
    for o in "${options[@]}"; do # the front end links every option table
        [ "$program" != ck ] || [ "$o" = "$build/cmd/ck/options.o" ] || objects+=("$o")
    done
    is "$program links with all of libck.a" "$(link_whole "$tmp/$program" "${objects[@]}")" ""
done

objects=()
for source in lib/nn/cuda/*.c; do objects+=("$build/cuda/${source%.c}.o"); done
for source in lib/nn/cuda/*.cu; do objects+=("$build/cuda/$source.o"); done
if [ -e "${objects[0]}" ]; then
    is "the plug-in defines ck_ names only" "$(strangers "${objects[@]}")" ""
else
    skip "the plug-in defines ck_ names only" "built without CUDA"
fi

# Checked as linked: templates of the standard library are in its object, and hidden by the list of exports.
plugin=${CK_BIN:-bin}/libck-ocio.so
if [ -e "$plugin" ]; then
    is "libck-ocio.so exports its entry only" "$(nm -D --defined-only "$plugin" | awk '{ print $NF }')" ck_ocio_plugin
else
    skip "libck-ocio.so exports its entry only" "built without OpenColorIO"
fi

# Faults that must be found.
plant() { printf '%s\n' "$2" >"$tmp/$1.c" && ${CK_CC:-cc} -c -o "$tmp/$1.o" "$tmp/$1.c"; }
plant twin 'int ck_frame_add(void) { return 0; } int main(void) { return 0; }'
ok "a name of lib that a program defines too is found" bash -c '[[ $1 == *"multiple definition"*ck_frame_add* ]]' _ \
    "$(link_whole "$tmp/twin" "$tmp/twin.o")"
plant stranger 'int helper(void) { return 0; }'
ok "a name without the prefix is found" bash -c '[[ $1 == *helper ]]' _ "$(strangers "$tmp/stranger.o")"
plant one 'int ck_two(void); int ck_one(void) { return ck_two(); }'
plant two 'int ck_one(void); int ck_two(void) { return ck_one(); }'
ok "a circle is found" bash -c '[[ $1 == *one.o* && $1 == *two.o* ]]' _ "$(circle "$tmp/one.o" "$tmp/two.o")"
done_testing
