#!/usr/bin/env bash
# Ranges of a video: the same frames, numbers, times and bytes as in a whole run, decoded from the nearest random-access
# point.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1
command -v ffmpeg >/dev/null || {
    skip "ranges" "ffmpeg is not installed"
    done_testing
}

# ARGUMENT...: "NUMBER PTS ... MD5" for each frame that ck-decode gives.
frames_of() {
    rm -rf npy
    ck-decode -v --keep-going "$@" 2>words >range.ck
    ck-info --npy npy <range.ck 2>/dev/null
    ck-info <range.ck 2>/dev/null | sed -nE 's/:inline|:ring[^ ]*//g; s/^FRAME [0-9]+(.*) number=([0-9]+)(.*)/\2\1\3/p' |
        while read -r number rest; do
            file=$(printf 'npy/rgb.%06d.npy' "$number")
            echo "$number $rest $([ ! -e "$file" ] || md5sum <"$file")"
        done
}
# The lines of `whole` whose number is in LIST.
part() {
    perl -e 'for (split /,/, shift) { /^(\d+)(?:-(\d+))?(?:x(\d+))?$/ or die; for (my $i = $1; $i <= ($2 // $1); $i += $3 // 1) { $want{$i} = 1 } }
        while (<>) { print if /^(\d+)/ and $want{$1} }' "$1" whole
}
last() { tail -1 whole | cut -d' ' -f1; }
# HOW INPUT: some lists, near the start and the end, over key frames, with steps, and two drawn by chance.
ranges() {
    frames_of "$2" >whole
    local end wrong='' from
    end=$(last)
    grep -oE 'decoded from its start: .*' words
    for list in "$end" "1-3" "$((end - 25))-" "$((end - 12))-$((end - 9))" "2,$((end / 2))-$((end / 2 + 3)),$((end - 3))-$end" "0-${end}x7" \
        "$((RANDOM % end))-$((RANDOM % end + end))" "$((RANDOM % end)),$((end - 1))"; do
        [[ $list =~ ^([0-9]+)-([0-9]+)$ ]] && [ "${BASH_REMATCH[2]}" -gt "$end" ] && list=${BASH_REMATCH[1]}-$end
        frames_of --frames "$list" "$2" >got
        from=$(grep -cE "decoded from its start" words)
        cmp -s got <(part "${list/%-/-$end}") || wrong="$wrong $list"
        [ "$1" = any ] || [ "$from" = "$([ "$1" = seek ] && echo 0 || echo 1)" ] || wrong="$wrong $list($1)"
    done
    is "$2: ranges are parts of the whole, $1" "$wrong" ""
}
clip() { # NAME FFMPEG-ARGUMENT...
    ffmpeg -v error -nostdin -y -f lavfi -i testsrc2=s=64x48:r=25:d=3.6 "${@:2}" "$1" 2>/dev/null
}
has_encoder() { ffmpeg -v error -encoders 2>/dev/null | grep -q " $1 "; }
copy() { ffmpeg -v error -nostdin -y "$@" 2>/dev/null; }

RANDOM=20
clip closed.mp4 -c:v libx264 -g 12
ranges seek closed.mp4
clip open.mp4 -c:v libx264 -x264-params keyint=12:open-gop=1:bframes=3:b-pyramid=normal
ranges seek open.mp4
copy -i open.mp4 -c copy open.mkv
ranges seek open.mkv
copy -i open.mp4 -c copy open.ts
ranges seek open.ts
clip frag.mp4 -c:v libx264 -g 12 -movflags frag_keyframe+empty_moov
ranges seek frag.mp4
clip sound.mp4 -f lavfi -i sine=d=3.6 -c:v libx264 -g 12 -c:a aac
copy -ss 0.9 -i sound.mp4 -c copy edited.mov
ranges seek edited.mov
copy -itsoffset 1.5 -i sound.mp4 -c copy late.mkv
ranges seek late.mkv
clip vfr.mp4 -vf "select='not(mod(n,7)-3)+gt(mod(n,5),1)'" -vsync vfr -c:v libx264 -g 9
ranges seek vfr.mp4
clip long.mp4 -c:v libx264 -g 999
ranges seek long.mp4
clip prores.mov -c:v prores_ks
ranges seek prores.mov
clip mjpeg.avi -c:v mjpeg
ranges seek mjpeg.avi
clip m2.ts -c:v mpeg2video -g 9 -bf 2
ranges seek m2.ts
dd if=m2.ts of=inside.ts bs=188 skip=101 2>/dev/null
ranges seek inside.ts
clip ffv1.mkv -c:v ffv1 -g 5
ranges seek ffv1.mkv
if has_encoder libx265; then
    clip hevc.mkv -c:v libx265 -x265-params log-level=error:keyint=12:open-gop=1
    ranges seek hevc.mkv
fi
# Frames dropped in recording: each repeats the one before.
perl -e 'local $/; $_ = <STDIN>; my $i = rindex($_, "idx1"); my $n = 0;
    for (my $p = $i + 8; $p < length; $p += 16) { substr($_, $p + 12, 4) = pack "V", 0 if $n++ % 6 == 4 } print' <mjpeg.avi >drop.avi
ranges any drop.avi

# Formats without a list of packets are decoded from the start.
clip mpeg4.mp4 -c:v mpeg4 -g 9
ranges start mpeg4.mp4
cat m2.ts inside.ts >joined.ts
ranges any joined.ts
clip refresh.mkv -c:v libx264 -x264-params intra-refresh=1:keyint=12
ranges any refresh.mkv
copy -i open.mp4 -c copy raw.264
ranges start raw.264
perl -e 'local $/; $_ = <STDIN>; substr($_, length() * 0.6, 40) = "\xff" x 40; print' <open.ts >damaged.ts
ranges any damaged.ts
is "standard input is read from its start" "$(ck-decode --frames 40-41 - <closed.mp4 | ck-info | grep -o ' number=4[01]' | tr -d '\n')" \
    " number=40 number=41"

# Nothing before the random-access point is decoded: with those packets blanked, the range is the same.
blank() { # INPUT N: blank the data of the first N packets
    ffprobe -v error -select_streams v -show_entries packet=pos,size -of csv=p=0 "$1" |
        perl -e 'my $n = $ARGV[1]; open F, "<", $ARGV[0]; local $/; my $d = <F>;
            for (split /\n/, <STDIN>) { my ($s, $p) = split /,/; last if $n-- == 0; substr($d, $p, $s) = "\0" x $s } print $d' "$1" "$2"
}
for f in closed.mp4 open.mp4 prores.mov; do
    frames_of "$f" >whole
    blank "$f" 60 >"blank.${f##*.}"
    frames_of --frames 75-80 "blank.${f##*.}" >got
    ok "$f: packets before the random-access point are not decoded" cmp got <(part 75-80)
    ok "$f: -v says where decoding starts" grep -qE 'frame 75: decoding starts at frame [67][0-9], [67][0-9] packets are skipped' words
    frames_of --frames 20-24 "blank.${f##*.}" >got
    ok "$f: though others are" test "$(cat got)" != "$(part 20-24)"
done

# Planes of other files are at the same frames.
clip hint.mkv -vf negate -c:v ffv1 -pix_fmt gray
rm -rf w r
ck-decode --hint hint.mkv closed.mp4 | ck-info --npy w
ck-decode --hint hint.mkv --frames 60-69x3 closed.mp4 | ck-info --npy r
is "planes of other files are found as well" "$(cd r && md5sum hint.*)" \
    "$(cd w && md5sum hint.00006{0,3,6,9}.npy)"
is "--missing nearest repeats the last frame" \
    "$(frames_of --missing nearest --frames 88-91 closed.mp4 | sed 's/.* //; s/-//' | cut -c1-32 | uniq -c | wc -l)" 1
fails 3 "frame 95 of --frames does not exist: the video has 90" "frames past the end are counted" \
    bash -c "ck-decode --keep-going --frames 70,95 closed.mp4 | ck-info"

# Same frame, same bytes: whatever range, threads, folder.
key() { ck-decode "$@" | ck-hint --method key | ck-post --classical; }
key -t 2 closed.mp4 | ck-encode -t 2 --processed exr --comp png all
mkdir elsewhere
(
    cd elsewhere || exit
    ck-decode -t 1 --frames 33-35 "$tmp/closed.mp4" | ck-hint --method key --timeout 60 | ck-post --classical -t 1 |
        ck-encode -v --threads 1 --comp png --processed exr "$tmp/elsewhere/some" 2>/dev/null
)
for f in FG/00033.exr Matte/00034.exr Processed/00035.exr Comp/00034.png; do
    ok "$f has the same bytes" cmp "all/$f" "elsewhere/some/$f"
done
is "and no others are there" "$(find elsewhere/some -name '*.exr' -o -name '*.png' | wc -l)" 12
ok "a header tells of no folder" bash -c "! grep -aqF '$tmp' all/FG/00033.exr"
for k in 0 1 2; do mkdir -p shot && cp "all/Comp/0003$((k + 3)).png" "shot/s.$((1001 + k)).png"; done
key shot | ck-encode all-stills
key --frames 1002 "$tmp/shot/" | ck-encode one-still
ok "stills too" cmp all-stills/FG/s.1002.exr one-still/FG/s.1002.exr
key shot/s.1001.png shot/s.1002.png | ck-encode list1
key "$tmp/shot/s.1002.png" "$tmp/shot/s.1003.png" | ck-encode list2
ok "and stills named one by one" cmp list1/FG/s.1002.exr list2/FG/s.1002.exr
if command -v exrheader >/dev/null; then
    key shot | ck-encode --provenance off private
    is "--provenance off drops source and programs" "$(exrheader private/FG/s.1002.exr | grep -cE 'ck:(source|program)')" 0
    is "which are there without it" "$(exrheader all-stills/FG/s.1002.exr | grep -E 'ck:(source|program)' | sed 's/ (type string)//')" \
        'ck:program: "ck-decode | ck-hint --method key | ck-post --classical | ck-encode"
ck:source: "shot"'
fi
done_testing
