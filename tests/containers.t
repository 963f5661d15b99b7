#!/bin/bash
# ck-decode on containers that legitimately declare more than they hold, and on cut, joined and damaged ones.  Frames
# that can be decoded are exact, the others are reported.  Times and tags of video outputs.
. "$(dirname "$0")/tap.sh"
if ! command -v ffmpeg >/dev/null; then
    skip "containers" "ffmpeg is not installed"
    done_testing
fi
cd "$tmp" || exit 1
ff() { ffmpeg -nostdin -v error -y "$@"; }
# The noise moves, so all frames differ.
clip() { ff -f lavfi -i "testsrc2=s=96x64:r=25" -frames:v 48 "$@"; }
# One line per frame, by time: "TIME HASH" or "TIME bad".
frames_of() {
    rm -rf npy
    ck-decode "$@" 2>said >frames.ck
    local status=$?
    ck-info --npy npy <frames.ck >/dev/null 2>&1
    (cd npy && md5sum -- rgb.*.npy) 2>/dev/null | sed -E 's/^([0-9a-f]+) +rgb\.0*([0-9]+)\.npy$/\2 \1/' >sums
    ck-info <frames.ck 2>/dev/null | sed -nE 's/^FRAME ([0-9]+)( pts=([^ ]*))? .*(error=).*/\1 \3 bad/p; t; s/^FRAME ([0-9]+)( pts=([^ ]*))? .*/\1 \3 good/p' |
        awk 'FILENAME == "sums" { sum[$1] = $2; next } { print (NF > 2 ? $2 : ""), ($NF == "bad" ? "bad" : sum[$1]) }' sums -
    return $status
}
hashes() { frames_of "$@" | cut -d' ' -f2; }
count() { frames_of "$@" >counted; echo "$? $(grep -vc ' bad' counted) $(grep -c ' bad' counted)"; }
# "STATUS GOOD BAD WRONG" of a damaged file.  WRONG: frames that differ from the whole file's at the same time.
against() { # WHOLE DAMAGED
    [ -e "$1.frames" ] || frames_of "$1" >"$1.frames"
    frames_of --keep-going "$2" >damaged
    local status=$?
    echo "$status $(grep -vc ' bad' damaged) $(grep -c ' bad' damaged) $(grep -v ' bad' damaged | grep -vxFf "$1.frames" | wc -l)"
}
# The same by order of frames, for files with other times.
pictures_against() {
    [ -e "$1.frames" ] || frames_of "$1" >"$1.frames"
    frames_of --keep-going "$2" >damaged
    local status=$?
    cut -d' ' -f2 "$1.frames" >pictures
    echo "$status $(grep -vc ' bad' damaged) $(grep -c ' bad' damaged) $(grep -v ' bad' damaged | grep -vFf pictures | wc -l)"
}
ffmpeg_count() { ffmpeg -nostdin -v error -i "$1" -map 0:v:0 -vsync passthrough -f framemd5 - 2>/dev/null | grep -vc '^#'; }
# Offset and size in bytes of packet N of the video, in decoding order from 0.
packet() { ffprobe -v error -select_streams v:0 -show_entries packet=pos,size -of csv=p=0 "$1" | sed -n "$(($2 + 1))p" | tr -dc '0-9,\n'; }
# Copy FILE with all bits set from the first third of packet N to its end.
damage() { # FILE N OUT
    local size at
    IFS=, read -r size at _ < <(packet "$1" "$2")
    cp "$1" "$3"
    head -c $((size - size / 3)) /dev/zero | tr '\0' '\377' | dd of="$3" bs=1 seek=$((at + size / 3)) conv=notrunc status=none
}

X264="libx264 -threads 1 -g 12 -x264-params open-gop=1:bframes=3:b-pyramid=normal:b-adapt=0:scenecut=0"
X265="libx265 -x265-params open-gop=1:keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0:pools=none:frame-threads=1:hash=1:log-level=none"
# shellcheck disable=SC2086
clip -c:v $X264 h4.mkv
# shellcheck disable=SC2086
clip -c:v $X264 h4.ts
# shellcheck disable=SC2086
clip -c:v $X265 h5.mkv 2>/dev/null
clip -c:v mpeg2video -g 12 -bf 2 -q:v 4 m2.ts
clip -c:v mpeg4 -g 12 -bf 2 -q:v 4 m4.ts

# --- other streams longer than the video
printf '1\n00:00:00,000 --> 00:00:09,000\nlong\n' >s.srt
ff -i h4.mkv -i s.srt -c copy sub.mkv
is "subtitles that outlast the video" "$(count sub.mkv)" "0 48 0"
ff -i h4.mkv -f lavfi -i "sine=d=5" -c:v copy -c:a aac -b:a 32k sound.mkv
is "sound that does" "$(count sound.mkv)" "0 48 0"
head -c $(($(stat -c %s sound.mkv) / 8)) sound.mkv >cut.mkv
fails 1 "copy it again, or try --keep-going" "a real cut is an error, with a remedy" bash -c "ck-decode cut.mkv >/dev/null"
# Written to a pipe: no sizes and durations; then with only the video's duration in the header.
ff -i h4.mkv -f lavfi -i "sine=d=5" -c:v copy -c:a aac -b:a 32k -f matroska - >piped.mkv
is "a header without a duration" "$(count piped.mkv)" "0 48 0"

# --- AVI
clip -c:v mjpeg -q:v 3 all.avi
ff -i all.avi -vf "select='not(eq(n,3)+eq(n,4)+eq(n,20))'" -vsync cfr -r 25 -c:v mjpeg -q:v 3 same.avi
# Dropped frames as ffmpeg writes them: chunks of size 0 where times jump.
ff -i all.avi -c copy -bsf:v "noise=drop='eq(n,3)+eq(n,4)+eq(n,20)+eq(n,47)'" drop.avi 2>/dev/null ||
    ff -i all.avi -vf "select='not(eq(n,3)+eq(n,4)+eq(n,20))'" -vsync passthrough -c:v mjpeg -q:v 3 drop.avi
hashes all.avi >all
hashes -v drop.avi >dropped
is "dropped frames repeat the one before, at their times" \
    "$(awk '{ if (NR == 4 || NR == 5) print h[3]; else if (NR == 21) print h[20]; else { h[NR] = $1; print } }' all | head -47 | cmp - <(head -47 dropped) && echo same)" same
ok "and are said with -v" grep -q "frames were dropped in recording" said
is "the count is the header's" "$(wc -l <dropped) $(ck-decode drop.avi | ck-info | grep -o ' frames=[0-9]*')" "$(ffprobe -v error -show_entries stream=nb_frames -of csv=p=0 drop.avi | tr -dc 0-9) $(ck-decode drop.avi | ck-info | grep -o ' frames=[0-9]*')"
head -c $(($(stat -c %s drop.avi) / 2)) drop.avi >cut.avi
fails 1 "cut short" "half of it is an error" bash -c "ck-decode cut.avi >/dev/null"
is "of which --keep-going makes as many frames as are declared" \
    "$(count --keep-going cut.avi | awk '{ print $1, $2 + $3 }')" "3 $(wc -l <dropped)"
ff -i h4.ts -c copy h4.avi 2>/dev/null || ff -f lavfi -i "testsrc2=s=96x64:r=25" -frames:v 48 -c:v libx264 -g 12 -bf 2 h4.avi
is "H.264 with reordered frames in AVI, where frames have no times" "$(count h4.avi)" "0 48 0"
ff -i h4.avi -c copy wrong.mp4 2>/dev/null
is "put into MP4 as it was, with times in the wrong order" "$(count --keep-going wrong.mp4)" "0 48 0"

# --- starts inside a group of pictures
cut_at() { ff -ss "$2" -i "$1" -c copy "$3"; }
for f in h4.mkv h5.mkv; do
    cut_at $f 1.0 cut_$f
    is "$f cut: what can be decoded is exact, without an error" "$(pictures_against $f cut_$f)" "0 $(ffmpeg_count cut_$f) 0 0"
    ok "$f cut: the leading pictures that cannot be are said" grep -q "frames refer to frames before the start of the stream: discarded" said
    ck-decode -t 4 cut_$f 2>/dev/null | cmp -s - <(ck-decode -t 1 cut_$f 2>/dev/null)
    is "$f cut: threads change nothing" "$(hashes -t 4 cut_$f | md5sum)" "$(hashes -t 1 cut_$f | md5sum)"
    ff -ss 1.0 -i $f -c copy "cut_$f.mp4"
    is "$f cut into MP4: frames that the edit list hides are no loss" "$(pictures_against $f "cut_$f.mp4")" \
        "0 $(ffmpeg_count "cut_$f.mp4") 0 0"
done
for f in h4.ts m2.ts m4.ts; do
    packets=$(($(stat -c %s $f) / 188))
    tail -c +$((188 * (packets / 3) + 1)) $f >mid_$f
    is "$f from the middle: frames from the first key frame on" "$(pictures_against $f mid_$f | cut -d' ' -f1,3,4)" "0 0 0"
    ok "$f from the middle: at least 24 of them" test "$(wc -l <damaged)" -ge 24
    ok "$f from the middle: the others are said" grep -q "refer to frames before the start" said
done

# --- joined streams
for f in h4.ts m2.ts m4.ts; do
    cat $f $f >cat.ts
    is "$f twice: both halves" "$(pictures_against $f cat.ts)" "0 96 0 0"
    ok "$f twice: the jump is said" grep -q "timestamps jump from .* continued without a gap" said
    is "$f twice: in order" "$(hashes cat.ts | md5sum)" "$(hashes $f >half && cat half half | md5sum)"
    is "$f twice: times go on" "$(cut -d' ' -f1 damaged | awk 'NR > 1 && ($1 - t < 0.039 || $1 - t > 0.041) { bad++ } { t = $1 } END { print bad + 0, t }')" "0 3.800000"
    cat $f mid_$f >cat.ts
    # Frames that depend on an unfinished packet at the joint are error frames.
    is "$f and a part that starts inside a group: no wrong frame" "$(pictures_against $f cat.ts | cut -d' ' -f4)" 0
    ok "$f and a part that starts inside a group: at least 70 frames" test "$(grep -vc ' bad' damaged)" -ge 70
done

# --- one damaged packet: 48 frames in groups of 12, I0 P4 B2 b1 b3 P8 ...; decoding order
damage h4.mkv 1 dmg.mkv
is "H.264, open groups: a damaged P takes its group and the leading pictures of the next" "$(against h4.mkv dmg.mkv)" "3 37 11 0"
frames_of --keep-going dmg.mkv >/dev/null
ok "the frame and what depends on it are told apart" \
    bash -c "grep -q 'frame 4: damaged' said && grep -q 'frame 11: it depends on an earlier damaged frame' said"
# Frame threads do not tell which packet is damaged: the file is then read again without them.
damage h4.mkv 24 dmg.mkv
strictly() { ck-decode -t "$1" "${@:2}" dmg.mkv 2>said | ck-info 2>/dev/null | grep -c '^FRAME.* rgb:'; cat said; }
for threads in 2 4; do
    is "$threads threads give the frames before the damage, and name it, as one does" "$(strictly $threads)" "$(strictly 1)"
    is "and a range after it" "$(strictly $threads --frames 40-45)" "6"
done
damage h5.mkv 1 dmg.mkv
# After a broken unit libav also discards the frame that it was about to output.
is "HEVC the same" "$(against h5.mkv dmg.mkv | awk '{ print $1, ($2 >= 36), $4 }')" "3 1 0"
last_b() { # last picture shown before key picture 12, in a clip with reordering; no other refers to it
    ffprobe -v error -show_entries packet=pts_time -of csv=p=0 "$1" | tr -d , | grep -n '^0.440' | cut -d: -f1
}
damage h4.mkv $(($(last_b h4.mkv) - 1)) dmg.mkv
is "H.264: a damaged picture that nothing refers to goes alone" "$(against h4.mkv dmg.mkv | cut -d' ' -f1,4) $(grep -c ' bad' damaged)" "3 0 1"
ff -i m2.ts -c copy m2.mkv
damage m2.mkv 1 dmg.mkv
is "MPEG-2: no wrong frame, the other groups are good" "$(against m2.mkv dmg.mkv | awk '{ print $1, ($2 >= 33), $4 }')" "3 1 0"
for c in "prores_ks mov" "mjpeg mov" "ffv1 -g 1 -level 3 -slicecrc 1 mkv"; do
    # shellcheck disable=SC2086
    set -- ${c##* } $c
    clip -c:v ${c% *} -frames:v 12 "i.$1"
    damage "i.$1" 5 "dmg.$1"
    rm -f "i.$1.frames"
    is "$2: one damaged packet is one frame" "$(against "i.$1" "dmg.$1" | cut -d' ' -f2-4)" "11 1 0"
done
for c in "libvpx-vp9 -deadline realtime -cpu-used 8 webm" "libaom-av1 -usage realtime -cpu-used 8 mkv"; do
    # shellcheck disable=SC2086
    set -- ${c##* } $c
    ffmpeg -v error -encoders | grep -q "$2" || continue
    # shellcheck disable=SC2086
    clip -c:v ${c% *} -g 12 -b:v 300k "v.$1"
    is "$2: 48 frames" "$(count "v.$1")" "0 48 0"
    ff -ss 1.0 -i "v.$1" -c copy "cut_v.$1"
    is "$2: cut" "$(pictures_against "v.$1" "cut_v.$1" | cut -d' ' -f1,3,4)" "0 0 0"
done

# --- further streams, covers, animated PNG
ff -f lavfi -i "color=red:s=200x200" -frames:v 1 cover.png
ff -f lavfi -i "testsrc2=s=64x48:r=25" -frames:v 5 -c:v libx264 small.mp4
ff -i h4.mkv -i small.mp4 -map 0 -map 1 -c copy two.mkv
ck-decode -v --stream 0 two.mkv 2>said >/dev/null
ok "further video streams are said with -v" grep -q "reading video stream 0; others: 1 (h264 64x48) (--stream)" said
is "--stream chooses" "$(ck-decode --stream 1 two.mkv | ck-info | sed -n 's/.* width=\([0-9]*\).*/\1/p') $(count --stream 1 two.mkv)" "64 0 5 0"
ff -i h4.mkv -i cover.png -map 0 -map 1 -c copy -disposition:v:1 attached_pic cover.mp4
ck-decode -v cover.mp4 2>said >/dev/null
ok "covers too" grep -q "others: 1 (png 200x200, cover)" said
is "and are no frames" "$(count cover.mp4)" "0 48 0"
fails 2 "stream 7 is not a video; video streams: 0 (h264 96x64), 1 (h264 64x48)" "a stream that is none" \
    bash -c "ck-decode --stream 7 two.mkv >/dev/null"
fails 2 "cover.png: not a video: leave --stream out" "stills have none" bash -c "ck-decode --stream 0 cover.png >/dev/null"
ff -f lavfi -i "testsrc2=s=96x64:r=25" -frames:v 8 -f apng anim.png
is "an animated PNG is a video" "$(count anim.png)" "0 8 0"
ff -i anim.png -c:v ffv1 -pix_fmt gbrp anim.mkv
is "of the same frames" "$(hashes anim.png | md5sum)" "$(hashes anim.mkv | md5sum)"
head -c $(($(stat -c %s anim.png) / 2)) anim.png >half.png
ck-decode half.png >/dev/null 2>said
is "half of one is an error" "$?" 1
fails 2 "several inputs must all be stills" "no still among stills" bash -c "ck-decode anim.png cover.png >/dev/null"

# --- colour tags
tag() { ck-decode "$@" 2>/dev/null | ck-info | head -1 | grep -oE '(source-transfer|transfer|primaries)=[^ ]*' | tr '\n' ' '; }
curve() { # TRANSFER FILE
    ff -f lavfi -i "color=c=gray:s=64x48:r=24" -vf "format=yuv444p10le,setparams=color_primaries=bt2020:color_trc=$1:colorspace=bt2020nc" \
        -color_primaries bt2020 -color_trc "$1" -colorspace bt2020nc -frames:v 3 -c:v prores_ks -profile:v 4 -movflags write_colr "$2"
}
curve smpte2084 pq.mov
curve arib-std-b67 hlg.mov
# ProRes frame headers repeat the tags: bytes 14 to 16 after "icpf", the header's size and version.
perl -0777 -pe 's/(icpf.{14})\x09\x10\x09/$1\x02\x02\x02/gs; s/(icpf.{10})(..)\x09\x10\x09/$1$2\x02\x02\x02/gs' pq.mov >unsaid.mov
is "the container's tags count where the codec says none" \
    "$(cmp -s pq.mov unsaid.mov && echo unchanged) $(tag unsaid.mov)$(ck-decode -v unsaid.mov 2>&1 >/dev/null | grep -c 'matrix 2020, limited range')" \
    " transfer=linear primaries=bt2020 source-transfer=pq 1"
is "HEAD of PQ" "$(tag pq.mov)" "transfer=linear primaries=bt2020 source-transfer=pq "
perl -0777 -pe 's/(icpf.{14})\x09\x10\x09/$1\x01\x01\x01/gs' pq.mov >other.mov
ck-decode other.mov 2>said >/dev/null
ok "where the two differ, it is said" \
    grep -q "the container says primaries bt2020 (the codec: bt709), transfer smpte2084 (the codec: bt709), matrix bt2020nc (the codec: bt709): the codec's value is used" said
probe() { ffprobe -v error -show_entries stream=color_transfer,color_primaries,color_space -of default=nw=1 "$1" | sort | sed 's/color_//' | tr '\n' ' '; }
is "HEAD of HLG" "$(tag hlg.mov)" "transfer=linear primaries=bt2020 source-transfer=hlg "
oiiotool -pattern fill:color=0.2,0.6,0.2 64x48 3 -d uint10 -o log.dpx
printf '\x03' | dd of=log.dpx bs=1 seek=801 conv=notrunc 2>/dev/null
exr_says() { # ATTRIBUTE FILE...
    local name=$1
    shift
    exrheader "$@" | sed -n "s/^ck:$name .*: \"\(.*\)\"/\1/p" | sort -u
}
for curve in pq:smpte2084 hlg:arib-std-b67 log:; do
    name=${curve%:*} tag=${curve#*:}
    ck-decode $name.[md][op][vx] 2>/dev/null | ck-hint --screen green --method key 2>/dev/null |
        ck-post --classical 2>/dev/null >$name.ck
    is "planes made of $name are light, and display values" \
        "$(ck-info <$name.ck | sed -n 's/^FRAME 0.* \(fg:[^ ]*\).* \(processed:[^ ]*\) \(comp:[^ ]*\).*/\1 \2 \3/p' | sed -E 's/:(inline|ring)[^ ]*//g')" \
        "fg:f32:3x48x64:srgb processed:f32:4x48x64:linear comp:u8:3x48x64:srgb"
    ck-encode --comp exr --output-space source $name.exr <$name.ck
    said=${name/log/cineon}
    for f in FG Processed; do is "$f in $said again: EXR" "$(exr_says transfer $name.exr/$f/*)" "$said"; done
    is "but Comp is sRGB" "$(exr_says transfer $name.exr/Comp/*)" srgb
    is "a matte stays coverage, and has no primaries" "$(exr_says transfer $name.exr/Matte/*)-$(exr_says primaries $name.exr/Matte/*)" linear-
    [ -n "$tag" ] || continue
    ck-encode --fg mov --matte mov --processed mov --comp mp4 --output-space source $name <$name.ck
    for f in fg.mov processed.mov; do
        is "$f in $name" "$(probe $name/$f)" "primaries=bt2020 space=bt2020nc transfer=$tag "
    done
    is "comp.mp4 in sRGB" "$(probe $name/comp.mp4)" "primaries=bt709 space=bt709 transfer=iec61966-2-1 "
    ck-encode --fg mov $name.plain <$name.ck 2>/dev/null
    is "fg.mov without the option: sRGB in the plate's primaries" "$(probe $name.plain/fg.mov)" \
        "primaries=bt2020 space=bt2020nc transfer=iec61966-2-1 "
done
is "a matte is tagged as no picture" "$(probe pq/matte.mov)" "primaries=unknown space=bt709 transfer=unknown "
is "codes are straight" \
    "$(ffprobe -v error -show_format pq/processed.mov | sed -n 's/^TAG:ck:alpha=//p')$(exrheader pq.exr/Processed/00000.exr | sed -n 's/^ck:alpha.*: / /p')" \
    'straight "straight"'
is "light is premultiplied in EXR" "$(exrheader pq.plain/Processed/00000.exr | sed -n 's/^ck:alpha.*: //p')" '"premultiplied"'
"$helpers/mkstream" -g 64x64 rgb:f32:3:srgb primaries=ap1 | ck-encode --plane rgb=mov ap1
is "primaries that video has no code for are not called Rec. 709" "$(probe ap1/rgb.mov)" \
    "primaries=unknown space=bt709 transfer=iec61966-2-1 "

# --- times
ff -f lavfi -i "testsrc2=s=64x48:r=24" -vf "select='mod(n,5)'" -frames:v 19 -vsync vfr -c:v libx264 -bf 2 vfr.mp4
times() { ffprobe -v error -show_entries frame=pts_time -of csv=p=0 "$1" | grep -oE '^[0-9.]+'; }
for f in mov mp4; do
    ok "a variable frame rate to $f" bash -c "ck-decode vfr.mp4 | ck-encode --plane rgb=$f vfr.$f.out"
    is "without a word" "$(cat "$tmp/.err")" ""
    # Both files round to their own ticks.
    is "keeps its times" "$(paste <(times vfr.mp4) <(times vfr.$f.out/rgb.$f) | awk 'NR == 1 { t = $1 } { d = $1 - t - $2; if (d > 1e-4 || d < -1e-4) print NR, $1 - t, $2 } END { print NR }')" 19
done
ff -f lavfi -i "testsrc2=s=64x48:r=24000/1001" -frames:v 20 -c:v ffv1 ms.mkv
ck-decode ms.mkv | ck-encode --plane rgb=mov ms
is "milliseconds of Matroska become the rate again" \
    "$(ffprobe -v error -show_entries stream=r_frame_rate,avg_frame_rate,nb_frames -of csv=p=0 ms/rgb.mov)" "24000/1001,24000/1001,20"
ck-decode --frames 0-4,10-14 ms.mkv | ck-encode --plane rgb=mov gap
is "frames that were left out leave a gap" "$(times gap/rgb.mov | sed -n 6p)" 0.417083
ck-decode --keep-going i.mov 2>/dev/null | ck-encode --rate 10 --plane rgb=mov fixed 2>/dev/null
is "--rate is constant" "$(ffprobe -v error -show_entries stream=avg_frame_rate -of csv=p=0 fixed/rgb.mov)" 10/1
done_testing
