#!/bin/bash
# The stage in Python: planes that it changes and passes on, and its end.
. "$(dirname "$0")/tap.sh"
stage=$here/../contrib/ck-matte-gamma
if ! python3 -c 'import numpy' 2>"$tmp/err"; then
    skip "contrib/ck-matte-gamma" "no python3 with numpy"
    done_testing
fi
data() { ck-info --npy "$1"; }
[ "$(wc -l <"$stage")" -lt 80 ]
report $? "fewer than 80 lines"
"$helpers/mkstream" -n 3 -g 33x17 alpha:f32:1 fg:f32:3:srgb odd:u16:2 note=ä -e 1 >"$tmp/in.ck"
ok "gamma 1" bash -c "'$stage' 1 <'$tmp/in.ck' >'$tmp/one.ck'"
data "$tmp/in" <"$tmp/in.ck" 2>"$tmp/err"
data "$tmp/one" <"$tmp/one.ck" 2>"$tmp/err"
ok "changes nothing" diff -r "$tmp/in" "$tmp/one"
is "but for the program in HEAD" "$(ck-info <"$tmp/one.ck" 2>"$tmp/err" | diff - <(ck-info <"$tmp/in.ck" 2>"$tmp/err") |
    grep -c '^[<>]')" 2
is "which is there" "$(ck-info <"$tmp/one.ck" 2>"$tmp/err" | grep -c '| ck-matte-gamma 1')" 1
"$stage" 2 <"$tmp/in.ck" | data "$tmp/two" 2>"$tmp/err"
ok "gamma 2 squares alpha, sign kept" python3 -c "
import numpy as np
a, b = (np.load('$tmp/%s/alpha.001003.npy' % n) for n in ('in', 'two'))
assert np.allclose(b, a * np.abs(a), rtol=1e-6, atol=0)" # a product and a power in float32: a few ULP
ok "and leaves fg" cmp "$tmp/in/fg.001003.npy" "$tmp/two/fg.001003.npy"
ok "in a pipeline" bash -c "set -o pipefail; ck-synth -n 2 -g 64x48 | ck-hint --method key | ck-post --classical |
    '$stage' 0.9 | ck-encode --fg off --processed off '$tmp/out'"
head -c 9000 "$tmp/in.ck" >"$tmp/cut.ck"
fails 1 "without END" "a stream that stops" bash -c "'$stage' 1 <'$tmp/cut.ck' >'$tmp/x.ck'"
"$helpers/mkstream" -n 3 -a 1 alpha:f32:1 >"$tmp/abort.ck"
"$stage" 1 <"$tmp/abort.ck" >"$tmp/x.ck"
is "ABORT: the status" $? 1
fails 1 "mkstream" "and it is passed on" bash -c "ck-info <'$tmp/x.ck'"
fails 1 "ck-frame(5)" "noise" bash -c "head -c 999 /dev/zero | '$stage' 1"
done_testing
