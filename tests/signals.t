#!/bin/bash
# Signals, limits and kills: nothing is left behind, no innocent neighbour is blamed, a failure is reported once.
. "$(dirname "$0")/tap.sh"
PATH=$helpers:$PATH
export TMPDIR=$tmp/scratch
mkdir "$TMPDIR"
exec 2>"$tmp/shell" # the shell reports every killed job there

# COMMAND...: wait until it succeeds, at most five seconds.
await() { local i; for ((i = 0; i < 250; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.02; done; return 1; }
unfinished() { find "$1" -name '.ck-*' ! -name .ck-lock 2>/dev/null | grep -q .; }
empty() { [ -z "$(ls -A "$1")" ]; }
number() { kill -l "$1"; }

# ---- signals to the program that writes files ----
ck-synth -g 960x540 -n 2 | ck-hint --method key | ck-post --classical >"$tmp/hd.ck"
for signal in INT TERM HUP XFSZ; do
    mkfifo "$tmp/in"
    env --default-signal=INT ck-encode --compression zip --processed mov "$tmp/out.$signal" <"$tmp/in" 2>"$tmp/said" &
    pid=$!
    exec 4>"$tmp/in"
    cat "$tmp/hd.ck" >&4 &
    await unfinished "$tmp/out.$signal"
    kill -"$signal" $pid
    wait $pid
    is "SIG$signal ends ck-encode by that signal" $? $((128 + $(number $signal)))
    ok "SIG$signal: no unfinished file stays" eval "! unfinished '$tmp/out.$signal'"
    is "SIG$signal: without a word" "$(cat "$tmp/said")" ""
    exec 4>&-
    rm "$tmp/in"
done
mkfifo "$tmp/in"
(trap '' HUP; exec ck-encode --compression zip "$tmp/nohup" <"$tmp/in" 2>"$tmp/said") &
pid=$!
exec 4>"$tmp/in"
await test -d "/proc/$pid"
sleep 0.2
kill -HUP $pid
cat "$tmp/hd.ck" >&4
exec 4>&-
wait $pid
is "what the parent ignores stays ignored (nohup)" $? 0
rm "$tmp/in"

# ---- signals to ck ----
ck-synth -g 320x180 -n 150 | ck-encode --plane rgb=png "$tmp/shot"
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 512 --decoder-width 24 --refiner-width 16 "$tmp/m.safetensors"
for how in "--classical" "-m $tmp/m.safetensors"; do
    name=${how%% *}
    for signal in INT TERM HUP XFSZ; do
        out=$tmp/key$name.$signal
        # shellcheck disable=SC2086 # words
        env --default-signal=INT ck key $how --trace "$tmp/trace.json" --profile "$tmp/shot/rgb" "$out" 2>"$tmp/said" &
        pid=$!
        await eval '[ "$(ls "$out/Matte" 2>/dev/null | wc -l)" -gt 1 ]'
        stages=$(pgrep -P $pid ck-)
        kill -"$signal" $pid
        # shellcheck disable=SC2086
        ok "ck key $name, SIG$signal: all end within 2 s" ended 20 $pid $stages
        wait $pid
        is "by that signal" $? $((128 + $(number $signal)))
        ok "no unfinished file stays" eval "! unfinished '$out'"
        ok "nor a folder of traces" empty "$TMPDIR"
        ok "the profile is printed" grep -q 'the bottleneck is ck-' "$tmp/said"
        is "and the trace whole" "$(perl -MJSON::PP -e 'local $/; print scalar(grep { $_->{name} eq "process_name" }
            @{decode_json(<>)}) >= 5 ? "whole" : "short"' "$tmp/trace.json")" whole
    done
    # shellcheck disable=SC2086
    ck key $how --trace "$tmp/trace.json" "$tmp/shot/rgb" "$tmp/killed$name" 2>"$tmp/said" &
    pid=$!
    await eval '[ "$(ls "$tmp/killed$name/Matte" 2>/dev/null | wc -l)" -gt 1 ]'
    stages=$(pgrep -P $pid ck-)
    kill -KILL $pid
    # shellcheck disable=SC2086
    ok "ck key $name, SIGKILL takes the stages along" ended 20 $pid $stages
    ok "and leaves no unfinished file" eval "! unfinished '$tmp/killed$name'"
    is "nor a word" "$(grep -v 'no model was found' "$tmp/said")" ""
    wait
done
mkdir "$TMPDIR/ck-run-other"
(flock 5; exec sleep 30) 5<"$TMPDIR/ck-run-other" &
pid=$!
await eval '! flock -n "$TMPDIR/ck-run-other" true'
ok "the next run sweeps the folders of traces that the killed ones left" \
    ck key --classical --frames 0 --profile "$tmp/shot/rgb" "$tmp/swept"
is "and leaves the one that somebody holds" "$(ls "$TMPDIR")" ck-run-other
kill $pid
rmdir "$TMPDIR/ck-run-other"

# ---- a stage that hangs ----
ck key --classical --timeout 4 "$tmp/shot/rgb" "$tmp/still" 2>"$tmp/said" &
pid=$!
await eval '[ "$(ls "$tmp/still/Matte" 2>/dev/null | wc -l)" -gt 1 ]'
stages=$(pgrep -P $pid ck-)
kill -STOP "$(pgrep -P $pid ck-hint)"
# shellcheck disable=SC2086
ok "with --timeout 4 a stage that stands still ends the run" ended 60 $pid $stages
wait $pid
is "which fails" $? 1
is "and is named, once" "$(cat "$tmp/said")" "ck key: ck-hint is stuck: it neither sent nor took data within --timeout"

# An input that sends nothing is named, and not the stage that waits for it: a FIFO without a writer, with one, a pipe.
mkfifo "$tmp/silent"
blames_input() { # INPUT
    [ "$(wc -l <"$tmp/said")" = 1 ] && grep -q "^ck key: $1: no frame came within --timeout" "$tmp/said"
}
ck key --classical --timeout 1 "$tmp/silent" "$tmp/still" 2>"$tmp/said"
ok "a FIFO without a writer is named" blames_input "$tmp/silent"
exec 4<>"$tmp/silent"
ck key --classical --timeout 1 "$tmp/silent" "$tmp/still" 2>"$tmp/said"
ok "one whose writer waits" blames_input "$tmp/silent"
sleep 2 | ck key --classical --timeout 1 - "$tmp/still" 2>"$tmp/said"
ok "standard input" blames_input "standard input"
ck key --classical --timeout 1 --hint "$tmp/silent" "$tmp/shot/rgb" "$tmp/still" 2>"$tmp/said"
ok "the file of another plane" blames_input "$tmp/shot/rgb or a file of another plane"
exec 4>&-
fails 1 "ck-decode: $tmp/silent: no data came for 1 seconds (--timeout)" "ck-decode alone does not wait for a writer for ever" \
    timeout 10 ck-decode --timeout 1 "$tmp/silent"

# ---- the program that is named ----
ck key --classical "$tmp/shot/rgb" "$tmp/one" 2>"$tmp/said" &
pid=$!
await eval '[ "$(ls "$tmp/one/Matte" 2>/dev/null | wc -l)" -gt 1 ]'
kill -KILL "$(pgrep -P $pid ck-post)"
wait $pid
is "ck key: a killed stage is reported once" "$(cat "$tmp/said")" "ck key: ck-post was killed by signal 9 (Killed)"
mkfifo "$tmp/slow"
ck key --classical "$tmp/slow" "$tmp/early" 2>"$tmp/said" &
pid=$!
exec 4>"$tmp/slow"
await eval '[ "$(pgrep -c -P $pid ck-)" = 5 ]'
kill -KILL "$(pgrep -P $pid ck-decode)"
wait $pid
is "ck key: and one that dies before HEAD" "$(cat "$tmp/said")" "ck key: ck-decode was killed by signal 9 (Killed)"
exec 4>&-
ck key --classical "$tmp/none.mov" "$tmp/none" 2>"$tmp/said"
is "ck key: a failure is reported once" "$(cat "$tmp/said")" \
    "ck-decode: $tmp/none.mov: cannot open: No such file or directory"
mkdir "$tmp/bad"
cp "$tmp"/shot/rgb/0000[012].png "$tmp/bad"
truncate -s 300 "$tmp/bad/00000.png"
ck key --classical --keep-going "$tmp/bad" "$tmp/bad out" 2>"$tmp/said"
is "ck key --keep-going: a failed frame is reported once, and counted" "$? $(grep -c 00000.png "$tmp/said") $(tail -1 "$tmp/said")" \
    "3 1 ck-encode: 1 of 3 frames failed"
is "by our programs alone" "$(grep -vc '^ck-' "$tmp/said")" 0
ck-decode --keep-going "$tmp/bad" 2>"$tmp/said" >"$tmp/bad.ck"
ck-info <"$tmp/bad.ck" 2>"$tmp/said" >"$tmp/lines"
is "and once more from a saved stream" "$? $(grep -c "1 of 3 frames failed; the first: frame 0: .*00000.png" "$tmp/said")" "3 1"
# shellcheck disable=SC2002 # a pipe is what is tested
cat "$tmp/bad.ck" | ck-info 2>"$tmp/said" >"$tmp/lines"
is "through a pipe too" "$? $(grep -c "1 of 3 frames failed; the first: frame 0: .*00000.png" "$tmp/said")" "3 1"
ck-synth -n 3 -g 64x48 2>"$tmp/said" | ck-post --despill 9 2>>"$tmp/said" | ck-info --pass 2>>"$tmp/said" | ck-encode "$tmp/x" 2>>"$tmp/said"
is "wrong usage too" "$(grep -v '^HEAD' "$tmp/said")" "ck-post: --despill '9' is not a number from 0 to 1, or auto: see ck-post --help=all"
mkstream -x 1 rgb:u8:3 2>/dev/null | ck-hint 2>"$tmp/said" | wc -c >/dev/null
is "| wc: a stage whose reader is none of ours reports the failure" "$(sed 's/after [01] frames/after N frames/' "$tmp/said")" \
    "ck-hint: stopped: mkstream: failed or was killed: its stream ends after N frames without END: see its own message"
mkstream -e 1 rgb:u8:3 | ck-hint 2>"$tmp/said" | wc -c >/dev/null
is "and failed frames" "$(cat "$tmp/said")" "ck-hint: 1 of 3 frames failed; the first: frame 1002: asked to fail"
mkstream -e 1 rgb:u8:3 | ck-hint 2>"$tmp/said" | ck-info >/dev/null 2>"$tmp/info"
is "which it leaves to one of ours" "$(cat "$tmp/said")-$(grep -c 'frame 1002: asked to fail' "$tmp/info")" -1

# Inline, in the middle of a frame that is not taken out of the pipe: the last program cannot know which stage died.
export CK_RING=off
mkfifo "$tmp/p1" "$tmp/p2" "$tmp/p3"
teststage hand -g 1024x512 -n 1000 >"$tmp/p1" 2>/dev/null & pids[0]=$!
teststage pass <"$tmp/p1" >"$tmp/p2" 2>/dev/null & pids[1]=$!
ck-info --pass <"$tmp/p2" >"$tmp/p3" 2>/dev/null & pids[2]=$!
teststage sleep --ms 30000 <"$tmp/p3" 2>"$tmp/said" >/dev/null & pids[3]=$!
sleep 0.5
kill -KILL "${pids[0]}"
ok "inline: all end within 2 s" ended 20 "${pids[@]}"
ok "and the last one accuses nobody who is innocent" grep -qE 'stopped: (hand|(pass|ck-info) or a program upstream of it): ' "$tmp/said"
unset CK_RING

# ---- kills during the first frame ----
for ring in on off; do
    for g in 32x32 1024x512; do
        export CK_RING=$ring
        rm -f "$tmp"/p[1-3]
        mkfifo "$tmp/p1" "$tmp/p2" "$tmp/p3"
        teststage hand -g $g -n 1000 >"$tmp/p1" 2>/dev/null & pids[0]=$!
        teststage slow --ms 30000 <"$tmp/p1" >"$tmp/p2" 2>/dev/null & pids[1]=$!
        teststage sleep --ms 30000 <"$tmp/p2" >"$tmp/p3" 2>/dev/null & pids[2]=$!
        teststage drop <"$tmp/p3" 2>"$tmp/said" >/dev/null & pids[3]=$!
        sleep 0.5
        kill -KILL "${pids[1]}"
        ok "ring $ring, $g: a death with an empty pipe is noticed in the first frame" ended 20 "${pids[@]}"
        is "and named" "$(grep -cE 'stopped: teststage( or a program upstream of it)?: failed or was killed' "$tmp/said")" 1
    done
done
unset CK_RING

# ---- limits ----
(ulimit -f 100; exec ck-synth -g 640x360 -n 4 2>"$tmp/said") | ck-info >"$tmp/info"
is "RLIMIT_FSIZE: all frames arrive" "$(grep -c '^FRAME.*inline' "$tmp/info")-$(grep -c ':ring' "$tmp/info")" 4-0
ok "inline, with a message" grep -q 'frames are sent inline: cannot make shared memory: File too large' "$tmp/said"
(ulimit -f 20; exec ck-encode "$tmp/limited" <"$tmp/hd.ck" 2>"$tmp/said")
is "RLIMIT_FSIZE: a file that is too large is an error" "$?-$(grep -c 'File too large' "$tmp/said")" 1-1
ok "and leaves nothing" eval "! unfinished '$tmp/limited'"
ck-synth -g 640x360 -n 6 --ring-bytes 0 2>"$tmp/said" | ck-info >"$tmp/info"
is "--ring-bytes 0 shares nothing, silently" "$(grep -c ':ring[0-9]' "$tmp/info")-$(cat "$tmp/said")" 0-
ck-synth -g 640x360 -n 6 | ck-hint --ring-bytes 0 | ck-info >"$tmp/info"
is "nor planes from upstream" "$(grep -c ':ring[0-9]' "$tmp/info")" 0
fails 2 "unknown option '--ring-bytes'" "ck-model has no neighbours" ck-model list --ring-bytes 1M x
fails 2 "unknown option '--timeout'" "nor waits for them" ck-model list --timeout 3 x
fails 2 "unknown option '--keep-going'" "ck-compare has no frames to lose" ck-compare --keep-going a b

# Two hundred records of 64 KB of short lines.
perl -e 'sub rec { my ($k, $m, $n) = @_; my $p = (-length $m) % 64;
        print "ckf1$k", pack("VVQ<Q<x32", 0, length $m, $n, length($m) + $p), $m, "\0" x $p }
    my $m = ""; for my $i (0 .. 99999) { my $l = sprintf("%x=\n", $i); last if length($m . $l) > 65536; $m .= $l }
    rec("HEAD", "program=x\n", 0); rec("FRAM", $m, $_) for 0 .. 199; rec("END ", "", 200)' >"$tmp/bomb.ck"
TIMEFORMAT=%3U # of the processor: others may be at work
ms=$({ time ck-info <"$tmp/bomb.ck" >"$tmp/info"; } 2>&1)
ms=$((10#${ms/./}))
is "metadata of many lines are read" "$(grep -c '^FRAME' "$tmp/info")" 200
ok "in linear time ($ms ms)" test $ms -lt 3000

# ---- profile and progress ----
for n in 1 3; do
    ok "--profile of $n" ck key --profile --classical --frames 0-$((n - 1)) "$tmp/shot/rgb" "$tmp/few"
    is "no share is above 100 %" "$(grep -oE '[0-9]+%' "$tmp/.err" | tr -d % | awk '$1 > 100' | wc -l)" 0
    # With one frame, each stage's time is that of one thread.
    [ $n = 1 ] && is "the bottleneck is the busiest stage" "$(sed -n 's/.*the bottleneck is //p' "$tmp/.err")" \
        "$(awk '/^ck-[a-z]+ / && $3 > most { most = $3; name = $1 } END { print name }' "$tmp/.err")"
done
ck-synth -n 3 -g 64x48 | ck-encode --plane rgb=png "$tmp/tiny"
narrow() { NO_COLOR=1 script -qec "stty cols 30; ck key --classical '$tmp/tiny/rgb' '$tmp/narrow'" /dev/null </dev/null | tr '\r' '\n' | sed 's/\x1b\[K//'; }
narrow >"$tmp/lines"
ok "progress is shown before the first frame" grep -qE '^ck-encode: 0(/3)? frames$' "$tmp/lines"
ok "and with it" grep -qE '^ck-encode: 3/3 frames' "$tmp/lines"
is "no line wraps on a terminal of 30 columns" "$(grep '^ck-encode: [0-9]' "$tmp/lines" | awk 'length > 29' | wc -l)" 0
done_testing
