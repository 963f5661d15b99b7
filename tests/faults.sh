# shellcheck shell=bash disable=SC2154 # tmp and count are tap.sh's
# Kill stages of a running pipeline at random moments and look at what is left.  Sourced:  trials FIRST LAST
#
#   ck-synth | ck-hint | ck-post | ck-info --pass | ck-encode       as five children of this shell, through FIFOs
#
# Wanted after a stage has died: all have ended within two seconds; those behind it failed, and the last one names the
# victim, or the program before X if that died before HEAD; those before it said nothing; every file there is whole.

programs=(ck-synth ck-hint ck-post ck-info ck-encode)
signals=(KILL SEGV TERM)

start() { # OUT
    local i
    rm -f "$tmp"/p[1-4] "$tmp"/said.*
    mkfifo "$tmp"/p1 "$tmp"/p2 "$tmp"/p3 "$tmp"/p4
    ck-synth -g 320x180 -n 500 >"$tmp/p1" 2>"$tmp/said.0" & pids[0]=$!
    ck-hint -t 1 --method key <"$tmp/p1" >"$tmp/p2" 2>"$tmp/said.1" & pids[1]=$!
    ck-post -t 1 --classical <"$tmp/p2" >"$tmp/p3" 2>"$tmp/said.2" & pids[2]=$!
    ck-info --pass <"$tmp/p3" >"$tmp/p4" 2>"$tmp/said.3" & pids[3]=$!
    ck-encode -t 1 --fg off --processed off "$1" <"$tmp/p4" 2>"$tmp/said.4" & pids[4]=$!
    # A child that dies before its FIFO is open leaves the neighbour's shell waiting in open(2): not ours to end.
    for i in 0 1 2 3 4; do
        while [ "$(cat "/proc/${pids[i]}/comm" 2>/dev/null)" = bash ]; do sleep 0.002; done
    done
}

# All have ended, looked at every 20 ms for two seconds.
ended() {
    local i p left
    for ((i = 0; i < 100; i++)); do
        left=
        for p in "${pids[@]}"; do [ -d "/proc/$p" ] && ! grep -q '^State:.Z' "/proc/$p/status" 2>/dev/null && left=1; done
        [ -z "$left" ] && return 0
        sleep 0.02
    done
    kill -KILL "${pids[@]}" 2>/dev/null
    return 1
}

whole_files() { # OUT
    local folder
    for folder in "$1"/*/; do
        [ -n "$(ls "$folder")" ] || continue
        ck-decode "$folder" 2>&1 >/dev/null | grep . && return 1
    done
    return 0
}

# What a stage said, but for what ck-info is there to say.
words() { grep -vE '^(HEAD|FRAME|END) ' "$tmp/said.$1" | head -1; }

trial() { # SEED
    RANDOM=$1
    local victim=$((RANDOM % 5)) signal=${signals[RANDOM % 3]} i delay status why=
    delay=0.$(printf '%03d' $((RANDOM % 500)))
    local out=$tmp/out
    start "$out"
    sleep "$delay"
    kill -"$signal" "${pids[victim]}"
    ended || why="not ended after 2 s"
    for i in 0 1 2 3 4; do
        wait "${pids[i]}" 2>/dev/null
        status=$?
        [ $i -lt $victim ] && [ -n "$(words $i)" ] && why+="; ${programs[i]} before it said: $(words $i)"
        [ $i -gt $victim ] && [ $status = 0 ] && why+="; ${programs[i]} behind it succeeded"
    done
    if [ $victim -lt 4 ] && ! grep -qE "${programs[victim]}|the program before ${programs[victim + 1]}" "$tmp/said.4"; then
        why+="; the last one does not name it: $(head -1 "$tmp/said.4")"
    fi
    whole_files "$out" >"$tmp/broken" || why+="; $(head -1 "$tmp/broken")"
    [ -z "$why" ]
    report $? "${programs[victim]} gets SIG$signal after $delay s"
    [ -z "$why" ] || echo "# ${why#; }"
}

trials() { # FIRST LAST
    local seed before=$count
    rm -rf "$tmp/out"
    for ((seed = $1; seed <= $2; seed++)); do trial "$seed" 2>>"$tmp/shell"; done
    is "so many trials" $((count - before)) $(($2 - $1 + 1))
    ck-synth -g 32x32 -n 1 | ck-hint | ck-post --classical | ck-encode --fg off --processed off "$tmp/out" 2>"$tmp/err"
    is "the next run sweeps what killed writers left" "$(find "$tmp/out" -name '.ck-*.tmp' | wc -l)" 0
    is "no process is left" "$(pgrep -P $$ 'ck-' | wc -l)" 0
}
