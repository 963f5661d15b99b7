#!/bin/bash
# ck key --jobs: several shots, each checked before the start, none stopped by another.
. "$(dirname "$0")/tap.sh"
export TMPDIR=$tmp/scratch
mkdir "$TMPDIR" "$tmp/work"
cd "$tmp/work" || exit 1
exec 2>"$tmp/shell" # the shell reports killed jobs there

# COMMAND...: wait until it succeeds, at most half a minute.
await() { local i; for ((i = 0; i < 1500; i++)); do "$@" >"$tmp/awaited" 2>&1 && return 0; sleep 0.02; done; return 1; }
unfinished() { find "$@" -name '.ck-*.tmp' 2>/dev/null | grep -q .; }
ours() { pgrep -f "$tmp/work/long" | grep -vx $$; } # processes of the long shots
shots() { ck key --classical "$@"; }

for i in a b "c d"; do ck-synth -g 64x48 -n 3 | ck-encode --plane rgb=png "made/$i"; done
mkdir plates
for i in a b "c d"; do mv "made/$i/rgb" "plates/$i"; done
cp -r plates/a plates/bad
head -c 100 plates/a/00001.png >plates/bad/00001.png

# ---- a good list ----

printf '%s\n' '# three shots' 'plates/a out/a' '' '  # of different kinds' \
    '  "plates/c d"	out/'\''c d'\'' --matte png --frames 0,2' $'plates/b out/b\r' >shots
echo old >shots.failed
ok "three shots" shots --keep-going --matte exr --jobs shots
is "quietly" "$(cat "$tmp/.err")" ""
is "each in its OUT, options of the line win" "$(cd out && echo ./*/Matte/*)" \
    "./a/Matte/00000.exr ./a/Matte/00001.exr ./a/Matte/00002.exr ./b/Matte/00000.exr ./b/Matte/00001.exr ./b/Matte/00002.exr ./c d/Matte/00000.png ./c d/Matte/00002.png"
is "an old list of failures is gone" "$(ls shots*)" shots
is "--dry-run prints each pipeline" "$(shots -n --matte exr --jobs shots | sed 's/--threads=[0-9]* *//g')" \
    "$({ shots -n --matte exr plates/a out/a; shots -n --matte exr --matte png --frames 0,2 "plates/c d" "out/c d"; shots -n --matte exr plates/b out/b; } | sed 's/--threads=[0-9]* *//g')"
is "from standard input" "$(shots -n --jobs - <shots | wc -l)" 3
cores=$(ck doctor | awk '$2 == "cores" { print $3 }')
each=$((cores / 2 > 0 ? cores / 2 : 1))
is "two at once share the cores" "$(shots -n -j 2 --jobs shots | head -1)" "$(shots -n -t $each plates/a out/a)"
is "unless told" "$(shots -n -t 7 -j 2 --jobs shots | head -1)" "$(shots -n -t 7 plates/a out/a)"
is "in a line too" "$(echo plates/a out/a -t 5 | shots -n -t 7 --jobs -)" "$(shots -n -t 5 plates/a out/a)"

# ---- failures ----

printf '%s\n' 'plates/a out/1' ' plates/bad  "out/2"  --grow 1' 'plates/nope out/3' 'plates/b out/4' >some
fails 1 "ck key: some:2: plates/bad: failed (status 1)" "a failing shot" shots --jobs some
cp "$tmp/.err" err
is "and another are named" "$(grep '^ck key: some' err)" \
    "ck key: some:2: plates/bad: failed (status 1)
ck key: some:3: plates/nope: failed (status 1)"
is "counted" "$(tail -1 err)" "ck key: 2 of 4 shots failed: their lines are in some.failed"
is "do not stop the others" "$(echo out/[14]/Matte/*.exr | wc -w)" 6
is "some.failed has their lines, as they were" "$(cat some.failed)" ' plates/bad  "out/2"  --grow 1
plates/nope out/3'
fails 1 "ck key: 2 of 2 shots failed: their lines are in some.failed.failed" "it can be run" shots --jobs some.failed
printf '%s\n' 'plates/a out/1' 'plates/bad out/2' >some
fails 3 "some:2: plates/bad: some frames failed (status 3)" "status 3" shots --keep-going --jobs some
printf '%s\n' 'plates/bad out/2 --keep-going' 'plates/nope out/3' 'plates/a out/1' >some
fails 1 "some:1: plates/bad: some frames failed (status 3)" "the worst status counts" shots --jobs some
fails 1 "their lines are in jobs.failed" "failures of a list from standard input" bash -c "ck key --classical --jobs - <some"
is "jobs.failed has them" "$(wc -l <jobs.failed)" 2
mkdir there there/list.failed
echo plates/nope out/3 >there/list
fails 1 "there/list.failed: cannot write: a folder of this name is in the way" "a list of failures that cannot be written" shots --jobs there/list
printf '%s\n' 'plates/nope out/3' 'plates/bad out/5' >some
shots -j 2 --jobs some 2>err
is "side by side, messages name the shot" "$(grep -c '^plates/bad: ck-decode: plates/bad/00001.png: ' err)" 1
is "and the other" "$(grep -c '^plates/nope: ck-decode: ' err)" 1
shots --jobs some 2>err
is "one by one they are as ever" "$(grep -c '^ck-decode: ' err)" 2

# ---- usage: nothing starts ----

wrong() { # TEXT NAME LINE...
    local text=$1 name=$2
    shift 2
    printf '%s\n' "plates/a new/a" "$@" >list
    fails 2 "$text" "$name" shots --jobs list
}
wrong "list:3: $tmp/work/new/b is OUT of line 2 too: give each shot its own" "one OUT twice" 'plates/a new/b' 'plates/b new/b'
wrong "list:2: $tmp/work/new/a is OUT of line 1 too" "with another name" 'plates/b ./new//a/'
ln -s . here
wrong "list:2: $tmp/work/new/a is OUT of line 1 too" "through a link" 'plates/b here/new/a'
wrong "list:2: two arguments are needed, not 1" "no OUT" plates/b
wrong "list:2: two arguments are needed, not 3" "a word too many" 'plates/b new/b new/c'
wrong "list:3: unknown option '--nope'" "an unknown option" '# comment' 'plates/b new/b --nope'
wrong "list:2: ck-matte: --grow" "a wrong value" 'plates/b new/b --grow much'
wrong "list:2: a quote (') is not closed" "an open quote" "plates/b 'new/b"
wrong "list:2: nothing follows the last backslash" "a backslash" 'plates/b new/b\'
wrong "list:2: argument 2 is empty" "an empty word" 'plates/b ""'
wrong "list:2: --jobs and --shots cannot be in a line" "--jobs in a line" 'plates/b new/b --jobs shots'
wrong "list:2: --jobs and --shots cannot be in a line" "-j in a line" 'plates/b new/b -j 2'
wrong "list:2: --help and --version cannot be in a line" "--help in a line" '--help'
wrong "list:2: INPUT cannot be standard input" "standard input" '- new/b'
wrong "list:2: no output can go to standard output" "a stream" 'plates/b new/b --comp=-'
wrong "list:2: --progress json and --progress-fd are for a single shot" "events in a line" 'plates/b new/b --progress json'
fails 2 "list:2: the line has a NUL byte" "a NUL byte" bash -c "printf 'plates/a new/a\nplates/b\0 new/b\n' >list; ck key --jobs list"
fails 2 "list:2: two arguments" "the last line may lack its end" bash -c "printf 'plates/a new/a\nplates/b' >list; ck key --jobs list"
echo '# none' >list
fails 2 "list: the list has no shot: write INPUT OUT [OPTION...] on a line" "an empty list" shots --jobs list
fails 1 "none: cannot open the list: No such file" "no list" shots --jobs none
fails 1 "plates: cannot read the list: Is a directory" "a folder" shots --jobs plates
fails 2 "unexpected argument 'plates/a': INPUT and OUT are in the list" "INPUT beside a list" shots --jobs shots plates/a
fails 2 "--progress json and --progress-fd are for a single shot" "events" shots --jobs shots --progress json
fails 2 "give them in its line" "--trace" shots --jobs shots --trace t.json
fails 2 "ck key: ck-matte: --grow" "a wrong value on the command line is not that of a line" shots --jobs shots --grow much
fails 2 "--shots '0' is not a whole number from 1" "no shots at once" shots -j 0 --jobs shots
is "nothing has started" "$(find . -name 'new*' -o -name list.failed -o -name shots.failed | grep -v there)" ""
ok "a trace in a line" bash -c "echo plates/a out/a --trace t.json >list; ck key --classical --jobs list"
ok "is written" test -s t.json

# ---- many at once, signals ----

ck-synth -g 320x180 -n 300 | ck-encode --plane rgb=png made/long
mv made/long/rgb long
for i in 1 2 3 4; do echo "$tmp/work/long long$i"; done >many
for signal in INT TERM HUP; do
    rm -rf long[1-4]
    env --default-signal=INT ck key --classical -j 2 --jobs many 2>err &
    pid=$!
    await eval '[ "$(ls long1/Matte 2>/dev/null | wc -l)" -gt 1 ] && [ "$(ls long2/Matte 2>/dev/null | wc -l)" -gt 1 ]'
    [ $signal = INT ] && is "two shots run at once" "$(pgrep -cP $pid -x ck) $(ls -d long[34] 2>/dev/null)" "2 "
    kill -$signal $pid
    wait $pid
    is "SIG$signal ends all by that signal" "$?" $((128 + $(kill -l $signal)))
    is "SIG$signal: no process is left" "$(ours)" ""
    ok "SIG$signal: no unfinished file" eval "! unfinished long1 long2"
    is "SIG$signal: what is left can be run" "$(cat many.failed; cat err)" "$(cat many)
ck key: 4 of 4 shots are left: their lines are in many.failed"
done
rm -rf long[1-4] many.failed
env --default-signal=INT ck key --classical -j 2 --jobs many 2>err &
pid=$!
await eval '[ "$(ls long2/Matte 2>/dev/null | wc -l)" -gt 1 ]'
shot=$(pgrep -P $pid -x ck | head -1)
kill -KILL "$shot"
await test -d long3
kill -KILL $pid
wait $pid
ok "if ck key is killed, its shots end" await eval '[ -z "$(ours)" ]'
head -c 300 many | head -1 >one
ck key --classical --jobs one 2>err &
pid=$!
await eval 'pgrep -P $pid -x ck'
kill -KILL "$(pgrep -P $pid -x ck)"
wait $pid
is "a shot that is killed is named" "$? $(head -1 err)" "1 ck key: one:1: $tmp/work/long: killed by signal 9 (Killed)"
rm -rf long1
ck key --classical --jobs one 2>err &
pid=$!
await eval '[ "$(ls long1/Matte 2>/dev/null | wc -l)" -gt 1 ]'
states() { for p in $(ours); do sed 's/.*) //; s/ .*//' "/proc/$p/stat"; done | sort -u | tr '\n' ' '; }
kill -TSTP $pid
ok "SIGTSTP stops everything" await eval '[ "$(states)" = "T " ]'
kill -CONT $pid
wait $pid
is "SIGCONT lets it go on" "$? $(ls long1/Matte | wc -l) $(cat err)" "0 300 "

# ---- a terminal ----

printf '%s\n' 'plates/a out/6' 'plates/b out/7' >two
terminal() { NO_COLOR=1 script -qec "stty cols 80; ck key --classical $*" /dev/null </dev/null | tr '\r' '\n' | sed 's/\x1b\[K//'; }
terminal -j 2 --jobs two >lines
is "side by side no progress lines" "$(grep -c 'frames' lines)" 0
is "but a line at each end" "$(grep -c '^ck key: plates/[ab]: done, [12] of 2 shots$' lines)" 2
terminal --jobs two >lines
ok "one by one, those of the shot" grep -qE '^ck-encode: 3/3 frames' lines
done_testing
