#!/bin/bash
# The recipes of ck(7), FARMS, as they are in the manual; runs in two PID namespaces; a lock that does not end.
. "$(dirname "$0")/tap.sh"
page=$here/../man/ck.7
cd "$tmp" || exit 1

recipe() { # WORD: the line of the manual that begins with it
    sed -n '/^\.Sh FARMS/,/^\.Sh PROFILING/p' "$page" | sed -n "s/^\.Dl \($1 .*\)/\1/p"
}
same() { diff -r -x ck-job.json -x '.ck-*' -x report.html "$1" "$2" >&2; }

ck-synth -n 20 -g 96x64 | ck-encode --plane rgb=png --fg off --matte off --processed off synth
mv synth/rgb plates
# Options that every run below shares come from a wrapper, so that the recipes run unchanged.
mkdir wrapped
cat >wrapped/ck <<W
#!/bin/sh
[ "\$1" != key ] || { shift; exec "$bin/ck" key --classical --screen green --processed off --comp mov "\$@"; }
exec "$bin/ck" "\$@"
W
chmod +x wrapped/ck
PATH=$tmp/wrapped:$PATH
ok "one run" ck key -t 1 plates one

for tool in xargs parallel; do
    first=$tool
    [ $tool != xargs ] || first=seq
    line=$(recipe $first)
    if ! command -v $tool >/dev/null; then
        skip "the recipe of $tool" "$tool is not installed"
        continue
    fi
    rm -rf out
    ok "the recipe of $tool" bash -c "$line"
    ok "its result is that of one run" same one out
    ok "and the line after it" bash -c "$(recipe 'ck verify')"
    ok "with a report of all frames" grep -q "All 20 frames are finished" report.html
done

# Two machines as far as processes can tell: in PID namespaces of their own, both runs have the same numbers.
if unshare --fork --pid --mount-proc true 2>/dev/null; then
    for i in 1 2; do
        unshare --fork --pid --mount-proc ck key -t 1 --report apart.html --resume --chunk $i/2 plates apart 2>"said$i" &
    done
    wait
    ok "chunks in two PID namespaces" same one apart
    is "nothing was said" "$(cat said1 said2)" ""
    ok "their report is whole" grep -q "of 20 frames are finished\|All 20 frames" apart.html
else
    skip "two PID namespaces" "unshare is not permitted"
fi
done_testing
