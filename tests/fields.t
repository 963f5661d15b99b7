#!/bin/bash
# Interlaced video: whole frames by bwdif, at frame and at field rate, and combing that is measured.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1

if ! command -v ffmpeg >/dev/null; then
    skip "fields" "ffmpeg is not installed"
    done_testing
    exit
fi

ff() { ffmpeg -v error -y "$@"; }
samples() { # ck-decode's options: a sum of all pictures in order
    rm -rf npy
    ck-decode "$@" 2>/dev/null | ck-info --npy npy >listing
    cat npy/rgb.*.npy | sha256sum
}
times() { ck-decode "$@" 2>/dev/null | ck-info | sed -n 's/^FRAME [0-9]* pts=\([^ ]*\) .* number=\([0-9]*\).*/\2:\1/p' | tr '\n' ' '; }
head_has() { ck-decode "${@:2}" 2>/dev/null | ck-info | sed -n 's/^HEAD //p' | tr ' ' '\n' | sed -n "s/^$1=//p"; }

ff -f lavfi -i "testsrc2=s=160x120:r=50" -frames:v 48 -vf "tinterlace=interleave_top,setfield=tff,format=yuv420p" \
    -c:v libx264 -flags +ilme+ildct -x264opts tff=1 -qp 10 -g 6 in.mp4
ff -f lavfi -i "testsrc2=s=160x120:r=50" -frames:v 24 -vf "tinterlace=interleave_bottom,setfield=bff,format=yuv422p10le" \
    -c:v ffv1 bff.mkv
for mode in frame field; do
    option=--deinterlace
    [ $mode = frame ] || option=--deinterlace-fields
    for f in in.mp4 bff.mkv; do
        ff -i $f -vf bwdif=mode=send_$mode:deint=all -fps_mode passthrough -c:v ffv1 want.mkv
        is "$f at $mode rate: what ffmpeg makes of it" "$(samples $option $f)" "$(samples want.mkv)"
        for range in 0 7-9 3,12-14,20-; do
            is "frames $range" "$(samples $option --frames $range $f)" "$(samples --frames $range want.mkv)"
        done
        is "their times and numbers" "$(times $option --frames 7-9 $f)" "$(times --frames 7-9 want.mkv)"
    done
done
is "field rate in HEAD" "$(head_has rate --deinterlace-fields in.mp4) $(head_has frames --deinterlace-fields in.mp4) $(
    head_has numbers --deinterlace-fields in.mp4)" "50/1 96 0-95"
is "of 24000/1001, 48000/1001" "$(ff -i in.mp4 -c copy -r 24000/1001 x.mp4 2>/dev/null
    head_has rate --deinterlace-fields x.mp4)" "$(head_has rate in.mp4 | sed 's/25/50/')"
ff -f lavfi -i "testsrc2=s=160x120:r=25" -frames:v 1 -c:v ffv1 one.mkv
is "a single frame" "$(ck-decode --deinterlace one.mkv | ck-info | tail -1)" "END 1 frames"

ff -i in.mp4 -c copy -timecode 01:00:00:10 tc.mov
is "both fields of a frame have its timecode" \
    "$(ck-decode --deinterlace-fields --frames 0-3 tc.mov | ck-info | grep -o 'timecode=[^ ]*' | cut -d= -f2 | tr '\n' ' ')" \
    "01:00:00:10 01:00:00:10 01:00:00:11 01:00:00:11 "

# A damaged frame stays an error, at field rate both of its fields; its neighbours are made.
ff -i in.mp4 -c:v ffv1 -slicecrc 1 bad.mkv
perl -e 'local $/; open F, "+<", "bad.mkv"; $_ = <F>; seek F, int(length($_) / 2), 0; print F "\xff" x 40'
ck-decode --keep-going --deinterlace bad.mkv 2>/dev/null | ck-info >listing
is "one bad frame" "$(grep -c 'error=' listing) $(tail -1 listing)" "1 END 48 frames, 1 failed"
ck-decode --keep-going --deinterlace-fields bad.mkv 2>/dev/null | ck-info >listing
is "both of its fields" "$(grep -c 'error=' listing) $(tail -1 listing)" "2 END 96 frames, 2 failed"

# Combing.
said() { { ck-decode "$@" >/dev/null; } 2>&1; }
ff -f lavfi -i "testsrc2=s=320x240:r=50" -frames:v 12 -vf "rotate=2*t,tinterlace=interleave_top,setfield=tff" -c:v ffv1 turn.mkv
ok "combing is measured, and the option named" bash -c "ck-decode turn.mkv 2>&1 >/dev/null |
    grep -q 'warning: turn.mkv: frame [0-9]* is interlaced, its two fields differ: --deinterlace makes whole frames'"
is "once" "$(said turn.mkv | grep -c interlaced)" 1
is "not of whole frames" "$(said --deinterlace turn.mkv)" ""
ff -f lavfi -i "testsrc2=s=160x120:r=25" -frames:v 12 -vf noise=alls=40:allf=t -c:v ffv1 grain.mkv
is "not of grain" "$(said grain.mkv)" ""
ff -f lavfi -i "color=s=160x120:r=25" -frames:v 3 -vf "geq=lum='255*mod(Y,2)':cb=128:cr=128" -c:v ffv1 lines.mkv
is "lines of one pixel cannot be told from fields" "$(said lines.mkv | grep -c interlaced)" 1
ok "the flag is said" bash -c "ck-decode -v in.mp4 2>&1 >/dev/null | grep -q 'flagged as interlaced: --deinterlace'"

# Usage.
ff -i one.mkv still.png
fails 2 "still.png: not a video: leave --deinterlace out" "a still" ck-decode --deinterlace still.png
fails 2 "contradict each other" "both" ck-decode --deinterlace --deinterlace-fields in.mp4
ff -i one.mkv -pix_fmt rgb24 -c:v png rgb.mov
fails 1 "rgb.mov: pixel format rgb24 of 160x120 cannot be deinterlaced: convert it to yuv422p10" "a format that it lacks" \
    ck-decode --deinterlace rgb.mov
ok "ck key counts fields" bash -c 'ck key --classical --screen green --deinterlace-fields --chunk 2/4 in.mp4 out 2>/dev/null &&
    ls out/Matte | head -1 | grep -qx 00024.exr && [ "$(ls out/Matte | wc -l)" = 24 ]'
done_testing
