#!/bin/bash
# A failed run ends soon, also in the middle of a frame that takes half a minute: a stage upstream or downstream dies,
# the output is closed, the disk is full, or a neighbour hangs.
. "$(dirname "$0")/tap.sh"
PATH=$helpers:$PATH
exec 2>"$tmp/shell" # the shell reports every killed job there

# Seconds, in hundredths, until all processes have ended; at most 10.
until_ended() { # PID...
    local start i p left
    start=$(date +%s%N)
    for ((i = 0; i < 500; i++)); do
        left=
        for p in "$@"; do [ -d "/proc/$p" ] && ! grep -q '^State:.Z' "/proc/$p/status" 2>/dev/null && left=1; done
        [ -z "$left" ] && break
        sleep 0.02
    done
    kill -KILL "$@" 2>/dev/null
    echo $((($(date +%s%N) - start) / 10000000)) | sed -E 's/^(.)$/0\1/; s/(..)$/.\1/; s/^\./0./'
}

under() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }

# hand | SECOND | THIRD | FOURTH | drop.  The first frame passes quickly, then the middle stages are slow.
start() { # SIZE SECOND THIRD FOURTH LAST
    rm -f "$tmp"/p[1-4] "$tmp"/said.*
    mkfifo "$tmp"/p1 "$tmp"/p2 "$tmp"/p3 "$tmp"/p4
    teststage hand -g "$1" -n 1000000 >"$tmp/p1" 2>"$tmp/said.0" & pids[0]=$!
    $2 <"$tmp/p1" >"$tmp/p2" 2>"$tmp/said.1" & pids[1]=$!
    $3 <"$tmp/p2" >"$tmp/p3" 2>"$tmp/said.2" & pids[2]=$!
    $4 <"$tmp/p3" >"$tmp/p4" 2>"$tmp/said.3" & pids[3]=$!
    $5 <"$tmp/p4" >/dev/null 2>"$tmp/said.4" & pids[4]=$!
}
names=(teststage teststage teststage teststage teststage) # as in HEAD
slow="teststage slow --ms 30000" quick="teststage pass" last="teststage drop"

for size in 1024x512 32x32; do
    for victim in 0 1 3 4; do
        start $size "$quick" "$slow" "$slow" "$last"
        sleep 0.5
        kill -KILL "${pids[victim]}"
        took=$(until_ended "${pids[@]}")
        ok "$size: all end within 2 s ($took) when stage $victim of five is killed in the middle of a long frame" under "$took" 2
        wait "${pids[@]}" 2>/dev/null
        [ $victim = 4 ] || is "the last one says so, once" "$(wc -l <"$tmp/said.4")-$(grep -c "stopped: ${names[victim]}: failed or was killed" "$tmp/said.4")" 1-1
        is "those before it say nothing" "$(for ((i = 0; i < victim; i++)); do cat "$tmp/said.$i"; done)" ""
    done
    start $size "$slow" "$slow" "$slow" "$last"
    sleep 0.5
    kill -TERM "${pids[0]}"
    took=$(until_ended "${pids[@]}")
    ok "$size: and when all three between are in one ($took)" under "$took" 2
    wait "${pids[@]}" 2>/dev/null
done

# A stage fails while it processes another, slow frame.
start 1024x512 "$quick" "$slow" "$quick" "teststage fail --skip 0"
took=$(until_ended "${pids[@]}")
ok "a failing last stage ends all ($took)" under "$took" 2
is "and alone says why" "$(cat "$tmp"/said.[0-3])-$(grep -c 'asked to fail' "$tmp/said.4")" -1

# The output is closed.
took=$( { teststage hand -n 1000 2>/dev/null | teststage slow --ms 30000 2>"$tmp/said" & } | head -c 100 >/dev/null
    until_ended $(pgrep -P $$ teststage))
ok "a closed output ends a stage in the middle of a frame ($took)" under "$took" 2

# The disk is full.
ck-synth -g 640x360 -n 100 2>"$tmp/said.0" | ck-hint 2>"$tmp/said.1" | ck-post --classical 2>"$tmp/said.2" |
    (trap '' XFSZ; ulimit -f 20; ck-encode --fg off --comp off "$tmp/full" 2>"$tmp/said.3")
is "a full disk is told once, by the one that writes" "$?-$(cat "$tmp"/said.[012])-$(grep -c 'cannot write\|cannot finish' "$tmp/said.3")" "1--1"
is "and leaves no unfinished file" "$(find "$tmp/full" -name '.ck-*.tmp' | wc -l)" 0
whole() { for f in "$tmp/full"/*/*.exr; do [ ! -f "$f" ] || ck-decode "$f" >/dev/null || return 1; done; }
ok "what is there is whole" whole

# A neighbour hangs.
for stopped in 0 2 4; do
    start 32x32 "$quick --timeout 1" "$quick --timeout 1" "$quick --timeout 1" "$last --timeout 1"
    sleep 0.3
    kill -STOP "${pids[stopped]}"
    others=()
    for i in 0 1 2 3 4; do [ $i = $stopped ] || others+=("${pids[i]}"); done
    took=$(until_ended "${others[@]}")
    ok "with --timeout 1 the others end within 1 s and 2 when stage $stopped stands still ($took)" under "$took" 3
    kill -KILL "${pids[stopped]}"
    wait "${pids[@]}" 2>/dev/null
done

# Unfinished files of a slow last stage are removed.
ck-synth -g 3840x2160 -n 30 2>/dev/null | ck-hint 2>/dev/null | ck-post --classical 2>/dev/null |
    ck-encode -t 1 --compression zip --processed exr "$tmp/cut" 2>"$tmp/err" &
sleep 3
pkill -KILL -P $$ ck-synth
took=$(until_ended $(pgrep -P $$ 'ck-'))
ok "a 4K pipeline ends in time ($took)" under "$took" 2
is "with nothing unfinished left" "$(find "$tmp/cut" -name '.ck-*.tmp' 2>/dev/null | wc -l)" 0
ok "and the victim named" grep -q 'stopped: .*ck-synth' "$tmp/err"
done_testing
