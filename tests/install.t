#!/bin/bash
# make install, what it installs runs, and make uninstall leaves nothing.
. "$(dirname "$0")/tap.sh"
cd "$here/.." || exit 1
build=$(cd "${CK_TESTS:-build/tests}/.." && pwd)
make_it() { make -s "$@" DESTDIR="$tmp/root" PREFIX=/opt/ck BUILD="$build" BIN="$bin" STRIP= "SAN=${CK_ASAN:+-fsanitize=address,undefined}"; }
mkdir -p "$tmp/root/opt/ck/bin"
echo mine >"$tmp/root/opt/ck/bin/other"
ok "make install" make_it install
at=$tmp/root/opt/ck
is "every program" "$(cd "$at/bin" && echo ck*)" "$(cd "$bin" && echo ck*)"
is "every page" "$(cd "$at/share/man" && ls man?/* | wc -l)" "$(ls man/*.[157] | wc -l)"
for f in LICENSE README.md examples/ck-gain.c contrib/python/ckeyer/__init__.py; do
    ok "$f" test -f "$at/share/doc/ckeyer/$f"
done
is "completion of every program in bash" "$(cd "$at/share/bash-completion/completions" && echo ck*)" "$(cd "$bin" && printf '%s\n' ck* | paste -sd' ')"
ok "the library" test -f "$at/lib/pkgconfig/ckeyer.pc"
if [ -e "$bin/libck-ocio.so" ]; then
    is "an installed program finds its plug-ins" "$(env -u CK_LIB "$at/bin/ck" doctor 2>&1 | grep -ci 'opencolorio.*no libck')" 0
fi
ok "it keys" bash -c "'$at/bin/ck-synth' -n 1 -g 64x48 | '$at/bin/ck-hint' --method key | '$at/bin/ck-info'"
ok "make uninstall" make_it uninstall
is "only what was there before is left" "$(cd "$tmp/root" && find . -type f -o -type l)" "./opt/ck/bin/other"
fails 2 "not installed there" "a second uninstall says why it fails" make_it uninstall
done_testing
