#!/bin/bash
# ck-encode: codecs and containers of video files, their samples, labels, sound and timecode.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || {
    skip "video files" "ffmpeg is not installed"
    done_testing
}
mk() { "$helpers/mkstream" "$@"; }
show() { # FILE FIELD,...: of the video stream, "a b c"
    ffprobe -v error -select_streams v:0 -show_entries "stream=$2" -of default=nw=1:nk=1 "$1" | tr '\n' ' '
}
tag() { # FILE KEY: in the container or a stream, whatever the case
    ffprobe -v error -show_entries format_tags:stream_tags -of default=nw=1 "$1" | grep -i "^TAG:$2=" | head -1 | cut -d= -f2-
}
raw() { # FILE FORMAT [OPTION...]
    local file=$1 format=$2
    shift 2
    ffmpeg -v error "$@" -i "$file" -map 0:v:0 -f rawvideo -pix_fmt "$format" -sws_flags accurate_rnd+full_chroma_int -
}
lacks() { ! ffmpeg -v error -hide_banner -encoders | grep -q " $1 "; }

# A smooth moving picture of 16 bits with saturated colours, without edges that 4:2:0 blurs.
ffmpeg -v error -f lavfi -i "color=s=320x180:r=25,format=gbrp16le,geq=r='22000+20000*sin((X+4*N)/40)':g='30000+24000*cos(Y/30)':b='25000+20000*sin((X+Y)/50)'" \
    -frames:v 6 -pix_fmt rgb48be -start_number 1 %02d.png
mkdir smooth && mv 0?.png smooth
ck-decode smooth >smooth.ck
# A picture of 8 bits, a matte of 16, and RGBA of 16 with a soft edge.
ck-synth -g 320x180 -n 6 | ck-hint --method key | ck-post --classical >keyed.ck
planes=(--fg off --matte off --processed off --comp off)

# ---- every codec in every container ----

# Name, container, codec, options of the least loss, what ffprobe reports.
# A coefficient of an orthonormal transform changes by less than one quantiser step, so the RMS error of Y, Cb and Cr is
# below the step: at most 1.5 codes of 8 bits here (qp 1, B frames qp 3: 2^((3 - 4) / 6) = 0.9; qindex 4 of VP9 and AV1:
# 12 / 8).  BT.709 to RGB amplifies that by at most sqrt(1 + 1.8556^2) * 255 / 219 = 2.45.  Rounding to 8 bits before
# and after adds less than 1.  The sum is 4.7 codes.  A wrong matrix or range is off by more than 8 in this picture.
bound=4.7
rms() { # FILE A B OPTION...: root mean square of the difference of 16-bit samples, in codes of 8 bits
    perl -e 'local $/; open A, shift; open B, shift; @a = unpack "S<*", <A>; @b = unpack "S<*", <B>;
        die "sizes\n" if @a != @b || !@a; $s += ($a[$_] - $b[$_]) ** 2 for 0 .. $#a; printf "%.3f\n", sqrt($s / @a) / 257' "$1" "$2"
}
below() { perl -e 'exit !($ARGV[0] < $ARGV[1])' "$1" "$2"; }
ck-encode --plane rgb=- -f rawvideo <smooth.ck >smooth.raw
lossy() { # CODEC CONTAINER ENCODER ARGS FIELDS WANTED
    if lacks "$3"; then
        skip "$1 in $2" "this libavcodec has no $3"
        return
    fi
    ok "$1 in $2" bash -c "ck-encode --codec $1 ${4:+--video-args $4} --plane rgb=$2 lossy-$2/$1 <smooth.ck"
    is "is quiet" "$(cat .err)" ""
    is "is labelled" "$(show "lossy-$2/$1/rgb.$2" "$5")" "$6 "
    raw "lossy-$2/$1/rgb.$2" rgb48le >got.raw
    local got
    got=$(rms got.raw smooth.raw)
    ok "its values are as sent, RMS $got codes" below "$got" $bound
    ok "ck-decode reads all of its frames" bash -c "[ \$(ck-decode lossy-$2/$1/rgb.$2 | ck-info | grep -c ^FRAME) = 6 ]"
}
labels=codec_name,profile,pix_fmt,color_range,color_space,color_transfer,color_primaries
sdr="tv bt709 iec61966-2-1 bt709"
for c in mp4 mov mkv; do
    lossy h264 $c libx264 qp=1 $labels "h264 High yuv420p $sdr"
    lossy hevc $c libx265 qp=1 $labels "hevc Main 10 yuv420p10le $sdr"
done
for c in mp4 webm mkv; do
    lossy av1 $c libaom-av1 crf=1 $labels "av1 Main yuv420p10le $sdr"
    lossy vp9 $c libvpx-vp9 crf=1 $labels "vp9 Profile 0 yuv420p $sdr"
done
for c in mov mkv; do
    # without color_range: mov has no label for it, and libavcodec 61 no longer assumes one
    lossy prores4444 $c prores_ks "" ${labels/color_range,/} "prores 4444 yuv444p12le ${sdr/tv /}"
    lossy prores4444xq $c prores_ks "" ${labels/color_range,/} "prores XQ yuv444p12le ${sdr/tv /}"
done
lossy dnxhr444 mov dnxhd "" $labels "dnxhd DNXHR 444 yuv444p10le $sdr"
is "HEVC in mp4 and mov has the tag that Apple's players need" "$(show lossy-mp4/hevc/rgb.mp4 codec_tag_string)$(show lossy-mov/hevc/rgb.mov codec_tag_string)" "hvc1 hvc1 "

lossless() { # CODEC CONTAINER PLANE FORMAT LABELS
    ok "$1 in $2, plane $3" bash -c "ck-encode ${planes[*]} --codec $1 --plane $3=$2 exact-$2/$1-$3 <keyed.ck"
    is "is labelled" "$(show "exact-$2/$1-$3/$3.$2" "codec_name,pix_fmt,color_transfer,color_primaries")" "$5 "
    ok "its values are exactly those that were sent" cmp \
        <(raw "exact-$2/$1-$3/$3.$2" "$4") <(ck-encode "${planes[@]}" --plane $3=- -f rawvideo <keyed.ck)
    case $3 in comp | fg)
        ok "also for ck-decode" cmp <(ck-decode "exact-$2/$1-$3/$3.$2" | ck-encode --plane rgb=- -f rawvideo) \
            <(ck-encode "${planes[@]}" --plane "$3=-" -f rawvideo <keyed.ck)
        ;;
    esac
}
for c in mov mkv; do
    lossless ffv1 $c comp rgb24 "ffv1 bgr0 iec61966-2-1 bt709"
    lossless ffv1 $c fg rgb48le "ffv1 gbrp16le iec61966-2-1 bt709"
    lossless ffv1 $c processed rgba64le "ffv1 gbrap16le iec61966-2-1 bt709"
    lossless ffv1 $c alpha gray16le "ffv1 gray16le unknown unknown"
done
lossless qtrle mov comp rgb24 "qtrle rgb24 iec61966-2-1 bt709"
# 8 bits of a deeper plane: those of PNG.
ck-encode "${planes[@]}" --codec qtrle --plane processed=mov --plane alpha=mov eightmov <keyed.ck
ck-encode "${planes[@]}" --plane processed=png8 --plane alpha=png8 eight <keyed.ck
ok "QuickTime Animation holds RGBA of 8 bits" cmp <(raw eightmov/processed.mov rgba) <(cat eight/processed/*.png | ffmpeg -v error -f image2pipe -i - -f rawvideo -pix_fmt rgba -)
ok "and a matte" cmp <(raw eightmov/alpha.mov rgb24) <(cat eight/alpha/*.png | ffmpeg -v error -f image2pipe -i - -f rawvideo -pix_fmt rgb24 -)

# ---- alpha ----

alpha() { # FILE OPTION...: samples of 16 bits
    local file=$1
    shift
    ffmpeg -v error "$@" -i "$file" -vf alphaextract -f rawvideo -pix_fmt gray16le -
}
ck-encode "${planes[@]}" --plane processed=- -f nut <keyed.ck >keyed.nut
alpha keyed.nut >alpha.raw
for c in webm mkv; do
    ck-encode "${planes[@]}" --codec vp9 --video-args crf=1 --plane processed=$c alpha <keyed.ck
    alpha alpha/processed.$c -c:v libvpx-vp9 >got.raw
    got=$(rms got.raw alpha.raw)
    # One step, 1.5 codes, and rounding to 8 bits.
    ok "VP9 in $c has alpha, RMS $got codes" below "$got" 2
    is "which is marked" "$(tag alpha/processed.$c alpha_mode) $(tag alpha/processed.$c ck:alpha)" "1 straight"
done
for c in prores4444 prores4444xq; do
    ck-encode "${planes[@]}" --codec $c --plane processed=mov alpha-$c <keyed.ck
    alpha alpha-$c/processed.mov >got.raw
    # Coded without loss from 10 bits; the decoder cuts it to 12: half a code of the one, one of the other.
    ok "$c has alpha, RMS $(rms got.raw alpha.raw) codes" below "$(rms got.raw alpha.raw)" 0.19
    is "straight" "$(tag alpha-$c/processed.mov ck:alpha)" straight
done
for c in h264:mp4 hevc:mov av1:webm dnxhr444:mov vp9:mp4; do
    fails 1 "cannot store the alpha of plane 'processed': use" "${c%:*} in ${c#*:} has none" \
        bash -c "ck-encode ${planes[*]} --codec ${c%:*} --plane processed=${c#*:} none <keyed.ck"
done
is "nothing was written" "$(find none -type f ! -name .ck-lock)" ""

# ---- what is refused ----

no() { # TEXT OPTION...
    local text=$1
    shift
    fails 2 "$text" "$*" bash -c 'ck-encode "$@" refused <smooth.ck' - --plane rgb=off "$@"
}
no "webm cannot hold ProRes 4444: it holds av1, vp9; prores4444 fits into mov mkv" --codec prores4444 --comp webm
no "mp4 cannot hold FFV1: it holds h264, hevc, av1, vp9; ffv1 fits into mov mkv" --codec ffv1 --comp mp4
no "mov cannot hold AV1" --codec av1 --comp mov
no "mkv cannot hold QuickTime Animation" --codec qtrle --plane rgb=mkv
no "mkv cannot hold DNxHR 444" --codec dnxhr444 --fg mkv
no "webm cannot hold H.264" --codec h264 --comp mov --fg webm
no "'theora' is not one of auto|h264|hevc" --codec theora --comp mkv
no "--video-args: the encoder of H.264, libx264, has no option 'speed'" --comp mp4 --video-args crf=20:speed=3
no "--video-args 'crf' is not KEY=VALUE:KEY=VALUE" --comp mp4 --video-args crf
no "--codec is for mp4, mov, webm and mkv, and no output is one" --codec h264 --comp png
no "--video-args is for mp4" --video-args crf=3 --comp png
no "--audio is for mp4" --audio x.wav --comp png
fails 1 "x.wav: cannot open" "a sound file that is not there" bash -c 'ck-encode --audio x.wav --plane rgb=mov refused <smooth.ck'
fails 1 "no sound in this file" "one without sound" bash -c 'ck-encode --audio smooth/01.png --plane rgb=mov refused <smooth.ck'
is "nothing is left of these" "$(ls refused 2>/dev/null)" ""
fails 1 "cannot start the encoder" "a value that the encoder refuses" bash -c 'ck-encode --video-args preset=quick --plane rgb=mp4 refused <smooth.ck'
fails 1 "DNxHR 444 needs 256 x 120 pixels or more, plane 'comp' is 64 x 36" "a small picture" \
    bash -c "'$helpers/mkstream' -g 64x36 comp:u8:3:srgb | ck-encode --codec dnxhr444 --comp mov refused"
fails 1 "VP9 needs an even width and height" "an odd size" \
    bash -c "'$helpers/mkstream' -g 63x36 comp:u8:3:srgb | ck-encode --comp webm refused"
ok "FFV1 takes odd sizes" bash -c "'$helpers/mkstream' -g 33x17 comp:u8:3:srgb | ck-encode --comp mkv odd"
fails 2 "webm cannot hold ProRes 4444" "ck key refuses it before any stage starts" ck key --codec prores4444 --comp webm smooth refused
ck-encode --plane rgb=mp4 plain <smooth.ck
ck-encode --plane rgb=mp4 --video-args crf=40:preset=veryfast tuned <smooth.ck
ok "--video-args reaches the encoder" test "$(stat -c %s tuned/rgb.mp4)" -lt "$(stat -c %s plain/rgb.mp4)"
ck-encode --plane rgb=mov prores <smooth.ck
ck-encode --plane rgb=mov --video-args bits_per_mb=200 prores2 <smooth.ck
ok "and a rate replaces the quantiser" test "$(stat -c %s prores2/rgb.mov)" -lt "$(stat -c %s prores/rgb.mov)"

# ---- labels ----

for c in h264:mp4 prores4444:mov vp9:webm ffv1:mkv av1:webm hevc:mkv; do
    # webm rounds the width to whole pixels.
    mk -n 2 -g 96x64 rgb:f32:3:pq primaries=bt2020 width=96 height=64 sar=4/3 | ck-encode --codec "${c%:*}" --plane "rgb=${c#*:}" "pq/${c%:*}"
    matrix=bt2020nc
    [ "$c" = ffv1:mkv ] && matrix=gbr
    is "PQ, BT.2020 and pixels that are not square: $c" "$(show "pq/${c%:*}/rgb.${c#*:}" color_space,color_transfer,color_primaries,sample_aspect_ratio)" \
        "4:3 $matrix smpte2084 bt2020 "
done
is "webm and mkv are the same bytes in each run" \
    "$(for _ in 1 2; do ck-encode --plane rgb=webm --fg off again/webm <smooth.ck; ck-encode --plane rgb=mkv again/mkv <smooth.ck; cat again/*/rgb.* | sha256sum; done 2>/dev/null | sort -u | wc -l)" 1
mk -n 3 -e 1 -g 64x36 processed:f32:4:linear 2>/dev/null | ck-encode --processed webm failed 2>/dev/null
is "a failed frame is black and transparent in VP9" \
    "$(ffmpeg -v error -c:v libvpx-vp9 -i failed/processed.webm -f rawvideo -pix_fmt yuva420p - | tail -c +5761 | head -c 5760 | od -An -v -t u1 -w1 | sort | uniq -c | sort -rn | awk '$1 > 500 { print $2 }' | tr '\n' ' ')" "16 0 128 "

# ---- sound ----

sound=(-f lavfi -i "sine=f=440:r=48000:d=4" -f lavfi -i "anoisesrc=r=48000:d=4:seed=1")
maps=(-map 0:v -map 1:a -map 2:a)
clip() { # FILE OPTION...: 100 frames with two streams of sound
    local file=$1
    shift
    ffmpeg -v error -f lavfi -i testsrc2=s=96x64:r=25:d=4 "${sound[@]}" "${maps[@]}" "$@" "$file"
}
clip src.mov -c:v prores_ks -c:a pcm_s16le -timecode 10:00:00:00 -metadata make=Acme -metadata com.apple.quicktime.model=One \
    -metadata creation_time=2026-01-02T03:04:05Z -metadata:s:v reel_name=A001 -metadata:s:a:1 language=fra -movflags use_metadata_tags
clip src.mp4 -c:v libx264 -c:a aac -timecode 01:02:03:04
clip src.webm -c:v libvpx-vp9 -deadline realtime -c:a libopus
clip src.mkv -c:v libx264 -c:a flac
packets() { # FILE STREAM: a checksum per packet
    ffprobe -v error -select_streams "$2" -show_packets -show_data_hash sha256 -show_entries packet=data_hash -of csv=p=0 "$1" | grep -o 'SHA256:.*'
}
samples() { # FILE STREAM; all of it is read, so that ffmpeg does not complain of a closed pipe
    local file
    file=$(mktemp samples.XXXX)
    ffmpeg -v error -y -i "$1" -map "$2" -f s16le "$file" && cat "$file"
}
same_packets() { # FILE SOURCE
    cmp <(packets "$1" a:0) <(packets "$2" a:0) && cmp <(packets "$1" a:1) <(packets "$2" a:1)
}
whole() { ck-decode "$1" | ck-encode --plane "rgb=$2" "whole-$1-$2"; }
for c in src.mov:mov src.mov:mkv src.mp4:mp4 src.mp4:mov src.mkv:mkv src.mkv:mp4; do
    whole "${c%:*}" "${c#*:}" 2>err
    ok "the sound of ${c%:*} in ${c#*:}: every packet of both streams" same_packets "whole-${c%:*}-${c#*:}/rgb.${c#*:}" "${c%:*}"
    is "without a word" "$(cat err)" ""
done
is "a stream keeps its language" "$(ffprobe -v error -select_streams a:1 -show_entries stream_tags=language -of csv=p=0 whole-src.mov-mov/rgb.mov)" fra
# AAC and Opus begin before time 0: mkv has no edit list for that, and leaves its first packet out.
for c in webm mkv; do
    whole src.webm $c
    ok "Opus in $c: every packet but the one before time 0" cmp <(packets whole-src.webm-$c/rgb.$c a:1) <(packets src.webm a:1 | tail -n +2)
done
whole src.mp4 mkv
ok "AAC in mkv: every packet but the one before time 0" cmp <(packets whole-src.mp4-mkv/rgb.mkv a:0) <(packets src.mp4 a:0 | tail -n +2)
whole src.mov mp4 2>err
if [ -n "$(packets whole-src.mov-mp4/rgb.mp4 a:0)" ]; then # libavformat 61 can
    ok "PCM in mp4" cmp <(packets whole-src.mov-mp4/rgb.mp4 a:0) <(packets src.mov a:0)
else
    is "mp4 cannot hold PCM: said" "$(cat err)" "ck-encode: whole-src.mov-mp4/rgb.mp4: sound is left out: mp4 cannot hold pcm_s16le: use mov or mkv"
fi
whole src.mp4 webm 2>err
is "nor webm AAC" "$(cat err)" "ck-encode: whole-src.mp4-webm/rgb.webm: sound is left out: webm cannot hold aac: use mov or mkv"

# The sound of frames 30 to 59 is 1.2 s of it, from 1.2 s on.
part() { ck-decode --frames 30-59 "$1" | ck-encode --plane "rgb=$2" "part-$1-$2"; }
starts() { # FILE SOURCE: the second packet of sound tells which time of the source is shown at the first frame: seconds
    local first shown at video begin
    begin=$(ffprobe -v error -select_streams v:0 -show_packets -show_entries packet=pts_time -of csv=p=0 "$2" | sort -n | grep -m1 .)
    first=$(ffprobe -v error -select_streams a:0 -show_packets -show_data_hash sha256 -show_entries packet=pts_time,data_hash -of csv=p=0 "$1" | grep SHA256 | sed -n 2p)
    video=$(ffprobe -v error -select_streams v:0 -show_packets -show_entries packet=pts_time -of csv=p=0 "$1" | sort -n | grep -m1 .)
    shown=$(ffprobe -v error -select_streams a:0 -show_packets -show_data_hash sha256 -show_entries packet=pts_time,data_hash -of csv=p=0 "$2" | grep -F "${first#*,}" | head -1)
    at=${shown%%,*}
    echo "${first%%,*} $video $at $begin" | awk '{ printf "%.3f\n", $3 - $4 - ($1 - $2) }'
}
for c in src.mov:mov src.mov:mkv; do
    part "${c%:*}" "${c#*:}"
    n=$((30 * 1920 * 2))
    ok "--frames: the sound of ${c#*:} begins with the sample of the first frame" cmp \
        <(samples "part-${c%:*}-${c#*:}/rgb.${c#*:}" 0:a:1 | head -c $n) <(samples src.mov 0:a:1 | tail -c +$((n + 1)) | head -c $n)
    extra=$(samples "part-${c%:*}-${c#*:}/rgb.${c#*:}" 0:a:1 | wc -c)
    ok "and ends within a packet of the last one's end" test $((extra - n)) -ge 0 -a $((extra - n)) -lt $((1024 * 2))
done
for c in src.mp4:mp4 src.mp4:mov src.mp4:mkv src.mkv:mkv src.webm:mkv src.webm:webm; do
    part "${c%:*}" "${c#*:}"
    # mkv rounds times to milliseconds.
    ok "--frames: ${c#*:} of ${c%:*} in sync: its second packet is where it was ($(starts "part-${c%:*}-${c#*:}/rgb.${c#*:}" "${c%:*}") s)" \
        awk "BEGIN { d = $(starts "part-${c%:*}-${c#*:}/rgb.${c#*:}" "${c%:*}") - 1.2; exit !(d < 0.0021 && d > -0.0021) }"
done
ck-decode src.mov | ck-encode --audio off --plane rgb=mov silent
is "--audio off" "$(show_streams() { ffprobe -v error -show_entries stream=codec_type -of csv=p=0 "$1" | tr '\n' ' '; }; show_streams silent/rgb.mov)" "video data "
ffmpeg -v error -i src.mov -map 0:a:1 -c copy other.wav
ck-encode --audio other.wav --rate 25 --plane rgb=mov stills <smooth.ck
ok "--audio FILE under stills" cmp <(samples stills/rgb.mov 0:a:0 | head -c 20000) <(samples other.wav 0:a:0 | head -c 20000)
ck-decode --frames 30-59 src.mov | ck-encode --audio other.wav --plane rgb=mov replaced
ok "--audio FILE is in sync with the whole of INPUT" cmp <(samples replaced/rgb.mov 0:a:0 | head -c 20000) <(samples src.mov 0:a:1 | tail -c +115201 | head -c 20000)
ck-decode src.mov >moved.ck
fails 0 "" "a stream of another machine" bash -c "perl -0pe 's/host=[^\n]*/\"host=\" . \"x\" x (length(\$&) - 5)/e' moved.ck | ck-encode --plane rgb=mov far"
is "has no sound, said" "$(sed 's/out: .*src.mov/out: src.mov/' .err)" "ck-encode: sound is left out: src.mov is not on this machine: give --audio FILE"
ck-decode src.mov | ck-encode --rate 24 --plane rgb=mov slow 2>err
is "--rate changes the speed: no sound, said" "$(grep sound err)" "ck-encode: sound is left out, since --rate changes the speed: give --audio FILE"
ok "neither do stills know of it" bash -c "ck-decode --frames 0 src.mov | ck-encode --plane rgb=exr still && ! grep -a -q -e sound -e Acme -e '$tmp' still/rgb/00000.exr"

cp src.mov over.mov && mkdir over && mv over.mov over/rgb.mov
fails 2 "this output is the input itself" "the sound's file is not replaced" bash -c "ck-encode --audio over/rgb.mov --plane rgb=mov over < <(ck-decode src.mov)"

# ---- timecode and camera ----

is "the timecode: mov" "$(tag whole-src.mov-mov/rgb.mov timecode)" 10:00:00:00
is "as a track of its own" "$(ffprobe -v error -select_streams d -show_entries stream=codec_tag_string -of csv=p=0 whole-src.mov-mov/rgb.mov)" tmcd
is "mkv" "$(tag whole-src.mov-mkv/rgb.mkv timecode)" 10:00:00:00
is "mp4" "$(tag whole-src.mp4-mp4/rgb.mp4 timecode)" 01:02:03:04
is "--frames: that of the range, mov" "$(tag part-src.mov-mov/rgb.mov timecode)" 10:00:01:05
is "mkv" "$(tag part-src.mov-mkv/rgb.mkv timecode)" 10:00:01:05
is "mp4" "$(tag part-src.mp4-mp4/rgb.mp4 timecode)" 01:02:04:09
is "ck-decode reads it" "$(ck-decode part-src.mov-mov/rgb.mov | ck-info | sed -n 's/.* start=\([^ ]*\).*/\1/p')" 10:00:01:05
drop() { # START FRAME: the timecode of that frame of a video of 29.97 frames a second
    ffmpeg -v error -y -f lavfi -i testsrc2=s=64x64:r=30000/1001 -frames:v 3 -c:v prores_ks -timecode "$1" drop.mov
    ck-decode --frames "$2" drop.mov | ck-encode --plane rgb=mov "dropped$2"
    tag "dropped$2/rgb.mov" timecode
}
is "drop frames" "$(drop "00:00:59;29" 1)" "00:01:00;02"
is "past midnight" "$(drop "23:59:59;29" 2)" "00:00:00;01"
is "EXR has the timecode of its frame" "$(ck-decode --frames 30 src.mov | ck-encode --plane rgb=exr tc && ck-decode tc/rgb | ck-info | sed -n 's/.* timecode=\([^ ]*\).*/\1/p')" 10:00:01:05
ck-decode --frames 30-32 src.mov | ck-encode --plane rgb=exr tc2
is "and video of such EXR gets it back" "$(ck-decode tc2/rgb | ck-encode --rate 25 --plane rgb=mov tc3 && tag tc3/rgb.mov timecode)" 10:00:01:05
for c in mov mkv; do
    is "camera, reel and time of recording: $c" \
        "$(for k in make com.apple.quicktime.model reel_name creation_time; do tag whole-src.mov-$c/rgb.$c $k; done | tr '\n' ' ')" \
        "Acme One A001 2026-01-02T03:04:05.000000Z "
done
ck-decode --frames 0 src.mov | ck-encode --provenance off --plane rgb=mov bare
is "not with --provenance off" "$(for k in make com.apple.quicktime.model reel_name creation_time ck:source; do tag bare/rgb.mov $k; done)" ""

# ---- segments ----

key() { ck key --classical --screen green -t 1 --fg off --matte off --processed off "$@"; }
ffmpeg -v error -f lavfi -i "color=0x00b140:s=64x48:r=25:d=12" "${sound[@]}" "${maps[@]}" -c:v prores_ks -c:a pcm_s16le -timecode 10:00:00:00 green.mov
ffmpeg -v error -i green.mov -map 0 -map -0:d -c:v copy -c:a aac green2.mov
for c in prores4444:mov ffv1:mkv h264:mp4 vp9:webm hevc:mov av1:mkv; do
    codec=${c%:*} format=${c#*:}
    lacks libaom-av1 && [ "$codec" = av1 ] && continue
    input=green.mov
    [ "$format" = mp4 ] && input=green2.mov
    args=(--codec "$codec" --comp "$format" --encode:threads 1 --frames 5- "$input")
    key "${args[@]}" "one-$codec" 2>/dev/null
    key --chunk 2/2 "${args[@]}" "two-$codec" 2>/dev/null
    ok "$codec in $format: two chunks" key --chunk 1/2 "${args[@]}" "two-$codec"
    is "joined: the same frames" "$(raw "two-$codec/comp.$format" gray | sha256sum)" "$(raw "one-$codec/comp.$format" gray | sha256sum)"
    is "295 of them" "$(ffprobe -v error -select_streams v:0 -count_packets -show_entries stream=nb_read_packets -of csv=p=0 "two-$codec/comp.$format" | tr -d ,)" 295
    is "and the same sound" "$(packets "two-$codec/comp.$format" a:1 | sha256sum)" "$(packets "one-$codec/comp.$format" a:1 | sha256sum)"
    [ "$format" = webm ] || ok "which is there" test "$(packets "two-$codec/comp.$format" a:1 | wc -l)" -gt 100
    is "and timecode" "$(tag "two-$codec/comp.$format" timecode)" "$(tag "one-$codec/comp.$format" timecode)"
    [ "$input" = green2.mov ] || is "of frame 5" "$(tag "two-$codec/comp.$format" timecode)" 10:00:00:05
done
ok "a joined mov is that of one run" cmp one-prores4444/comp.mov two-prores4444/comp.mov
# VP9 keeps its alpha beside each packet.
alphas() { ck key --classical --screen green -t 1 --fg off --matte off --comp off --codec vp9 --processed webm --frames 0-9 "$@"; }
ck-synth -n 10 -g 64x48 | ck-encode --plane rgb=mov "${planes[@]}" synth
alphas synth/rgb.mov alpha1 && alphas --resume synth/rgb.mov alpha2
ok "a segment of VP9 keeps alpha" cmp <(alpha alpha1/processed.webm -c:v libvpx-vp9) <(alpha alpha2/processed.webm -c:v libvpx-vp9)
done_testing
