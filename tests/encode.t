#!/bin/bash
# ck-encode: its files, their metadata, and its failures.
. "$(dirname "$0")/tap.sh"
mk() { "$helpers/mkstream" "$@"; }
has() { command -v "$1" >/dev/null; }
files() { (cd "$1" && find . -type f ! -name .ck-lock | sort | tr '\n' ' '); }
temps() { find "$1" -name '.ck-*.tmp' | wc -l; }
planes="fg:f32:3:srgb alpha:f32:1 processed:f32:4:linear comp:u8:3:srgb"
# shellcheck disable=SC2086
mk -n 3 -g 64x36 $planes rate=30000/1001 primaries=bt709 >"$tmp/a.ck"
ck-info --npy "$tmp/npy" <"$tmp/a.ck"
out=$tmp/o

# ---- stills ----

ok "the default set" bash -c "ck-encode '$out' < '$tmp/a.ck'"
is "is quiet" "$(cat "$tmp/.out" "$tmp/.err")" ""
is "FG, Matte, Processed as EXR, Comp as PNG, no temporary files" "$(files "$out")" \
    "./Comp/f.1001.png ./Comp/f.1002.png ./Comp/f.1003.png ./FG/f.1001.exr ./FG/f.1002.exr ./FG/f.1003.exr ./Matte/f.1001.exr ./Matte/f.1002.exr ./Matte/f.1003.exr ./Processed/f.1001.exr ./Processed/f.1002.exr ./Processed/f.1003.exr "
mk alpha:f32:1 comp:u8:3:srgb | ck-encode "$tmp/two"
is "only planes that are there" "$(ls "$tmp/two" | tr '\n' ' ')" "Comp Matte "
ok "formats by name" bash -c "ck-encode --fg off --matte png16 --processed exr32 --comp off --plane comp=png8 '$tmp/p' < '$tmp/a.ck'"
is "and places" "$(cd "$tmp/p" && ls -d */* | tr '\n' ' ')" \
    "Matte/f.1001.png Matte/f.1002.png Matte/f.1003.png Processed/f.1001.exr Processed/f.1002.exr Processed/f.1003.exr comp/f.1001.png comp/f.1002.png comp/f.1003.png "
mk -s - comp:u8:3:srgb | ck-encode "$tmp/n"
is "without a stem the number in five digits" "$(files "$tmp/n")" "./Comp/00000.png ./Comp/00001.png ./Comp/00002.png "
weird=$tmp/$'wei rd\nnäme'
mk -n 1 -s $'st em\nü' comp:u8:3:srgb | ck-encode "$weird"
ok "spaces, newlines and non-ASCII in names" test -s "$weird/Comp/"$'st em\nü.png'

if has exrheader; then
    want() { # FILE TEXT
        ok "$(basename "$(dirname "$1")"): $2" bash -c "exrheader '$1' | grep -qF -- '$2'"
    }
    want "$out/FG/f.1002.exr" 'ck:transfer (type string): "srgb"'
    want "$out/FG/f.1002.exr" 'ck:alpha (type string): "straight"'
    want "$out/FG/f.1002.exr" 'ck:program (type string): "mkstream | ck-encode"'
    want "$out/FG/f.1002.exr" 'ck:number (type string): "1002"'
    want "$out/FG/f.1002.exr" 'compression (type compression): piz'
    want "$out/FG/f.1002.exr" 'software (type string): "ck-encode'
    want "$out/Matte/f.1002.exr" '    Y, 16-bit floating-point'
    want "$out/Matte/f.1002.exr" 'ck:transfer (type string): "linear"'
    want "$out/Processed/f.1002.exr" 'ck:transfer (type string): "linear"'
    want "$out/Processed/f.1002.exr" 'ck:alpha (type string): "premultiplied"'
    want "$tmp/p/Processed/f.1002.exr" '    A, 32-bit floating-point'
    for c in none rle zips zip piz pxr24 b44 b44a; do
        ck-encode --fg exr --matte off --processed off --comp off --compression $c "$tmp/c/$c" <"$tmp/a.ck"
        got=$(exrheader "$tmp/c/$c/FG/f.1001.exr" | sed -n 's/^compression.*: //p')
        case $c in rle) c="run-length encoding" ;; zips) c="zip, individual scanlines" ;; zip) c="zip, multi-scanline blocks" ;; esac
        is "--compression ${c%%,*}" "$got" "$c"
    done
else
    skip "EXR headers" "exrheader is not installed"
fi
if has oiiotool; then
    ok "oiiotool reads every file" bash -c "find '$out' '$tmp/p' -type f ! -name .ck-lock -exec oiiotool --info {} +"
else
    skip "other readers" "oiiotool is not installed"
fi

# A .npy holds [C, H, W] after 128 bytes.  Other programs must read the plane's own values.
channels() { tail -c +129 "$1"; }
if has ffmpeg; then
    raw() { ffmpeg -v error -i "$1" -f rawvideo -pix_fmt "$2" -; }
    packed() { # C: planar bytes to interleaved
        perl -e '$c = shift; local $/; binmode STDIN; $d = <STDIN>; $n = length($d) / $c;
            for $i (0 .. $n - 1) { print substr($d, $_ * $n + $i, 1) for 0 .. $c - 1 }' "$1"
    }
    channels "$tmp/npy/comp.001002.npy" | packed 3 >"$tmp/comp.rgb"
    ok "PNG of 8 bits holds the plane" cmp <(raw "$out/Comp/f.1002.png" rgb24) "$tmp/comp.rgb"
    # ffmpeg's float RGB is planar: green, blue, red, alpha.
    n=$((64 * 36 * 4))
    p=$tmp/npy/processed.001002.npy
    { channels "$p" | tail -c +$((n + 1)) | head -c $((2 * n)); channels "$p" | head -c $n
      channels "$p" | tail -c $n; } >"$tmp/gbra"
    ok "EXR of 32 bits holds the plane, excursions too" \
        cmp <(raw "$tmp/p/Processed/f.1002.exr" gbrapf32le) "$tmp/gbra"
    # Half a code, and half a ULP of the float32 product.
    ok "PNG of 16 bits: clamped, rounded" bash -c "
        ffmpeg -v error -i '$tmp/p/Matte/f.1002.png' -f rawvideo -pix_fmt gray16le - |
            perl -e 'local \$/; open F, shift; seek F, 128, 0; @a = unpack \"f*\", <F>; @b = unpack \"S<*\", <STDIN>;
                exit 1 if @b != 64 * 36;
                for (0 .. \$#b) { \$x = \$a[\$_]; \$x = 0 if \$x < 0; \$x = 1 if \$x > 1;
                    exit 1 if abs(\$b[\$_] - 65535 * \$x) > 0.5 + 2 ** -9 }' '$tmp/npy/alpha.001002.npy'"
else
    skip "the values of stills" "ffmpeg is not installed"
fi
ck-encode -t 1 --fg mov "$tmp/t1" <"$tmp/a.ck" && ck-encode -t 4 --fg mov "$tmp/t4" <"$tmp/a.ck"
ok "results do not depend on the number of threads" diff -r "$tmp/t1" "$tmp/t4"

# ---- video ----

if has ffprobe && has ffmpeg; then
    tags() { ffprobe -v error -show_entries stream="$2" -of default=nw=1 "$1" | sort | tr '\n' ' '; }
    # shellcheck disable=SC2086
    mk -n 10 -g 64x36 $planes rate=30000/1001 transfer=bt709 >"$tmp/v.ck"
    ok "videos" bash -c "ck-encode --fg mov --matte mov --processed mov --comp mp4 '$tmp/v' < '$tmp/v.ck'"
    is "in their places, no folders beside them" "$(ls -A "$tmp/v" | tr '\n' ' ')" ".ck-lock comp.mp4 fg.mov matte.mov processed.mov "
    is "comp.mp4: H.264, all colour tags, the source's curve" \
        "$(tags "$tmp/v/comp.mp4" codec_name,pix_fmt,color_range,color_space,color_transfer,color_primaries,chroma_location,r_frame_rate,nb_frames)" \
        "chroma_location=left codec_name=h264 color_primaries=bt709 color_range=tv color_space=bt709 color_transfer=bt709 nb_frames=10 pix_fmt=yuv420p r_frame_rate=30000/1001 "
    is "processed.mov: ProRes 4444 with alpha" \
        "$(tags "$tmp/v/processed.mov" codec_name,profile,pix_fmt,color_space,color_transfer,color_primaries,nb_frames)" \
        "codec_name=prores color_primaries=bt709 color_space=bt709 color_transfer=bt709 nb_frames=10 pix_fmt=yuva444p12le profile=4444 "
    is "and says that its alpha is straight" \
        "$(ffprobe -v error -show_format "$tmp/v/processed.mov" | sed -n 's/^TAG:ck:alpha=//p')" straight
    ck-encode --comp mp4 "$tmp/v2" <"$tmp/a.ck"
    is "no curve in HEAD: sRGB" "$(tags "$tmp/v2/comp.mp4" color_transfer)" "color_transfer=iec61966-2-1 "
    mk -g 64x64 rgb:f32:3:pq primaries=bt2020 | ck-encode --plane rgb=mov "$tmp/v2"
    is "PQ and BT.2020 keep their names" "$(tags "$tmp/v2/rgb.mov" color_space,color_transfer,color_primaries)" \
        "color_primaries=bt2020 color_space=bt2020nc color_transfer=smpte2084 "
    mk -g 64x36 comp:u8:3:srgb | ck-encode -v --comp mp4 "$tmp/v3" 2>"$tmp/err"
    is "no rate in HEAD: 24, said when asked" "$(tags "$tmp/v3/comp.mp4" r_frame_rate)$(grep -c '24/1 is used' "$tmp/err")" \
        "r_frame_rate=24/1 1"
    mk -g 64x36 comp:u8:3:srgb | ck-encode --rate 25 --comp mp4 "$tmp/v3"
    is "--rate" "$(tags "$tmp/v3/comp.mp4" r_frame_rate)" "r_frame_rate=25/1 "
    # Alpha is coded losslessly from 10 bits: half a code.  ffmpeg's decoder cuts it to 12 bits: one code of those.
    ok "ProRes alpha is the plane's" bash -c "
        ffmpeg -v error -i '$tmp/v/processed.mov' -frames:v 1 -vf alphaextract -f rawvideo -pix_fmt gray12le - |
            perl -e 'local \$/; open F, shift; seek F, 128 + 3 * 64 * 36 * 4, 0; @a = unpack \"f*\", <F>;
                @b = unpack \"S<*\", <STDIN>; exit 1 if @b != 64 * 36;
                for (0 .. \$#b) { \$x = \$a[\$_]; \$x = 0 if \$x < 0; \$x = 1 if \$x > 1;
                    exit 1 if abs(\$b[\$_] / 4095 - \$x) > 0.5 / 1023 + 1 / 4095 + 1e-6 }' '$tmp/npy/processed.001001.npy'"
    # ProRes at our quantiser: colours within a few codes.  A wrong matrix or range is off by tens.
    ffmpeg -v error -f lavfi -i "smptehdbars=s=320x180" -frames:v 1 -pix_fmt rgb24 -y "$tmp/bars.png"
    ck-decode "$tmp/bars.png" | ck-encode --plane rgb=mov "$tmp/v3"
    ok "the colours of ProRes" bash -c "
        cmp -l <(ffmpeg -v error -i '$tmp/v3/rgb.mov' -f rawvideo -pix_fmt rgb24 -sws_flags accurate_rnd+full_chroma_int -) \
            <(ffmpeg -v error -i '$tmp/bars.png' -f rawvideo -pix_fmt rgb24 -) |
            perl -ane 'exit 1 if abs(oct(\$F[1]) - oct(\$F[2])) > 6'"
    ck-decode "$tmp/bars.png" | ck-encode --plane rgb=mp4 "$tmp/v3"
    ok "the colours of H.264, on average" bash -c "
        paste -d ' ' <(ffmpeg -v error -i '$tmp/v3/rgb.mp4' -f rawvideo -pix_fmt rgb24 - | od -An -v -t u1 -w1) \
            <(ffmpeg -v error -i '$tmp/bars.png' -f rawvideo -pix_fmt rgb24 - | od -An -v -t u1 -w1) |
            perl -ane '\$s += abs(\$F[0] - \$F[1]); END { exit(\$. != 320 * 180 * 3 || \$s / \$. > 2) }'"
else
    skip "video files" "ffmpeg is not installed"
fi
fails 1 "H.264 needs an even width and height, plane 'comp' is 33 x 18" "an odd size for 4:2:0" \
    bash -c "'$helpers/mkstream' -g 33x18 comp:u8:3:srgb fg:f32:3:srgb | ck-encode --comp mp4 '$tmp/odd'"
is "leaves nothing behind" "$(find "$tmp/odd" -mindepth 1 ! -name .ck-lock 2>/dev/null | wc -l)" 0
ok "ProRes takes odd sizes" bash -c "'$helpers/mkstream' -g 33x17 comp:u8:3:srgb | ck-encode --comp mov '$tmp/odd'"
fails 1 "cannot store the alpha of plane 'processed': use mov" "H.264 has no alpha" \
    bash -c "ck-encode --processed mp4 '$tmp/x' < '$tmp/a.ck'"

# ---- streams ----

stream() { ck-encode "$@" <"$tmp/a.ck"; }
is "y4m's header" "$(stream --comp=- -f y4m | head -1)" \
    "YUV4MPEG2 W64 H36 F30000:1001 Ip A1:1 C444p10 XYSCSS=444P10 XCOLORRANGE=LIMITED"
mk -n 2 -g 64x36 comp:u8:3:srgb width=64 height=36 sar=16/15 >"$tmp/wide.ck"
is "pixels that are not square are tagged: y4m" "$(ck-encode --comp=- -f y4m <"$tmp/wide.ck" | head -1 | grep -o ' A[0-9:]*')" " A16:15"
is "planes of another size than the plate's are not" \
    "$(mk -n 2 -g 64x36 comp:u8:3:srgb width=128 height=36 sar=16/15 | ck-encode --comp=- -f y4m | head -1 | grep -o ' A[0-9:]*')" " A1:1"
is "y4m of 8 bits" "$(stream --comp=- -f y4m --y4m-depth 8 | head -1)" \
    "YUV4MPEG2 W64 H36 F30000:1001 Ip A1:1 C444 XYSCSS=444 XCOLORRANGE=LIMITED"
is "its size" "$(stream --comp=- -f y4m | wc -c)" $((80 + 3 * (6 + 64 * 36 * 6)))
is "rawvideo's size" "$(stream --processed=- -f rawvideo | wc -c)" $((3 * 64 * 36 * 8))
is "what reads it, when asked" "$(stream -v --comp=- -f rawvideo 2>&1 >/dev/null | grep -c 'ffmpeg -f rawvideo -pix_fmt rgb24 -s 64x36 -r 30000/1001 -i -')" 1
if has ffmpeg; then
    for k in 1 2 3; do channels "$tmp/npy/comp.00100$k.npy" | packed 3; done >"$tmp/comp3.rgb"
    back() { ffmpeg -v error -i - -f rawvideo -pix_fmt "$1" -; }
    ok "nut: ffmpeg gets the plane back" cmp <(stream --comp=- | back rgb24) "$tmp/comp3.rgb"
    ok "rawvideo is the same samples" cmp <(stream --comp=- -f rawvideo) "$tmp/comp3.rgb"
    ok "y4m: ffmpeg gets the plane back" cmp <(stream --comp=- -f y4m | back rgb24) "$tmp/comp3.rgb"
    is "nut of 16 bits with alpha" "$(stream --processed=- -f nut | ffprobe -v error -show_entries stream=pix_fmt,r_frame_rate -of csv=p=0 -)" \
        "rgba64le,30000/1001"
    ok "nut of 16 bits is the PNG's samples" cmp <(stream --processed=- -f nut | ffmpeg -v error -i - -frames:v 1 -f rawvideo -) \
        <(stream --fg off --matte off --comp off --processed png16 "$tmp/q" && raw "$tmp/q/Processed/f.1001.png" rgba64le)
    ffmpeg -v error -f lavfi -i testsrc2=s=96x64:r=25 -frames:v 7 -pix_fmt rgb24 -f nut -c:v rawvideo "$tmp/s.nut"
    ok "ffmpeg before and after: the same frames, nut" cmp <(ffmpeg -v error -i "$tmp/s.nut" -f rawvideo -) \
        <(ck-decode - <"$tmp/s.nut" | ck-encode --plane rgb=- -f nut | back rgb24)
    ok "ffmpeg before and after: the same frames, y4m" cmp <(ffmpeg -v error -i "$tmp/s.nut" -f rawvideo -) \
        <(ck-decode - <"$tmp/s.nut" | ck-encode --plane rgb=- -f y4m | back rgb24)
    # A luma step is 255/219, a Cb step 1.772 * 255/224; half of both, plus rounding, is under 2.5.
    ok "y4m of 8 bits: within 2 codes" bash -c "
        cmp -l <(ck-decode - <'$tmp/s.nut' | ck-encode --plane rgb=- -f y4m --y4m-depth 8 | ck-decode - |
            ck-encode --plane rgb=- -f rawvideo | perl -e 'local \$/; print pack \"C*\", map { int(\$_ / 257 + 0.5) } unpack \"S<*\", <STDIN>') \
            <(ffmpeg -v error -i '$tmp/s.nut' -f rawvideo -) | perl -ane 'exit 1 if abs(oct(\$F[1]) - oct(\$F[2])) > 2'"
else
    skip "streams read back" "ffmpeg is not installed"
fi

# ---- error frames, dead upstreams ----

# shellcheck disable=SC2086
mk -n 4 -e 1 -g 64x36 $planes >"$tmp/e.ck"
fails 3 "frame 1002: asked to fail" "an error frame is reported, status 3" bash -c "ck-encode '$tmp/e' < '$tmp/e.ck'"
is "and only it has no files" "$(ls "$tmp/e/FG" "$tmp/e/Comp" | tr '\n' ' ')" \
    "$tmp/e/Comp: f.1001.png f.1003.png f.1004.png  $tmp/e/FG: f.1001.exr f.1003.exr f.1004.exr "
touch "$tmp/e/FG/f.1002.exr"
fails 3 "FG/f.1002.exr: left by an earlier run, and this frame failed" "a stale file in its place is said" \
    bash -c "ck-encode '$tmp/e' < '$tmp/e.ck'"
for first in 0 1; do
    mk -n 4 -e $first -g 64x36 comp:u8:3:srgb | ck-encode --comp=- -f rawvideo 2>/dev/null >"$tmp/raw"
    is "in video black stands for frame $first" \
        "$(stat -c %s "$tmp/raw") $(tail -c +$((first * 6912 + 1)) "$tmp/raw" | head -c 6912 | tr -d '\0' | wc -c)" "27648 0"
done
mk -n 2 -e 0 -g 64x36 comp:u8:3:srgb | ck-encode --comp=- -f y4m 2>/dev/null | tail -n +2 | tail -c +7 | head -c 13824 >"$tmp/raw"
is "black in y4m" "$(od -An -v -t u2 -w2 "$tmp/raw" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " 2304 64; 4608 512;"
fails 3 "1 of 1 frames failed" "a stream of error frames only" \
    bash -c "'$helpers/mkstream' -n 1 -e 0 comp:u8:3 | ck-encode '$tmp/none'"
fails 1 "stopped: mkstream: asked to abort" "an aborted stream" \
    bash -c "'$helpers/mkstream' -n 9 -a 5 -g 64x36 $planes | ck-encode --comp mp4 '$tmp/ab'"
is "keeps finished stills, not the unfinished video" "$(ls "$tmp/ab/FG" | wc -l) $(ls "$tmp/ab" | tr '\n' ' ') $(temps "$tmp/ab")" \
    "5 FG Matte Processed  0"
fails 1 "the stream has no frames" "an empty stream" bash -c "'$helpers/mkstream' -n 0 comp:u8:3 | ck-encode '$tmp/x'"

# ---- frames that do not fit ----

fails 1 "frame 1002: its stem 'same' is also that of frame 1001" "two frames of one name" \
    bash -c "'$helpers/mkstream' -n 2 -s same comp:u8:3:srgb | ck-encode -t 1 '$tmp/x'"
ok "do not matter to video" bash -c "'$helpers/mkstream' -n 2 -s same comp:u8:3:srgb | ck-encode --comp mov '$tmp/x'"
for stem in ../up . .. '' a/b; do
    fails 1 "is not a file name" "the stem '$stem'" \
        bash -c "'$helpers/mkstream' -n 1 -s '$stem' comp:u8:3:srgb | ck-encode '$tmp/x'"
done
ok "an unsafe stem made no file outside" test ! -e "$tmp/x/up.png"
fails 1 "frame 1003: frame size changed in mid-stream, plane 'comp' from 32 x 18 to 33 x 18: split the input" "frames that change size" \
    bash -c "'$helpers/mkstream' -w 2 comp:u8:3:srgb | ck-encode '$tmp/x'"
fails 3 "frame 1003: frame size changed in mid-stream" "--keep-going passes over them" \
    bash -c "'$helpers/mkstream' -w 2 comp:u8:3:srgb | ck-encode --keep-going '$tmp/kg'"
is "and writes the others" "$(ls "$tmp/kg/Comp" | wc -l)" 2
fails 1 "no plane fg, alpha, processed or comp (the stream has: rgb)" "no plane to write" \
    bash -c "'$helpers/mkstream' rgb:u8:3 | ck-encode '$tmp/x'"
fails 1 "no plane 'comp' to write as png (the stream has: rgb, alpha): add ck-post upstream" "a missing plane" \
    bash -c "'$helpers/mkstream' rgb:u8:3 alpha:f32:1 | ck-encode --comp png '$tmp/x'"
fails 1 "has 2 channels" "two channels" bash -c "'$helpers/mkstream' flow:f32:2 | ck-encode --plane flow=exr '$tmp/x'"

# ---- the command line ----

fails 2 "no output: name a folder" "no output" bash -c "ck-encode < '$tmp/a.ck'"
fails 2 "no output folder" "a file without OUT" bash -c "ck-encode --fg exr < '$tmp/a.ck'"
fails 2 "all outputs are off" "everything off" \
    bash -c "ck-encode --fg off --matte off --processed off --comp off '$tmp/x' < '$tmp/a.ck'"
fails 2 "cannot both go to standard output" "two streams" bash -c "ck-encode --fg=- --comp=- < '$tmp/a.ck'"
fails 2 "would be written to the same .png files" "one place twice" \
    bash -c "ck-encode --plane fg=png --plane fg=png16 '$tmp/x' < '$tmp/a.ck'"
fails 2 "is not NAME=FORMAT" "--plane without a format" bash -c "ck-encode --plane rgb '$tmp/x' < '$tmp/a.ck'"
fails 2 "--plane '../rgb=png' is not a plane name" "--plane with a path" bash -c "ck-encode --plane ../rgb=png '$tmp/x' < '$tmp/a.ck'"
fails 2 "'gif' is not one of auto|exr|exr32|png" "an unknown format" bash -c "ck-encode --fg gif '$tmp/x' < '$tmp/a.ck'"
fails 2 "--compression: 'lzw' is not one of none, rle" "an unknown compression" bash -c "ck-encode --compression lzw '$tmp/x' < '$tmp/a.ck'"
fails 2 "only dwaa and dwab have a level" "a level without DWA" bash -c "ck-encode --compression piz:3 '$tmp/x' < '$tmp/a.ck'"
fails 2 "is not a frame rate" "a wrong rate" bash -c "ck-encode --rate 0/1 '$tmp/x' < '$tmp/a.ck'"
fails 2 "ck-encode takes one folder" "two folders" bash -c "ck-encode '$tmp/x' '$tmp/y' < '$tmp/a.ck'"

# ---- outputs that cannot be written ----

touch "$tmp/file"
fails 1 "file: cannot make this folder: a file of this name is in the way" "OUT is a file" \
    bash -c "ck-encode '$tmp/file' < '$tmp/a.ck'"
mkdir -p "$tmp/way/Comp/f.1001.png"
fails 1 "way/Comp/f.1001.png: cannot write: a folder of this name is in the way" "a folder where a file should be" \
    bash -c "ck-encode '$tmp/way' < '$tmp/a.ck'"
for f in nut y4m rawvideo; do
    fails 1 "standard output: cannot write: No space left on device" "/dev/full, $f" \
        bash -c "ck-encode --comp=- -f $f < '$tmp/a.ck' > /dev/full"
done
# A full disk: files are limited to 8 blocks of 1 KiB, less than any EXR or video of ours.
limited() { bash -c "trap '' XFSZ; ulimit -f 8; $*"; }
fails 1 "File too large: make room or choose another OUT; finished files are complete" "a still that cannot be finished" \
    limited "ck-encode '$tmp/full' < '$tmp/a.ck'"
is "is not there, nor are temporary files" "$(files "$tmp/full/FG")" ""
fails 1 "fg.mov: cannot write: File too large" "a video that cannot be finished" \
    limited "ck-encode --fg mov --matte off --processed off --comp off '$tmp/full2' < '$tmp/a.ck'"
is "is not there, nor is a temporary file" "$(files "$tmp/full2")" ""
mkdir "$tmp/disk"
mk -n 30 -g 64x36 fg:f32:3:srgb >"$tmp/long.ck"
if mount -t tmpfs -o size=100k none "$tmp/disk" 2>/dev/null; then
    fails 1 "No space left on device: make room" "a full tmpfs" bash -c "ck-encode '$tmp/disk' < '$tmp/long.ck'"
    is "leaves no temporary files" "$(temps "$tmp/disk")" 0
    bad=0
    for f in "$tmp/disk"/FG/*.exr; do exrheader "$f" >/dev/null 2>&1 || bad=$((bad + 1)); done
    has exrheader && is "and its files are complete" $bad 0
    umount "$tmp/disk"
else
    skip "a full tmpfs" "mounting is not allowed here"
fi
# Free space is compared with the first frame's files: here a frame takes 15 kB in FG, 29 more are announced.
disk() { # SIZE COMMAND: run it in a new tmpfs, which is gone afterwards
    unshare -rm bash -c "mount -t tmpfs -o size=$1 none '$tmp/disk' && cd '$tmp/disk' && { $2; }"
}
if disk 100k true 2>"$tmp/err"; then
    mk -n 30 -g 64x36 fg:f32:3:srgb frames=30 >"$tmp/told.ck"
    fails 1 "ck-encode: out: 29 more frames need about 0.4 MiB, but 0.1 MiB is free: make room" "a job that cannot fit is refused" \
        disk 150k "ck-encode out < '$tmp/told.ck'"
    is "in one message" "$(wc -l <"$tmp/.err")" 1
    ok "with complete files only" disk 150k \
        "ck-encode -t 1 out < '$tmp/told.ck' 2>'$tmp/words'; ls -A out/FG >'$tmp/left'; for f in out/FG/*.exr; do ck-decode \$f >'$tmp/frame' || exit 1; done"
    ok "soon: 3 of 30 frames" test "$(wc -l <"$tmp/left")" -le 4
    fails 1 "No space left on device: make room" "one that may fit is tried" disk 300k "ck-encode out < '$tmp/told.ck'"
    is "with one warning before" "$(grep -c 'warning: out: 29 more frames need about 0.4 MiB, and 0.[23] MiB is free' "$tmp/.err") $(wc -l <"$tmp/.err")" "1 2"
    ok "one that fits" disk 500k "ck-encode out < '$tmp/told.ck'"
    is "has no warning" "$(cat "$tmp/.err")" ""
    ok "files that are replaced count as room" disk 600k "ck-encode out < '$tmp/told.ck'; ck-encode out < '$tmp/told.ck'"
    is "without a warning" "$(cat "$tmp/.err")" "ck-encode: out: 30 files of an earlier run were replaced"
    ok "and files that are skipped" disk 600k "ck-encode out < '$tmp/told.ck'; ck-encode --existing skip out < '$tmp/told.ck'"
    fails 1 "29 more frames need about" "ProRes counts too" disk 200k "ck-encode --fg mov out < '$tmp/told.ck'"
    fails 1 "No space left on device: make room" "a full disk ends a run with --keep-going too" disk 100k "ck-encode --keep-going out < '$tmp/long.ck'"
    is "with one message" "$(wc -l <"$tmp/.err")" 1
else
    skip "free space" "unshare -rm is not allowed here"
fi
mk -n 3000 -g 64x36 fg:f32:3:srgb comp:u8:3:srgb 2>"$tmp/err0" |
    ck-encode --comp=- -f y4m --fg mov "$tmp/sig" 2>"$tmp/err" | head -c 1000 >/dev/null
is "| head ends it by SIGPIPE, without a word" "${PIPESTATUS[1]} $(cat "$tmp/err")" "141 "
is "and the unfinished video is gone" "$(files "$tmp/sig")" ""

# ---- --fsync ----

flushes() { # OPTION...: calls of fsync for two stills of every frame and a video
    strace -f -o "$tmp/calls" -e trace=fsync ck-encode "$@" --matte mov --processed off "$tmp/flushed" <"$tmp/a.ck"
    grep -c 'fsync(' "$tmp/calls"
}
if strace -o "$tmp/calls" true 2>/dev/null; then
    is "nothing is flushed without --fsync" "$(flushes)" 0
    # a.ck has 3 frames: 6 stills and a video, each with its folder.
    is "with it each file and its folder are" "$(flushes --fsync)" 14
    is "ck key hands it on" "$(ck key -n --fsync a b | grep -o 'ck-encode .*' | grep -c -- --fsync)" 1
else
    skip "--fsync" "no strace"
fi

# ---- a second run into the same folder ----

mkdir -p "$tmp/again/Comp"
touch "$tmp/again/Comp/old.png" "$tmp/again/Comp/f.1001.png"
ck-encode -v "$tmp/again" <"$tmp/a.ck" 2>"$tmp/err"
is "a re-run says what it replaced and what it found" "$(grep -o 'Comp: .*' "$tmp/err")" \
    "Comp: 3 files written, 1 of them replaced; 1 others were there already, such as old.png"
touch "$tmp/again/Comp/.ck-2147483646-0-f.1001.png.tmp"
ck-encode "$tmp/again" <"$tmp/a.ck"
is "what a killed run left behind is swept" "$(temps "$tmp/again")" 0
# The choice between two frames of one name does not depend on threads.
for _ in 1 2 3 4 5; do
    "$helpers/mkstream" -n 12 -s same -g 8x8 rgb:f16:3:linear |
        ck-encode --keep-going -t 8 --plane rgb=exr "$tmp/same" 2>"$tmp/err"
    exrheader "$tmp/same/rgb/same.exr" | grep -o '^ck:number .*'
done >"$tmp/owners"
is "of frames of one name the first is written" "$(sort -u "$tmp/owners")" 'ck:number (type string): "1001"'
if command -v ffmpeg >/dev/null; then
    ffmpeg -v error -f lavfi -i testsrc2=s=32x32:r=10 -frames:v 8 -vf "setpts='if(gt(N,4),PTS+5,PTS)'" -vsync vfr \
        -c:v ffv1 "$tmp/vfr.mkv"
    ok "a variable frame rate in y4m" bash -c "ck-decode '$tmp/vfr.mkv' | ck-encode --plane rgb=- -f y4m >'$tmp/vfr.y4m'"
    is "is said once, with the frame" \
        "$(grep -c 'frame 5 belongs at 1.000 s, but 10/1 frames a second put it at 0.500 s' "$tmp/.err")" 1
    ok "and in mp4 with a rate of the user's" bash -c "ck-decode '$tmp/vfr.mkv' | ck-encode --rate 10 --plane rgb=mp4 '$tmp/vfr'"
    is "likewise" "$(grep -c 'frame 5 belongs at 1.000 s, but 10/1 frames a second put it at 0.500 s' "$tmp/.err")" 1
    is "not without one" "$(ck-decode --frames 0-4 "$tmp/vfr.mkv" | ck-encode --plane rgb=- -f y4m 2>&1 >/dev/null)" ""
fi
done_testing
