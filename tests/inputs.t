#!/bin/bash
# ck-decode --input: planes from files other than INPUT, and from INPUT's own alpha.
. "$(dirname "$0")/tap.sh"
if ! command -v ffmpeg >/dev/null; then
    skip "ck-decode --input" "ffmpeg is not installed"
    done_testing
fi
cd "$tmp" || exit 1
ff() { ffmpeg -nostdin -v error -y "$@"; }
# FILE SIZE FORMAT R G B A: a picture of one colour, in codes of 8 bits, or of 16 if the format has them.
flat() {
    local file=$1 size=$2 format=$3 work=gbrap
    case $format in *16le) work=gbrap16le ;; esac
    ff -f lavfi -i "color=c=black:s=$size:r=25,format=$work,geq=r=$4:g=$5:b=$6:a=$7,format=$format" -frames:v 1 "$file"
}
grey() { flat "$1" "${2:-16x12}" gray "$3" "$3" "$3" 255; } # FILE SIZE CODE
# PLANE ARGUMENT...: "NAME:TYPE:CxHxW[:ENCODING]" of the first frame.
plane() {
    local plane=$1
    shift
    ck-decode "$@" | ck-info | sed -nE "s/^FRAME 0.* ($plane:[^ ]*):inline.*/\1/p"
}
# PLANE ARGUMENT...: the first sample of each channel, of all frames.
first() {
    local plane=$1
    shift
    rm -rf npy
    ck-decode "$@" | ck-info --npy npy
    perl -e 'local $/; my @all;
        for (@ARGV) {
            open my $f, "<:raw", $_ or next;
            my $npy = <$f>;
            my ($type, $c, $h, $w) = $npy =~ /[<|](u1|u2|f2|f4)\x27.*\((\d+), (\d+), (\d+)\)/ or die;
            my @v = unpack { u1 => "C*", u2 => "v*", f4 => "f<*" }->{$type}, substr $npy, 128;
            push @all, map { sprintf "%g", $v[$_ * $h * $w] } 0 .. $c - 1;
        }
        print "@all"' npy/"$plane".*.npy
}
bytes() { # PLANE ARGUMENT...: a checksum of all samples
    local plane=$1
    shift
    rm -rf npy
    ck-decode "$@" | ck-info --npy npy
    cat npy/"$plane".*.npy | sha256sum
}

mkdir seq bgs
for i in 1 2 3 4; do
    flat seq/p.000$i.png 64x48 rgb24 10 200 20 255
    flat bgs/b.000$i.png 64x48 rgb24 $((10 * i)) 7 9 255
done
ff -framerate 25 -start_number 1 -i seq/p.%04d.png -c:v ffv1 -pix_fmt gbrp v.mkv
ff -framerate 25 -start_number 1 -i bgs/b.%04d.png -c:v ffv1 -pix_fmt gbrp bgs.mkv

# --- the background: like rgb, of the plate's size
is "a background of the plate's size is as read" "$(plane background --background bgs/b.0003.png seq)" background:u8:3x48x64:srgb
is "a still is every frame's" "$(first background --background bgs/b.0003.png --frames 1-2 seq)" "30 7 9 30 7 9"
is "a sequence goes by number" "$(first background --background 'bgs/b.####.png' --frames 2,4 seq)" "20 7 9 40 7 9"
is "a video by place" "$(first background --background bgs.mkv --frames 2,4 seq)" "20 7 9 40 7 9"
is "a folder beside a video too" "$(first background --background bgs --frames 1-2 v.mkv)" "20 7 9 30 7 9"
flat small.png 20x30 rgb24 51 102 153 255
is "one of another size and shape fills the plate" "$(plane background --background small.png seq)" background:f32:3x48x64:srgb
is "in its own codes" "$(first background --background small.png --frames 1 seq)" "0.2 0.4 0.6"
flat light.exr 64x48 gbrpf32le 255 0 0 255
is "an EXR stays linear" "$(plane background --background light.exr seq)" background:f32:3x48x64:linear
is "--srgb and --linear are about INPUT, not about it" \
    "$(plane background --srgb --background light.exr seq) $(plane background --linear --background small.png seq)" \
    "background:f32:3x48x64:linear background:f32:3x48x64:srgb"
flat jpeg.png 64x48 rgb24 200 30 30 255
ff -i jpeg.png -q:v 2 jpeg.jpg
is "nor are --matrix and --code-range" "$(bytes background --matrix 2020 --code-range limited --background jpeg.jpg seq)" \
    "$(bytes background --background jpeg.jpg seq)"
is "the short options are --input" "$(bytes background --input background=small.png seq)" "$(bytes background --background small.png seq)"
ff -i small.png -vf scale=64:48:in_range=pc:out_range=pc -color_primaries smpte432 -color_trc linear tagged.png
same_frame() { ck-decode "$@" seq | ck-info | sed -nE 's/^(FRAME 0.*) rgb:.*/\1/p' | sed -E 's/ inputs=.*//'; }
is "what its file says stays out of the frame's metadata" "$(same_frame --background tagged.png)" "$(same_frame)"
is "threads change nothing" "$(bytes background -t 1 --background small.png --input other=bgs seq)" \
    "$(bytes background -t 4 --background small.png --input other=bgs seq)"

# --- the clean plate: linear, of the plate's size or down to an eighth of it
flat grey.png 64x48 rgb24 188 188 0 255
is "a clean plate is float and linear" "$(plane clean --clean grey.png seq)" clean:f32:3x48x64:linear
is "by its curve: 188 of 255 is half the light" "$(first clean --clean grey.png --frames 1 seq | awk '{ printf "%.3f %.3f %g", $1, $2, $3 }')" "0.503 0.503 0"
ff -i light.exr -format half half.exr
is "half and linear is kept" "$(plane clean --clean half.exr seq)" clean:f16:3x48x64:linear
for size in 64x48:48x64 32x24:24x32 8x6:6x8 7x6:6x8 4x3:6x8 128x96:48x64 128x24:24x64; do
    flat c.png ${size%:*} rgb24 255 0 255 255
    is "of ${size%:*} it is ${size#*:}" "$(plane clean --clean c.png seq) $(first clean --clean c.png --frames 1 seq)" \
        "clean:f32:3x${size#*:}:linear 1 0 1"
done
is "--linear is about the clean plate too" "$(first clean --linear --clean grey.png --frames 1 seq | awk '{ printf "%.3f", $1 }')" 0.737
ff -i v.mkv -vf setparams=color_trc=smpte2084,format=yuv444p10le -color_trc smpte2084 -c:v libx264 -qp 0 pq.mov
is "a plate of another curve does not change it" "$(first clean --clean grey.png --frames 1 pq.mov | awk '{ printf "%.3f", $1 }')" 0.503
ok "a clean plate of that curve is decoded too" bash -c "ck-decode --clean pq.mov pq.mov | ck-info | grep -q ' clean:f32:3x48x64:linear'"

# --- masks of any size
grey mask.png 16x12 64
flat cut.png 16x12 rgba 255 255 255 'if(lt(X\,8)\,40\,255)'
flat deep.png 16x12 gray16le 16384 16384 16384 65535
for m in hint garbage holdout; do
    is "$m: 8 bits stay, and so does the size" "$(plane $m --$m mask.png seq) $(first $m --$m mask.png --frames 1 seq)" "$m:u8:1x12x16 64"
    is "$m: alpha where it varies" "$(first $m --$m cut.png --frames 1 seq)" 40
    is "$m: float of 16 bits" "$(plane $m --$m deep.png seq)" "$m:f32:1x12x16"
    is "$m: any of --input" "$(bytes $m --input $m=cut.png seq)" "$(bytes $m --$m cut.png seq)"
done
is "--hint-channel is the hint's alone" \
    "$(first hint --hint cut.png --garbage cut.png --hint-channel luma --frames 1 seq) $(first garbage --hint cut.png --garbage cut.png --hint-channel luma --frames 1 seq)" "255 40"
is "and hint-channel is said of the hint alone" "$(ck-decode --garbage cut.png seq | ck-info | grep -c hint-channel)" 0
ff -f lavfi -i "nullsrc=s=16x12,format=yuv444p,geq=lum='if(lt(X,8),0,255)':cb=128:cr=128" -frames:v 1 -c:v ffv1 wild.mkv
is "a mask stays within 0 and 1" "$(first garbage --garbage wild.mkv --frames 0 v.mkv)" 0
is "a matte does not" "$(first alpha --input alpha=wild.mkv --frames 0 v.mkv | awk '{ print $1 < -0.07 }')" 1

# --- planes that programs make
is "alpha: float, the plate's size" "$(plane alpha --input alpha=mask.png seq) $(first alpha --input alpha=mask.png --frames 1 seq)" \
    "alpha:f32:1x48x64 0.25098"
flat half.png 64x48 rgb24 255 51 0 255
is "fg: float, sRGB-encoded" "$(plane fg --input fg=half.png seq) $(first fg --input fg=half.png --frames 1 seq)" "fg:f32:3x48x64:srgb 1 0.2 0"
flat mid.exr 64x48 gbrpf32le 100 0 100 255
is "also of linear files" "$(plane fg --input fg=mid.exr seq) $(first fg --input fg=mid.exr --frames 1 seq | awk '{ printf "%.2f %.2f", $1, $3 }')" \
    "fg:f32:3x48x64:srgb 0.66 0.66"

# --- unknown planes: as in the file
is "grey of 16 bits" "$(plane own --input own=deep.png seq) $(first own --input own=deep.png --frames 1 seq)" "own:u16:1x12x16:srgb 16384"
flat four.png 16x12 rgba 1 2 3 4
is "RGB with alpha" "$(plane my.own-2 --input my.own-2=four.png seq) $(first my.own-2 --input my.own-2=four.png --frames 1 seq)" \
    "my.own-2:u8:4x12x16:srgb 1 2 3 4"
is "RGB without" "$(plane own --input own=small.png seq) $(first own --input own=small.png --frames 1 seq)" "own:u8:3x30x20:srgb 51 102 153"
flat two.png 16x12 ya8 9 9 9 77
is "grey with alpha" "$(plane own --input own=two.png seq) $(first own --input own=two.png --frames 1 seq)" "own:u8:2x12x16:srgb 9 77"
ff -i four.png -compression_algo raw four.tif
is "of TIFF" "$(first own --input own=four.tif --frames 1 seq)" "1 2 3 4"
ff -i four.png -pix_fmt gbrapf32le four.exr
is "of EXR" "$(plane own --input own=four.exr seq | cut -d: -f2-)" "f32:4x12x16:linear"
ff -i four.png -c:v ffv1 -pix_fmt bgra four.mkv
is "of video" "$(first own --input own=four.mkv --frames 0 v.mkv)" "1 2 3 4"
ff -i four.png -c:v prores_ks -pix_fmt yuva444p10le four.mov
is "of YUV with alpha" "$(plane own --input own=four.mov --frames 0 v.mkv | sed 's/:[a-z0-9]*$//')" "own:f32:4x12x16"
is "several at once, all of them" "$(ck-decode --hint mask.png --background bgs --input a=four.png --input b=two.png --input alpha=mask.png seq |
    ck-info | sed -nE 's/^FRAME 3//p' | grep -oE ' [a-z]+:[a-z0-9]+:' | tr -d ' \n')" "rgb:u8:hint:u8:background:u8:a:u8:b:u8:alpha:f32:"

# --- INPUT's own alpha
flat plate.png 64x48 rgba 10 200 20 'if(lt(X\,8)\,55\,255)'
is "--plate-alpha: 1 - alpha" "$(plane garbage --plate-alpha plate.png) $(first garbage --plate-alpha plate.png)" "garbage:u8:1x48x64 200"
is "0 where INPUT is opaque" "$(ck-decode --plate-alpha plate.png | ck-info --npy npy && tail -c 1 npy/garbage.000000.npy | od -An -t u1 | tr -d ' ')" 0
is "rgb is as without it" "$(bytes rgb --plate-alpha plate.png)" "$(bytes rgb plate.png)"
ff -i plate.png -pix_fmt gbrapf32le plate.exr
is "of EXR" "$(plane garbage --plate-alpha plate.exr) $(first garbage --plate-alpha plate.exr | awk '{ printf "%.3f", $1 }')" "garbage:f32:1x48x64 0.784"
ff -loop 1 -i plate.png -frames:v 3 -c:v prores_ks -pix_fmt yuva444p10le plate.mov
is "of ProRes 4444, every frame" "$(first garbage --plate-alpha plate.mov | awk '{ printf "%.2f %.2f %.2f", $1, $2, $3 }')" "0.78 0.78 0.78"
is "and no word that it is dropped" "$(ck-decode -v --plate-alpha plate.mov 2>&1 >/dev/null | grep -c dropped)" 0
fails 1 "seq/p.0001.png: no alpha channel to make plane 'garbage' from" "no alpha" ck-decode --plate-alpha seq
fails 1 "v.mkv: frame 0: no alpha channel" "in video" ck-decode --plate-alpha v.mkv
fails 2 "plane 'garbage' is given twice, by mask.png and --plate-alpha" "beside --garbage" ck-decode --plate-alpha --garbage mask.png plate.png
mkdir holes && cp plate.png holes/p.1.png && cp plate.png holes/p.3.png
is "a black stand-in is opaque" "$(first garbage --plate-alpha --missing black holes)" "200 0 200"
ok "and one that repeats its neighbour is not" bash -c "ck-decode --plate-alpha --missing nearest holes | ck-info | grep -c '^FRAME.* garbage:u8' | grep -qx 3"

# --- too short, damaged, and usage
mkdir few && cp bgs/b.000[12].png few
fails 1 "few: no background for frame 3: its numbers run from 1 to 2" "too short names the frame" ck-decode --background few seq
fails 1 "few: no garbage for frame 2, counted from 0: there are only 2" "by place too" ck-decode --garbage few v.mkv
ff -i bgs.mkv -c copy -frames:v 2 few.mkv
fails 1 "few.mkv: no own for frame 2, counted from 0: there are only 2" "of video" ck-decode --input own=few.mkv v.mkv
fails 3 "no background for frame 3" "--keep-going makes such frames errors" bash -c 'ck-decode --keep-going --background few seq >kept.ck'
is "in their places" "$(ck-info <kept.ck 2>/dev/null | sed -n 's/^FRAME \([0-9]*\) .*error.*/\1/p' | tr '\n' ' ')" "2 3 "
head -c 70 small.png >cut_off.png
fails 1 "cut_off.png" "a damaged file is named" ck-decode --background cut_off.png seq
fails 1 "nowhere.png" "one that is not there" ck-decode --clean nowhere.png seq
ff -f lavfi -i "color=black:s=64x48,format=gbrpf32le,geq=r='if(eq(X,3),0/0,1)':g=0:b=0" -frames:v 1 nan.exr
if [ "$(first background --repair --background nan.exr --frames 1 seq)" = "1 0 0" ] && ! ck-decode nan.exr >/dev/null 2>&1; then
    fails 1 "nan.exr" "samples that are NaN" ck-decode --background nan.exr seq
else
    skip "samples that are NaN" "this ffmpeg writes none"
fi
ck-decode seq >saved.ck
fails 2 "saved.ck: a saved stream, not footage" "a saved stream" ck-decode --background saved.ck seq
fails 2 "plane 'hint' is given twice, by mask.png and cut.png" "a plane given twice" ck-decode --hint mask.png --input hint=cut.png seq
fails 2 "plane 'x' is given twice" "by --input alone" ck-decode --input x=mask.png --input x=cut.png seq
fails 2 "plane rgb is INPUT itself" "rgb" ck-decode --input rgb=mask.png seq
fails 2 "--input 'hint' is not NAME=FILE" "no file" ck-decode --input hint seq
fails 2 "--input 'hint=' is not NAME=FILE" "an empty one" ck-decode --input hint= seq
fails 2 "'Hint' is not a plane name" "a capital" ck-decode --input Hint=mask.png seq
fails 2 "'' is not a plane name" "no name" ck-decode --input =mask.png seq
fails 2 "is not a plane name: use up to 31" "a long one" ck-decode --input "$(printf 'x%.0s' {1..32})=mask.png" seq
fails 2 "more than 16 planes" "too many" bash -c "ck-decode $(printf -- '--input x%d=mask.png ' {1..17}) seq"
fails 2 "planes 'clean' and 'x' cannot both come from standard input" "two from standard input" ck-decode --clean - --input x=- seq
fails 2 "INPUT and plane 'x' cannot both come from standard input" "INPUT and another" bash -c 'ck-decode --input x=- - </dev/null'
is "one from standard input" "$(ff -i bgs.mkv -f nut -c:v rawvideo - | first background --background - --frames 2-3 seq)" "20 7 9 30 7 9"

# --- ck key
ck-synth -g 64x48 -n 4 | ck-encode --plane rgb=png --plane true_alpha=png shot 2>/dev/null
rgb=shot/rgb matte=shot/true_alpha
is "ck key hands them on" "$(ck key -n --background 'b g.png' --input a=b --input c=d=e --plate-alpha x y 2>/dev/null | cut -d' ' -f1-7 | sed 's/ --threads.*//')" \
    "ck-decode '--background=b g.png' --input=a=b --input=c=d=e --plate-alpha"
ok "and keys with them" ck key --classical --background small.png --clean small.png --garbage mask.png --holdout mask.png --hint $matte $rgb keyed
fails 2 "ck-decode: plane 'hint' is given twice" "usage is looked at before anything starts" ck key --hint a --input hint=b $rgb never
fails 2 "saved.ck: a saved stream" "a saved stream too" ck key --classical --background saved.ck $rgb never
is "nothing was made" "$([ -e never ] || echo none)" none
mkdir part && cp $matte/0000[23].png part
ck key -v --classical --frames 2-3 --hint part $rgb some 2>err
is "the screen is looked for without hints that are shorter than INPUT" "$? $(grep -c 'screen green: given by --screen' err) $(ls some/Matte | tr '\n' ' ')" "0 2 00002.exr 00003.exr "
ok "pipes are read once" bash -c "exec 3< <(ffmpeg -nostdin -v error -i '$matte/%05d.png' -f nut -c:v rawvideo -); ck key --classical --hint /dev/fd/3 $rgb piped"
is "to their end" "$(ls piped/Matte | wc -l)" 4
mkdir sizes && cp small.png half.png sizes
fails 2 "keyed one by one" "stills of different sizes" ck key --classical --background small.png sizes o2

# --- outputs that are one of these files
refused="this output is the input itself"
mkdir -p over/Comp && cp small.png over/Comp/00000.png
sum=$(sha256sum <over/Comp/00000.png)
fails 2 "over/Comp/00000.png: $refused" "the background" ck key --classical --background over/Comp/00000.png $rgb over
mkdir over/alpha && cp $matte/*.png over/alpha
fails 2 "over/alpha/00000.png: $refused" "a sequence of mattes" \
    bash -c "ck-decode --input alpha=over/alpha $rgb | ck-encode --plane alpha=png over"
cp bgs.mkv over/background.mov
fails 2 "over/background.mov: $refused" "a video" \
    bash -c "ck-decode --background over/background.mov seq | ck-encode --plane rgb=off --plane background=mov over"
is "they are still there" "$(sha256sum <over/Comp/00000.png) $(cmp bgs.mkv over/background.mov && echo same)" "$sum same"
done_testing
