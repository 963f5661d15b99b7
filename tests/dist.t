#!/bin/bash
# make dist: two source archives of one commit are equal, wherever they are made and whatever git's settings are.
. "$(dirname "$0")/tap.sh"
cd "$here/.." || exit 1
if [ ! -e .git ] || ! git rev-parse --verify -q HEAD >"$tmp/commit" 2>"$tmp/err"; then
    skip "make dist" "no git, or not a clone"
    done_testing
fi
dist() { # FOLDER: an archive from a clone there
    make -s -C "$tmp/$1" dist BUILD="$tmp/$1.build"
}
for folder in one elsewhere/two; do git clone -q . "$tmp/$folder" 2>"$tmp/err"; done
git -C "$tmp/elsewhere/two" config tar.umask 077
ok "make dist" dist one
(umask 077 && TZ=Asia/Tokyo dist elsewhere/two >"$tmp/out" 2>"$tmp/err")
report $? "make dist elsewhere"
one=$(echo "$tmp"/one.build/*.tar.gz) two=$(echo "$tmp"/elsewhere/two.build/*.tar.gz)
ok "the same bytes" cmp "$one" "$two"
is "every file of the commit" "$(tar -tf "$one" | grep -vc '/$')" "$(git -C "$tmp/one" ls-files | wc -l)"
done_testing
