#!/bin/bash
# ck-decode: stills, sequences, video, colours, hints.  Bad input is in footage.t too.
. "$(dirname "$0")/tap.sh"
if ! command -v ffmpeg >/dev/null; then
    skip "ck-decode" "ffmpeg is not installed"
    done_testing
fi
cd "$tmp" || exit 1
W=64 H=48
ff() { ffmpeg -nostdin -v error -y "$@"; }
source_of() { ff -f lavfi -i "testsrc2=s=${2:-${W}x$H}:r=25" -frames:v "$1" "${@:3}"; }

# Frames of a stream as "stem:number stem:number ...".
names() { ck-decode "$@" | ck-info | sed -nE 's/^FRAME [0-9]+( pts=[^ ]*)? stem=(.*)( number=([0-9]*))? rgb:.*/\2:\4/p' | sed -E 's/ inputs=[0-9]+:[0-9]+ input-state=[0-9]+ [0-9]+:$/:/; s/ number=([0-9]+):$/:\1/' | tr '\n' ' '; }
# Plane rgb of frame 0, as `ck-info` prints it.
plane() { ck-decode "$@" | ck-info | sed -n 's/^FRAME 0.* \(rgb:[^ ]*\).*/\1/p'; }
head_of() { ck-decode "$@" | ck-info | head -1 | sed -E "s/ host=$(uname -n)( inputs=[0-9]+:[0-9]+)?//"; }
# PLANE ARGUMENT...: samples of a plane of all frames, for ck-decode's arguments.
samples() {
    local plane=$1
    shift
    rm -rf npy
    ck-decode "$@" | ck-info --npy npy
    for f in npy/"$plane".*.npy; do tail -c +129 "$f"; done
}
# libav's own planar RGB of the same files, for lossless sources: 8 bits per sample.
reference() {
    ff "$@" -f rawvideo -pix_fmt gbrp ref.gbr
    local n=$((W * H)) i frames
    frames=$(($(stat -c %s ref.gbr) / (3 * n)))
    for ((i = 0; i < frames; i++)); do
        tail -c +$((3 * i * n + 2 * n + 1)) ref.gbr | head -c $n
        tail -c +$((3 * i * n + 1)) ref.gbr | head -c $((2 * n))
    done
}
same() { # NAME INPUT: our bytes equal libav's
    is "$1" "$(samples rgb "$2" | sha256sum)" "$(reference -i "$2" | sha256sum)"
}

# --- stills and sequences
mkdir seq
source_of 12 "" "seq/shot%d.png"
touch seq/notes.txt seq/.hidden.png
mkdir seq/folder.png
is "a folder, in natural order" "$(names seq)" \
    "shot1:1 shot2:2 shot3:3 shot4:4 shot5:5 shot6:6 shot7:7 shot8:8 shot9:9 shot10:10 shot11:11 shot12:12 "
is "a pattern and file numbers" "$(names --frames 2,9-11 'seq/shot%d.png')" "shot2:2 shot9:9 shot10:10 shot11:11 "
is "files as a shell sorts them" "$(names seq/shot10.png seq/shot2.png)" "shot2:2 shot10:10 "
is "HEAD of a sequence" "$(head_of --frames 2,9-11 seq | sed 's/ program=.*//')" \
    "HEAD source=seq width=$W height=$H frames=4 start=2 numbers=2,9-11"
mkdir $'sp ace\nünï%d'
cp seq/shot1.png $'sp ace\nünï%d/a b\n:ç.0007.png'
is "spaces, newlines, other scripts, colons and per cent signs in names" \
    "$(names $'sp ace\nünï%d/')" 'a b\x0a:ç.0007:7 '
is "and in patterns" "$(names $'sp ace\nünï%d/a b\n:ç.####.png')" 'a b\x0a:ç.0007:7 '
same "PNG" seq/shot3.png
is "PNG of 8 bits is u8, sRGB" "$(plane seq/shot3.png)" "rgb:u8:3x${H}x$W:srgb:inline"
source_of 1 "" -pix_fmt rgb48be deep.png
is "PNG of 16 bits is u16" "$(plane deep.png)" "rgb:u16:3x${H}x$W:srgb:inline"
is "--linear changes the tag alone" "$(plane --linear deep.png)" "rgb:u16:3x${H}x$W:linear:inline"
source_of 1 "" -c:v exr -format half -pix_fmt gbrpf32le e.exr
is "EXR is linear" "$(plane e.exr)" "rgb:f16:3x${H}x$W:linear:inline"
is "--srgb changes the tag alone" "$(plane --srgb e.exr)" "rgb:f16:3x${H}x$W:srgb:inline"
for f in tif bmp tga sgi ppm pam dpx webp jp2; do
    more=
    [ $f = webp ] && more="-lossless 1 -c:v libwebp -pix_fmt bgra"
    [ $f = jp2 ] && more="-pred 1 -pix_fmt rgb24"
    case $f in dpx | tif) more="-pix_fmt rgb24" ;; esac
    # shellcheck disable=SC2086
    source_of 1 "" $more "x.$f"
    same "$f, as libav has it" "x.$f"
done
cp x.tga no_suffix
fails 1 "neither an image nor a video" "TGA has no mark: without its suffix it is unknown" ck-decode no_suffix
cp x.bmp lies.png
same "a file is known by its contents, not its name" lies.png
source_of 1 "" -pix_fmt gray x.pgm
same "grey is repeated" x.pgm
source_of 1 "" -pix_fmt pal8 pal.png
is "a palette is looked up" "$(samples rgb pal.png | sha256sum)" \
    "$(ff -i pal.png -pix_fmt rgb24 -c:v ffv1 flat.mkv && samples rgb flat.mkv | sha256sum)"
source_of 1 "" -pix_fmt gbrp10le ten.dpx
is "10 bits are float, of the transfer that the file names" "$(plane ten.dpx)" "rgb:f32:3x${H}x$W:linear:inline"
source_of 1 "" -q:v 2 j.jpg
is "JPEG is half: it was YUV of 8 bits" "$(plane j.jpg)" "rgb:f16:3x${H}x$W:srgb:inline"

# A JPEG held on its side, by the orientation in its Exif block, which follows the first two bytes.
{
    head -c 2 j.jpg
    printf '\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0'
    tail -c +3 j.jpg
} >side.jpg
is "Exif turns a JPEG upright" "$(plane side.jpg)" "rgb:f16:3x${W}x$H:srgb:inline"

# --- video
source_of 10 "" -c:v ffv1 -pix_fmt gbrp v.mkv
same "lossless RGB video" v.mkv
source_of 10 "" -c:v png -pix_fmt rgb24 v.mov
same "in another container" v.mov
is "frames of a video are counted from 0" "$(names --frames 0,4-6,9 v.mkv)" "00000:0 00004:4 00005:5 00006:6 00009:9 "
is "and are those frames" "$(samples rgb --frames 4-6 v.mov | sha256sum)" \
    "$(samples rgb v.mov | tail -c +$((4 * 3 * W * H + 1)) | head -c $((3 * 3 * W * H)) | sha256sum)"
is "times start at 0" "$(ck-decode v.mkv | ck-info | sed -n 's/^FRAME [0-9]* pts=\([^ ]*\).*/\1/p' | tail -1)" 0.360000
source_of 3 "" -vf format=yuv422p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc -c:v libx264 \
    -r 24000/1001 -timecode 01:02:03:04 -aspect 2:1 p.mov
is "HEAD of a video" "$(head_of p.mov | sed 's/ program=.*//')" \
    "HEAD source=p.mov width=$W height=$H frames=3 rate=24000/1001 sar=3/2 start=01:02:03:04 numbers=0-2 transfer=linear primaries=bt2020 source-transfer=pq"
is "PQ is decoded" "$(plane p.mov)" "rgb:f32:3x${H}x$W:linear:inline"
ck-decode -v p.mov 2>said >/dev/null
ok "--verbose names what was left as it is" grep -q "pixels are not square (3:2)" said
ok "and the colours" grep -q "yuv422p10le ${W}x$H, matrix 2020, limited range, chroma left" said
ff -i v.mov -c copy -metadata:s:v rotate=90 r.mov
W=48 H=64 same "a turned video comes out upright, as ffmpeg shows it" r.mov
for layout in rgb555le:rawvideo bgr0:rawvideo monob:rawvideo x2rgb10le:rawvideo; do
    source_of 2 "" -pix_fmt "${layout%:*}" -c:v "${layout#*:}" -f nut "odd.nut"
    ok "${layout%:*} is read" bash -c "ck-decode odd.nut | ck-info | grep -q '^END 2 frames'"
done
source_of 2 "" -pix_fmt rgb0 -c:v rawvideo -f nut odd.nut
same "RGB with a hole in it" odd.nut
source_of 2 "" -pix_fmt yuva444p10le -c:v prores_ks -profile:v 4 a.mov
ck-decode -v a.mov 2>said | ck-info >/dev/null
ok "alpha is dropped, and that is said" grep -q "alpha channel discarded" said

# --- colours, against zimg, an independent implementation; both start from the same lossless codes
if ffmpeg -v error -filters | grep -q zscale; then
    # ffmpeg 5 takes the chroma location from the encoder's option, 7 from the frame.
    has_location=$(ffmpeg -v error -h filter=setparams | grep -c chroma_location)
    against() { # NAME PIX_FMT LOCATION ZMATRIX ZRANGE ENCODER-TAGS... -- OUR-OPTIONS...
        local name=$1 fmt=$2 loc=$3 m=$4 r=$5 tags=() set=
        shift 5
        while [ "$1" != -- ]; do tags+=("$1"); shift; done
        shift
        case "${tags[*]} $has_location" in
        *chroma_sample_location*" "[1-9]*) set=,setparams=chroma_location=$loc ;;
        esac
        # Noise far beyond the nominal range, so that excursions are compared.
        ff -f lavfi -i "nullsrc=s=62x46:r=1,format=yuv444p12,geq=lum='random(1)*4095':cb='random(2)*4095':cr='random(3)*4095',format=$fmt$set" \
            -frames:v 1 -c:v ffv1 -level 3 "${tags[@]}" yuv.mkv
        ff -i yuv.mkv -vf "zscale=min=$m:rin=$r:cin=$loc:m=gbr:r=full:filter=bilinear,format=gbrpf32le" \
            -f rawvideo ref.gbr
        local n=$((62 * 46 * 4))
        { tail -c $n ref.gbr; head -c $((2 * n)) ref.gbr; } >ref.rgb
        samples rgb "$@" yuv.mkv >ours.rgb
        local halves=()
        [ "$fmt" = yuv420p ] && halves=(-h) # colours of 8 bits
        d=$("$helpers/rawdiff" "${halves[@]}" ours.rgb ref.rgb)
        # zimg rounds in float too: twice our own 1e-6.
        awk -v d="$d" 'BEGIN { exit !(d + 0 == d && d <= 2e-6) }'
        report $? "$name: $d"
    }
    against "8 bits 4:2:0, 601, by the size" yuv420p left 170m limited --
    against "8 bits 4:2:0, 709, full, center, by the tags" yuv420p center 709 full \
        -colorspace bt709 -color_range pc -chroma_sample_location center --
    against "10 bits 4:2:0, 2020, topleft, by the tags" yuv420p10le topleft 2020_ncl limited \
        -colorspace bt2020nc -color_range tv -chroma_sample_location topleft --
    against "10 bits 4:2:2, 709" yuv422p10le left 709 limited -colorspace bt709 --
    against "12 bits 4:4:4, 2020, full" yuv444p12le left 2020_ncl full -colorspace bt2020nc -color_range pc --
    against "tags overruled by options" yuv420p topleft 709 full -colorspace bt470bg -color_range tv -- \
        --matrix 709 --code-range full --chroma-location topleft
else
    skip "colours against zimg" "this ffmpeg has no zscale"
fi

# --- standard input
for f in nut matroska mpegts yuv4mpegpipe avi; do
    case $f in
    mpegts) codec="mpeg2video -q:v 2" ;;
    yuv4mpegpipe) codec="wrapped_avframe -pix_fmt yuv444p" ;;
    *) codec="ffv1 -pix_fmt gbrp" ;;
    esac
    # shellcheck disable=SC2086
    source_of 6 "" -c:v $codec -f $f - >pipe.bin
    is "$f through a pipe" "$(cat pipe.bin | ck-decode - | ck-info | tail -1)" "END 6 frames"
done
is "as the README has it" "$(ff -i v.mkv -f nut -c:v rawvideo - | samples rgb - | sha256sum)" \
    "$(samples rgb v.mkv | sha256sum)"
source_of 6 "" -c:v mpeg4 tail.mp4
is "an MP4 with its index at the end, as a redirected file" "$(ck-decode - <tail.mp4 | ck-info | tail -1)" "END 6 frames"
ff -i tail.mp4 -c copy -movflags +faststart front.mp4
is "and with its index in front" "$(cat front.mp4 | ck-decode - | ck-info | tail -1)" "END 6 frames"

# --- hints: every sample of the k-th hint is 10k
mkdir hints
for k in 3 4 5 6 7; do
    ff -f lavfi -i "color=c=0x$(printf '%02x%02x%02x' $((10 * k)) $((10 * k)) $((10 * k))):s=16x12,format=rgb24" \
        -frames:v 1 hints/h.000$k.png
    ff -f lavfi -i "color=c=black:s=16x12,format=gray,geq=lum=$((10 * k))" -frames:v 1 hints/g$k.pgm
done
ff -framerate 25 -start_number 3 -i hints/h.%04d.png -c:v ffv1 -pix_fmt gbrp hints.mkv
first_bytes() { # first sample of each hint
    samples "$@" >/dev/null
    for f in npy/hint.*.npy; do tail -c +129 "$f" | od -An -t u1 -N 1; done | tr -s ' \n' ' '
}
is "a hint is paired by number" "$(first_bytes hint --hint 'hints/h.####.png' --frames 4-6 seq)" " 40 50 60 "
is "a folder of hints too" "$(mkdir h2 && cp hints/h.*.png h2 && first_bytes hint --hint h2 --frames 3-5 seq)" " 30 40 50 "
is "with a video the place counts" "$(first_bytes hint --hint h2 --frames 1-2 v.mkv)" " 40 50 "
is "a hint video goes by place too" "$(first_bytes hint --hint hints.mkv --frames 2-4 v.mkv)" " 50 60 70 "
is "with a sequence, the place among all its files" "$(first_bytes hint --hint hints.mkv --frames 4-5 seq)" " 60 70 "
is "a still is for every frame" "$(first_bytes hint --hint hints/g5.pgm --frames 0-2 v.mkv)" " 50 50 50 "
is "and is one channel of bytes" "$(ck-decode --hint hints/g5.pgm seq | ck-info | sed -n 's/^FRAME 11 .* \(hint:.*\)/\1/p')" \
    "hint:u8:1x12x16:inline"
fails 1 "no hint for frame 8: its numbers run from 3 to 7" "a hint that ends too soon names the frame" \
    ck-decode --hint h2 --frames 6- seq
fails 1 "no hint for frame 5, counted from 0: there are only 5" "by place too" ck-decode --hint h2 v.mkv
fails 1 "no hint for frame 5, counted from 0: there are only 5" "and from video" ck-decode --hint hints.mkv v.mkv
fails 3 "no hint for frame 8" "--keep-going makes such frames errors" \
    bash -c 'ck-decode --keep-going --hint h2 --frames 6-9 seq >kept.ck'
is "in their places" "$(ck-info <kept.ck 2>/dev/null | sed -n 's/^FRAME \([0-9]*\) .*error.*/\1/p' | tr '\n' ' ')" "2 3 "
ff -f lavfi -i "color=c=0x00ff00:s=16x12,format=gbrp" -frames:v 2 -c:v ffv1 green.mkv
is "colour becomes luminance: green 0.7152" "$(first_bytes hint --hint green.mkv --frames 0-1 v.mkv)" " 182 182 "
ff -f lavfi -i "nullsrc=s=16x12,format=yuv444p,geq=lum='if(lt(X,8),0,255)':cb=128:cr=128" -frames:v 1 -c:v ffv1 wild.mkv
ck-decode --hint wild.mkv --frames 0 v.mkv | ck-info --npy npy2
is "a hint stays within 0 and 1" \
    "$(tail -c +129 npy2/hint.000000.npy | od -An -v -t f4 -w4 | sort -u | tr -d ' ' | tr '\n' ' ')" "0 1 "

# --- FFmpeg is loaded for what needs it
version=$(grep -ao 'libavcodec\.so\.[0-9]*' "$(command -v ck-decode)" | head -1)
mkdir hidden && : >"hidden/$version"
ok "a PNG needs no libavcodec" env LD_LIBRARY_PATH=hidden bash -c 'ck-decode seq/shot1.png | ck-encode --plane rgb=exr loaded 2>/dev/null'
fails 1 "v.mkv: cannot load FFmpeg's $version" "a video does" env LD_LIBRARY_PATH=hidden ck-decode v.mkv
is "ck doctor says so" "$(LD_LIBRARY_PATH=hidden ck doctor | grep -c "^BAD  FFmpeg .*$version")" 1

# --- usage
fails 2 "no input" "no input" bash -c 'ck-decode | cat; exit ${PIPESTATUS[0]}'
fails 2 "contradict" "--linear and --srgb" bash -c 'ck-decode --linear --srgb v.mkv | cat >/dev/null; exit ${PIPESTATUS[0]}'
fails 2 "is not a list of frames" "a bad list" bash -c 'ck-decode --frames 5-1 v.mkv >/dev/null'
fails 3 "ck-decode: v.mkv: frame 12 of --frames does not exist: the video has 10, counted from 0: correct --frames" "a frame that the video does not have" ck-decode --frames 5,12 v.mkv
fails 2 "no file has number 14" "a number that the sequence does not have" ck-decode --frames 14 seq
fails 2 "is not one of auto" "a bad matrix" ck-decode --matrix 2021 v.mkv
fails 2 "ck-decode: --range has been renamed: use --code-range" "--code-range under its old name" ck-decode --range full v.mkv
fails 2 "several inputs must all be stills" "a video among several inputs" ck-decode v.mkv seq/shot1.png
fails 2 "two files are called 'shot1'" "two files that would share their output" \
    bash -c 'mkdir twice; cp seq/shot1.png twice; ck-decode seq/shot1.png twice/shot1.png'
fails 2 "cannot both come from standard input" "plate and hint from one pipe" bash -c 'ck-decode --hint - - </dev/null'
done_testing
