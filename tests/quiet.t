#!/bin/bash
# --quiet, and colours on a terminal only.
. "$(dirname "$0")/tap.sh"
ck-synth -n 1 -g 64x48 | ck-encode --plane rgb=png "$tmp/shot"
ck key "$tmp/shot/rgb" "$tmp/out" 2>"$tmp/loud"
ok "a notice without --quiet" grep -q 'no model was found' "$tmp/loud"
ck key -q "$tmp/shot/rgb" "$tmp/quiet" 2>"$tmp/err"
is "ck key --quiet" "$? $(cat "$tmp/err")" "0 "
ok "does the same" diff -r -x ck-job.json "$tmp/out" "$tmp/quiet"
fails 1 "nothing.png" "errors remain" ck-decode -q "$tmp/nothing.png"
is "--quiet is above --verbose" "$(ck-synth -q -v -n 1 -g 64x48 2>&1 >"$tmp/x" | wc -c)" 0
is "no colour into a file" "$(tr -cd '\033' <"$tmp/loud" | wc -c)" 0

terminal() { script -qec "$1" "$tmp/typescript" >"$tmp/screen" </dev/null; }
if command -v script >"$tmp/x"; then
    export TERM=xterm
    terminal "ck-decode '$tmp/nothing.png' >/dev/null"
    ok "an error on a terminal is red" grep -q $'\033\[31mck-decode: \033\[0m' "$tmp/screen"
    NO_COLOR=1 terminal "ck-decode '$tmp/nothing.png' >/dev/null"
    is "NO_COLOR" "$(grep -c $'\033\[' "$tmp/screen") $(grep -c 'nothing.png' "$tmp/screen")" "0 1"
    TERM=dumb terminal "ck-decode '$tmp/nothing.png' >/dev/null"
    is "TERM=dumb" "$(grep -c $'\033\[' "$tmp/screen")" 0
    terminal "ck key -q '$tmp/shot/rgb' '$tmp/terminal'"
    is "no progress with --quiet" "$(tr -d '\r\n' <"$tmp/screen")" ""
else
    skip "colours" "no script(1)"
fi
done_testing
