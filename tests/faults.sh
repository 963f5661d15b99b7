# shellcheck shell=bash disable=SC2154 # tmp and count are tap.sh's
# Kill stages of a running pipeline, or `ck`, at random moments and check the state afterwards.  Sourced:
#
#   trials FIRST LAST MS      ck-synth | ck-hint | ck-post | ck-info --pass | ck-encode   as five children, through FIFOs
#   key_trials FIRST LAST MS  ck key, classical and with a network, one of its stages or itself
#
# MS: the latest moment of a death after the start.  Thirty numbers in a row are every signal to every stage; twelve runs
# of ck key are every signal to either kind.
#
# Requirements: all processes end within two seconds (with --timeout 1 one more, if a stage hangs).  Stages downstream
# of the victim fail, and one of them names it: as "the program before X" if it died before HEAD, or as "X or a program
# before it" if frames go through the pipes.  Stages upstream print nothing.  Every output file is complete, and no
# unfinished file is left, unless the writer itself got SIGKILL, SIGSEGV or SIGSTOP.

programs=(ck-synth ck-hint ck-post ck-info ck-encode)
signals=(KILL SEGV TERM INT HUP STOP)
export ASAN_OPTIONS=${ASAN_OPTIONS-}:handle_segv=0 # the handler would write a report

start() { # OUT [OPTION]
    local i
    rm -f "$tmp"/p[1-4] "$tmp"/said.*
    mkfifo "$tmp"/p1 "$tmp"/p2 "$tmp"/p3 "$tmp"/p4
    local env="env --default-signal=INT"
    # shellcheck disable=SC2086 # words
    {
    $env ck-synth $2 -g 320x180 -n 500 >"$tmp/p1" 2>"$tmp/said.0" & pids[0]=$!
    $env ck-hint $2 -t 1 --method key <"$tmp/p1" >"$tmp/p2" 2>"$tmp/said.1" & pids[1]=$!
    $env ck-post $2 -t 1 --classical <"$tmp/p2" >"$tmp/p3" 2>"$tmp/said.2" & pids[2]=$!
    $env ck-info $2 --pass <"$tmp/p3" >"$tmp/p4" 2>"$tmp/said.3" & pids[3]=$!
    $env ck-encode $2 -t 1 --fg off --processed off "$1" <"$tmp/p4" 2>"$tmp/said.4" & pids[4]=$!
    }
    # A child that dies before its FIFO is open leaves the neighbour's shell waiting in open(2): no
    # stage could end that, so wait until all have started.
    for i in 0 1 2 3 4; do
        while [[ $(cat "/proc/${pids[i]}/comm" 2>/dev/null) =~ ^(bash|env)$ ]]; do sleep 0.002; done
    done
}

whole_files() { # OUT
    local folder
    for folder in "$1"/*/; do
        [ -n "$(ls "$folder")" ] || continue
        ck-decode "$folder" 2>&1 >/dev/null | grep . && return 1
    done
    return 0
}

unfinished() { find "$1" -name '.ck-*' ! -name .ck-lock 2>/dev/null | grep -q .; }

# First message of a stage, excluding ck-info's output and ck-encode's count of files replaced.
words() { grep -vE '^(HEAD|FRAME|END) |of an earlier run (was|were) replaced$' "$tmp/said.$1" | head -1; }

# Exactly one program downstream names the victim, or says that it is one of several.  Usually the last program; not if
# that had not started to read.
named() { # VICTIM
    local i who=${programs[$1]}"|the program upstream of ${programs[$1 + 1]}"
    for ((i = $1; i < 4; i++)); do who+="|${programs[i]} or a program upstream of it"; done
    [ "$(for ((i = $1 + 1; i < 5; i++)); do words $i; done | grep -cE "stopped: ($who):")" = 1 ]
}

trial() { # NUMBER MS
    RANDOM=$1
    local victim=$(($1 % 5)) signal=${signals[$1 % 6]} i delay status why="" limit=20 others
    delay=0.$(printf '%03d' $((RANDOM % $2)))
    local out=$tmp/out
    start "$out" "$([ "$signal" != STOP ] || echo --timeout=1)"
    sleep "$delay"
    kill -"$signal" "${pids[victim]}"
    others=("${pids[@]}")
    [ "$signal" != STOP ] || { unset "others[victim]"; limit=30; }
    ended $limit "${others[@]}" || why="not ended after $limit tenths of a second"
    [ "$signal" != STOP ] || kill -KILL "${pids[victim]}"
    for i in 0 1 2 3 4; do
        wait "${pids[i]}" 2>/dev/null
        status=$?
        [ "$signal" = STOP ] || [ $i -ge $victim ] || [ -z "$(words $i)" ] ||
            why+="; ${programs[i]} before it said: $(words $i)"
        [ $i -gt $victim ] && [ $status = 0 ] && why+="; ${programs[i]} behind it succeeded"
    done
    if [ "$signal" = STOP ]; then
        cat "$tmp"/said.* | grep -q 'seconds (--timeout)' || why+="; the timeout is not reported"
    elif [ $victim -lt 4 ] && ! named $victim; then
        why+="; nobody names it, once: $(for ((i = victim + 1; i < 5; i++)); do words $i; done)"
    fi
    whole_files "$out" >"$tmp/broken" || why+="; $(head -1 "$tmp/broken")"
    if [ $victim != 4 ] || [[ $signal =~ ^(TERM|INT|HUP)$ ]]; then
        unfinished "$out" && why+="; unfinished files are left"
    fi
    # Files of a killed writer are removed by the next run.
    find "$out" -name '.ck-*' ! -name .ck-lock -delete 2>/dev/null
    [ -z "$why" ]
    report $? "${programs[victim]} gets SIG$signal after $delay s"
    [ -z "$why" ] || echo "# ${why#; }"
}

trials() { # FIRST LAST MS
    local n before=$count
    rm -rf "$tmp/out"
    for ((n = $1; n <= $2; n++)); do trial "$n" "$3" 2>>"$tmp/shell"; done
    is "so many trials" $((count - before)) $(($2 - $1 + 1))
    ck-synth -g 320x180 -n 500 2>"$tmp/err" | ck-hint 2>"$tmp/err" | ck-post --classical 2>"$tmp/err" |
        ck-encode --fg off --processed off "$tmp/out" 2>"$tmp/err" &
    sleep 0.5
    kill -KILL $! 2>/dev/null
    wait $! 2>/dev/null
    ck-synth -g 32x32 -n 1 | ck-hint | ck-post --classical | ck-encode --fg off --processed off "$tmp/out" 2>"$tmp/err"
    is "the next run sweeps what killed writers left" "$(find "$tmp/out" -name '.ck-*' ! -name .ck-lock | wc -l)" 0
    is "no process is left" "$(pgrep -P $$ 'ck-' | wc -l)" 0
}

# Made only once.
key_input() {
    [ -d "$tmp/shot" ] && return
    ck-synth -g 320x180 -n 200 | ck-encode --plane rgb=png "$tmp/shot" 2>"$tmp/err"
    "$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 256 --decoder-width 24 --refiner-width 16 \
        "$tmp/m.safetensors"
}

key_trial() { # NUMBER MS
    RANDOM=$1
    local signal=${signals[$1 % 6]} delay how=--classical victim name pid stages why="" limit=20 status
    delay=0.$(printf '%03d' $((RANDOM % $2)))
    [ $(($1 / 6 % 2)) = 0 ] || how="-m $tmp/m.safetensors"
    local wait=""
    [ "$signal" != STOP ] || wait="--timeout 1"
    local out=$tmp/keyed pick=$((RANDOM % 8))
    rm -rf "$out"
    # shellcheck disable=SC2086 # words
    env --default-signal=INT ck key $how $wait --trace "$tmp/trace.json" "$tmp/shot/rgb" "$out" 2>"$tmp/said" & pid=$!
    # Its five stages, not the decoder that searches for the screen before them.
    until [ "$(pgrep -c -P $pid ck-)" -ge 5 ] || [ ! -d "/proc/$pid" ]; do sleep 0.01; done
    sleep "$delay"
    stages=$(pgrep -P $pid ck-)
    # In a quarter of the trials the victim is `ck` itself, which must not be stopped for long.
    victim=$pid
    # shellcheck disable=SC2206 # words
    local all=($stages)
    [ $pick -lt 2 ] || [ ${#all[@]} = 0 ] || victim=${all[pick % ${#all[@]}]}
    [ "$victim" != $pid ] || [ "$signal" != STOP ] || signal=TERM
    name=$(cat "/proc/$victim/comm" 2>/dev/null)
    kill -"$signal" "$victim"
    [ "$signal" != STOP ] || limit=32
    # shellcheck disable=SC2086
    ended $limit $pid $stages || why="not ended after $limit tenths of a second"
    wait $pid 2>/dev/null
    status=$?
    [ $status = 0 ] && why+="; it succeeded"
    [ "$victim" = $pid ] || grep -q "$name" "$tmp/said" || why+="; $name is not named: $(cat "$tmp/said")"
    [ "$(grep -vc 'no model was found\|keying classically' "$tmp/said")" -le 1 ] ||
        why+="; said more than once: $(cat "$tmp/said")"
    whole_files "$out" >"$tmp/broken" || why+="; $(head -1 "$tmp/broken")"
    if [ "$name" != ck-encode ] || [[ $signal =~ ^(TERM|INT|HUP)$ ]]; then
        unfinished "$out" && why+="; unfinished files are left"
    fi
    if [ "$victim" != $pid ] || [[ $signal =~ ^(TERM|INT|HUP)$ ]]; then
        [ -z "$(ls -A "$TMPDIR")" ] || why+="; a folder of traces is left"
    fi
    rm -rf "${TMPDIR:?}"/*
    [ -z "$why" ]
    report $? "ck key ${how%% *}: ${name:-nobody} gets SIG$signal after $delay s"
    [ -z "$why" ] || echo "# ${why#; }"
}

key_trials() { # FIRST LAST MS
    local n before=$count
    export TMPDIR=$tmp/scratch
    mkdir -p "$TMPDIR"
    key_input
    for ((n = $1; n <= $2; n++)); do key_trial "$n" "$3" 2>>"$tmp/shell"; done
    is "so many runs of ck key" $((count - before)) $(($2 - $1 + 1))
}
