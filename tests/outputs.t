#!/bin/bash
# No file of the user is destroyed, and no requested frame is missing without a message.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1
mk() { "$helpers/mkstream" "$@"; }
host=$(uname -n)
# plates/p.0001.exr to p.0005.exr, and the same as PNG in png/.
ck-synth -g 64x36 -n 6 | ck-encode --plane rgb=exr --plane true_alpha=exr made
mkdir plates png
ck-decode made/rgb | ck-encode --plane rgb=png made 2>/dev/null
for i in 1 2 3 4 5; do
    mv "made/rgb/0000$i.exr" "plates/p.000$i.exr"
    mv "made/rgb/0000$i.png" "png/p.000$i.png"
done
stills() { (cd "$1" && ls -d ./*/* | sed 's,./,,' | tr '\n' ' '); }
sum() { cat "$@" | sha256sum; }

# ---- an unset variable

for command in "ck key plates ''" "ck-encode ''" "ck-info --npy ''" "ck-info --sheet ''" "ck-model convert m.pth ''" \
    "ck key '' o" "ck key --hint= plates o" "ck-compare a ''" "ck-decode ''" "ck key --trace '' plates o"; do
    fails 2 "empty" "$command" bash -c "$command < /dev/null"
done
fails 2 "ck key INPUT OUT" "no OUT" ck key --classical plates
fails 2 "ck key INPUT OUT" "no OUT, but a file beside the stream" ck key --classical --comp=- --matte exr plates
ok "no OUT is needed for a stream alone" bash -c "ck key --classical --comp=- --matte off plates | cat >/dev/null"

# ---- outputs that are inputs

mkdir -p over/FG
cp plates/p.000[12].exr over/FG
before=$(sum over/FG/*)
refused="this output is the input itself"
fails 2 "over/FG/p.0001.exr: $refused (over/FG, frame p.0001)" "ck key over its plate" ck key --classical over/FG over
ln -s over linked
fails 2 "$refused" "through a link to OUT" ck key --classical over/FG linked
mkdir links && ln -s "$PWD/over/FG/p.0001.exr" "$PWD/over/FG/p.0002.exr" links
fails 2 "$refused" "through links to the plates" ck key --classical links over
fails 2 "$refused" "in a pipe typed by hand" \
    bash -c "ck-decode over/FG | ck-hint --method key | ck-post --classical | ck-encode over"
fails 2 "$refused" "the hint" bash -c "ck-decode --hint over/FG plates/p.0001.exr plates/p.0002.exr | ck-encode --plane hint=exr --plane rgb=off over/x; \
    mkdir -p hints/Matte; cp over/FG/p.0001.exr hints/Matte; ck key --classical --hint hints/Matte/p.0001.exr plates/p.0001.exr hints"
is "nothing has changed or come" "$(sum over/FG/*) $(ls -A over | tr '\n' ' ')" "$before FG x "
mkdir -p later/FG && ln -s "$PWD/over/FG/p.0002.exr" later/FG/p.0002.exr
ck key --classical over/FG later >/dev/null 2>err
is "a link among the outputs that leads to a later plate" "$? $(grep -c "p.0002.exr: $refused" err) $(sum over/FG/*)" "2 1 $before"
is "and nothing was written before it" "$(find later -type f | wc -l)" 0
ok "the same plates into another OUT" ck key --classical over/FG other
ck-decode plates | ck-encode --plane rgb=mov film
before=$(sum film/rgb.mov)
fails 2 "film/rgb.mov: $refused (film/rgb.mov" "a film over itself" bash -c "ck-decode film/rgb.mov | ck-encode --plane rgb=mov film"
fails 2 "$refused" "as standard input" bash -c "ck-decode - < film/rgb.mov | ck-encode --plane rgb=mov film"
is "it is still there" "$(sum film/rgb.mov)" "$before"
fails 2 "would overwrite its input" "a sheet over its plate" bash -c "cp png/p.0001.png s.png; ck-decode s.png | ck-info --sheet s.png"
is "which has not changed" "$(sum s.png)" "$(sum png/p.0001.png)"
mk -n 1 -s p.0001 fg:f32:3:srgb host=elsewhere "inputs=$(stat -c %d:%i over/FG/p.0001.exr)" >far.ck
cp -r over far
mk -n 1 -s p.0001 fg:f32:3:srgb host=elsewhere "inputs=$(stat -c %d:%i far/FG/p.0001.exr)" >far.ck
ok "a number of another machine's file means nothing here" bash -c "ck-encode far < far.ck"
mk -n 1 -s p.0001 fg:f32:3:srgb host="$host" "inputs=1:2 $(stat -c %d:%i far/FG/p.0001.exr)" >near.ck
fails 2 "$refused" "of this one it does" bash -c "ck-encode far < near.ck"
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 m.pth
ln m.pth hard.safetensors
before=$(sum m.pth)
fails 2 "is the checkpoint m.pth itself" "a checkpoint over itself" ck-model convert --heads 1 m.pth hard.safetensors
is "it has not changed" "$(sum m.pth)" "$before"

# ---- one OUT belongs to one job ----

for range in 1-3 3-5 4-5 1-5x2 2-4x2; do ck-decode --frames $range plates >"s$range.ck"; done
mk -n 3 rgb:f16:3:linear >unlisted.ck # numbers 1001 to 1003
mkfifo pipe
hold() { # OUT STREAM OPTION...: a run that has written its frames and waits for END
    local out=$1 stream=$2
    shift 2
    ck-encode "$@" "$out" <pipe 2>/dev/null &
    pid=$!
    exec 3>pipe
    head -c -64 "$stream" >&3
    for _ in $(seq 250); do [ -s "$out/.ck-lock" ] && break; sleep 0.02; done
}
release() { # SIGNAL
    kill -"$1" "$pid"
    wait "$pid" 2>/dev/null
    exec 3>&-
}
hold job s1-3.ck --plane rgb=exr
is "the lock names process and host" "$(cat job/.ck-lock)" "$pid $host"
fails 1 "job: frame 3: being written by process $pid on $host: wait for it" "a run that shares a frame is refused" \
    bash -c "ck-encode --plane rgb=exr job < s3-5.ck"
fails 1 "frame 1: being written by process $pid on $host" "with steps too" bash -c "ck-encode --plane rgb=exr job < s1-5x2.ck"
fails 1 "being written by process $pid" "and a film, which is all frames" bash -c "ck-encode --plane rgb=mov job < s4-5.ck"
ok "other frames go on beside it" bash -c "ck-encode --plane rgb=exr job < s4-5.ck"
ok "and frames that are locked as they come" bash -c "ck-encode --plane rgb=exr job < unlisted.ck"
is "only the holder is left in the lock" "$(cat job/.ck-lock)" "$pid $host"
release KILL
ok "the lock dies with its holder" bash -c "ck-encode --plane rgb=exr job < s3-5.ck"
is "the file stays, empty" "$(stat -c %s job/.ck-lock)" 0
hold odd s1-5x2.ck --plane rgb=exr
ok "every second frame beside the others" bash -c "ck-encode --plane rgb=exr odd < s2-4x2.ck"
release TERM
hold all s1-3.ck --plane rgb=mov
fails 1 "being written by process $pid on $host" "nothing goes beside a film" bash -c "ck-encode --plane rgb=exr all < s4-5.ck"
release KILL
hold named unlisted.ck --plane rgb=exr
fails 1 "frame 1001: being written by process $pid" "frames without a list" bash -c "ck-encode --plane rgb=exr named < unlisted.ck"
release KILL
mkdir made-up
perl -e 'open F, "+>", "made-up/.ck-lock"; my $l = pack("s s x![q] q q i x4", 1, 0, 2 ** 40 - 2, 1, 0);
    fcntl(F, 6, $l) or die $!;
    open G, ">", "held"; close G; sleep 60' &
other=$!
for _ in $(seq 250); do [ -e held ] && break; sleep 0.02; done
mk -n 1 rgb:f16:3:linear numbers=-2-1 >minus.ck
fails 1 "made-up: frame -2: being written by process $other on another host" "byte 2^40 + number, whoever holds it" \
    bash -c "ck-encode --plane rgb=exr made-up < minus.ck"
kill $other
wait $other 2>/dev/null

# ---- files that exist

ck-encode --plane rgb=exr keep <s1-3.ck
touch -d @1000 keep/rgb/*
fails 1 "keep/rgb: 1 of its files exist, such as p.0003.exr: give --existing" "refuse: before any is written" \
    bash -c "ck-encode --existing refuse --plane rgb=exr keep < s3-5.ck"
is "and none is" "$(ls keep/rgb | wc -l)" 3
ok "refuse: other frames" bash -c "ck-encode --existing refuse --plane rgb=exr keep < s4-5.ck"
is "have no file" "$(ls keep/rgb | wc -l) $(cat .err)" "5 "
rm keep/rgb/p.0005.exr
ok "skip" bash -c "ck-encode --existing skip --plane rgb=exr keep < s3-5.ck"
is "what exists stays, what does not comes" "$(stat -c %Y keep/rgb/p.0003.exr) $(ls keep/rgb | wc -l) $(cat .err)" \
    "1000 5 ck-encode: keep: skipped 2 files that exist"
ok "replace" bash -c "ck-encode --plane rgb=exr keep < s1-3.ck"
is "says how many" "$(cat .err)" "ck-encode: keep: 3 files of an earlier run were replaced"
fails 1 "rgb/f.1001.exr: exists" "refuse: frames without a list, each as it comes" \
    bash -c "ck-encode --existing refuse --plane rgb=exr job < unlisted.ck"
ck-encode --plane rgb=mov --plane true_alpha=off keep <s1-3.ck 2>/dev/null
fails 1 "keep/rgb.mov: exists" "refuse: a film" bash -c "ck-encode --existing refuse --plane rgb=mov keep < s1-3.ck"
touch -d @1000 keep/rgb.mov
ok "skip: a film" bash -c "ck-encode --existing skip --plane rgb=mov keep < s1-3.ck"
is "is not written again" "$(stat -c %Y keep/rgb.mov)" 1000
ok "ck key passes it on" ck key --classical --existing skip plates other
ck key --classical --existing refuse plates other 2>err
is "refuse, too" "$? $(grep -c 'exist, such as p.000' err)" "1 1"
ok "leftovers" bash -c "ck-encode --plane rgb=png keep < s1-3.ck"
is "of another format are named" "$(cat .err)" \
    "ck-encode: keep: files of an earlier run in another format are kept: rgb/*.exr, rgb.mov"

# ---- missing frames ----

mkdir gap
cp png/p.000[1245].png gap
holes="missing frame 3: see --missing"
fails 2 "no file has number 3 (there are 1 to 5): change --frames, or give --missing skip" "a hole inside --frames" \
    ck key --classical --frames 1-5 gap gone
is "is said once, and nothing is made" "$(wc -l <.err) $(ls -A gone 2>/dev/null)" "1 "
fails 2 "no file has numbers 3,6-7 " "beyond the end, too" ck key --classical --frames 1-7 gap gone
ln -s nowhere.png gap/p.0003.png
fails 2 "no file has number 3 " "a link that leads nowhere" ck key --classical --frames 1-5 gap gone
ok "a folder is what it holds" bash -c "ck-decode gap > gap.ck"
is "holes are said" "$(cat .err)" \
    "ck-decode: gap: missing frame 3, 1 of them broken links: see --missing"
rm gap/p.0003.png
fails 1 "gap: frames are missing (3), and video would lose its sync" "but a film" ck key --classical --comp mp4 gap gone
is "is not begun" "$(find gone -name '*.mp4' 2>/dev/null)" ""
numbers() { ck-decode "$@" 2>/dev/null | ck-info 2>/dev/null | sed -n 's/^FRAME .* number=\([-0-9]*\).*/\1/p' | tr '\n' ' '; }
is "skip" "$(numbers --missing skip --frames 1-7 gap)" "1 2 4 5 "
is "black" "$(numbers --missing black --frames 1-7 gap)" "1 2 3 4 5 6 7 "
is "nearest" "$(numbers --missing nearest --frames 2-4 gap)" "2 3 4 "
plane() { ck-decode "$@" | ck-encode --plane rgb=- -f rawvideo | sha256sum; }
is "which repeats it" "$(plane --missing nearest --frames 3 gap)" "$(plane gap/p.0002.png)"
ck-decode --missing black --frames 3 gap | ck-encode --plane rgb=- -f rawvideo >black
is "black is" "$(stat -c %s black) $(tr -d '\0' <black | wc -c)" "13824 0"
ok "status 0, and a film of all" ck key --classical --missing black --comp mp4 gap filled
is "with names for the missing ones" "$(ls filled/FG | tr '\n' ' ')" "p.0001.exr p.0002.exr p.0003.exr p.0004.exr p.0005.exr "
is "no word about them" "$(grep -c "$holes" .err)" 0
is "every second one" "$(numbers --frames 1-5x2 plates)" "1 3 5 "
for bad in 5-1 1-5x0 a '1,'; do
    fails 2 "is not a list of frames" "--frames $bad, before anything starts" ck key --classical --frames $bad nowhere.mov gone
done
is "nothing has been made by any of these" "$(find gone -type f ! -name .ck-lock 2>/dev/null)" ""
if [ "$(id -u)" = 0 ]; then
    skip "unreadable files" "root reads everything"
else
    chmod 0 gap/p.0004.png
    fails 2 "the numbers 3-4 asked for" "an unreadable file" ck-decode --frames 1-5 gap
    is "is skipped" "$(numbers --missing skip --frames 1-5 gap)" "1 2 5 "
fi

mkdir minus
cp png/p.0001.png minus/m.-0001.png; cp png/p.0002.png minus/m.-0002.png
cp png/p.0003.png minus/m.0000.png; cp png/p.0004.png minus/m.0001.png
for input in minus 'minus/m.####.png' 'minus/m.%04d.png'; do
    is "$input: negative numbers in order" "$(numbers "$input")" "-2 -1 0 1 "
done
is "and by --frames" "$(numbers --frames -2-0 minus) $(numbers --frames=-1 minus)" "-2 -1 0  -1 "
ok "through ck key" ck key --classical --frames -2-1 minus minus-out
is "under their names" "$(ls minus-out/FG | tr '\n' ' ')" "m.-0001.exr m.-0002.exr m.0000.exr m.0001.exr "
mkdir two
cp png/* two
cp png/p.0001.png two/q1.png; cp png/p.0002.png two/q2.png
fails 2 "2 sequences in one folder: name one of p.####.png, q%d.png" "two sequences in a folder" ck key --classical two gone
is "one of them" "$(numbers 'two/q%d.png')" "1 2 "

# Which frames a video has shows only during decoding.
ck-decode --frames 1-4 plates | ck-encode --plane rgb=mov short
film=short/rgb.mov
ck key --classical --comp mov --frames 2-9 $film past >/dev/null 2>err
is "past the end of a film: status 3, what exists is done" "$? $(ls past/FG | tr '\n' ' ')" "3 00002.exr 00003.exr "
is "ck-decode lists the frames, with the remedy, and nobody repeats it" "$(grep -v '^ck key: no model' err)" \
    "ck-decode: $film: frames 4-9 of --frames do not exist: the video has 4, counted from 0: correct --frames or add --missing"
ck-decode --frames 2-9 $film 2>/dev/null | cat >past.ck
fails 3 "ck-encode: $film: frames 4-9 of --frames do not exist" "a saved stream reports them again, as no frame of its own" \
    bash -c 'ck-encode --plane rgb=png past2 <past.ck'
is "and counts no failed frame" "$(grep -c 'frames failed' "$tmp/.err")" 0
is "the film made of it has its frames alone" "$(ck-decode past/comp.mov | ck-info | tail -1)" "END 2 frames"
ck-decode --keep-going --frames 0,9 $film 2>err | ck-info >said 2>/dev/null
is "with --keep-going it is the same" "${PIPESTATUS[0]} ${PIPESTATUS[1]} $(tail -1 said)" "3 3 END 2 frames, 1 failed"
for how in skip black nearest; do
    ck-decode --missing $how --frames 2-5 $film 2>err | ck-info >said
    is "--missing $how: status 0 without a word" "${PIPESTATUS[0]} $(cat err)" "0 "
    tail -1 said >>results
done
is "frames of each" "$(tr '\n' ' ' <results)" "END 2 frames END 4 frames END 4 frames "
samples() { ck-decode "$@" | ck-encode --plane rgb=- -f rawvideo | sha256sum; }
is "nearest is the last one" "$(samples --missing nearest --frames 9 $film)" "$(samples --frames 3 $film)"
fails 2 "--frames -1: frames of a video are counted from 0" "a negative index" ck-decode --frames -1-2 $film

# ---- the wrong kind of input

fails 2 "s1-3.ck: a saved stream, not footage: the next stage reads it without ck-decode, as in ck-hint < s1-3.ck" \
    "a saved stream" ck-decode s1-3.ck
fails 2 "as in ck-hint < s1-3.ck" "for ck key" ck key --classical s1-3.ck gone
fails 2 "a saved stream, not footage" "on standard input" bash -c "ck-decode - < s1-3.ck"
fails 1 "name the file instead of -" "a still on standard input" bash -c "ck-decode - < plates/p.0001.exr"
fails 1 "name the file instead of -" "or in a pipe" bash -c "cat plates/p.0001.exr | ck-decode -"
fails 1 "for footage use ck-decode FILE" "footage where a stream should be" bash -c "ck-hint < plates/p.0001.exr | cat; exit \${PIPESTATUS[0]}"
ck-decode --frames 0 $film >rgb.ck
fails 1 "no plane 'fg' in the stream: give --unmix to make it" "an alpha of one's own without fg" bash -c "
    '$helpers/mkstream' -n 1 rgb:f32:3:srgb alpha:f32:1 | ck-post | cat; exit \${PIPESTATUS[1]}"
done_testing
