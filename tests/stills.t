#!/bin/bash
# Stills of other programs: exact values and correct metadata, from the file to our output files.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1

for need in oiiotool ffmpeg ffprobe exrheader perl; do
    command -v $need >/dev/null && continue
    skip "stills" "$need is not installed"
    done_testing
done

ff() { ffmpeg -v error -y "$@"; }
frame() { ck-decode "$@" 2>/dev/null | ck-info | sed -n 's/^FRAME [0-9]* //p'; }
plane() { frame "$@" | grep -o 'rgb:[^ ]*' | sed 's/:inline//'; }
head_has() { ck-decode "${@:2}" 2>/dev/null | ck-info | sed -n 's/^HEAD //p' | tr ' ' '\n' | sed -n "s/^$1=//p"; }
npy() { # PLANE FILES...: its samples, without the header
    rm -rf npy
    ck-decode "${@:2}" | ck-info --npy npy >/dev/null
    tail -c +129 "npy/$1.000000.npy"
}
attribute() { exrheader "$1" | grep -a -A4 "^$2 (" | tr -d '\n' | sed 's/([a-zA-Z0-9 ]*type[^)]*): *//; s/  */ /g'; }
said() { { ck-decode -v "$@" >/dev/null; } 2>&1; }
# An 8-bit picture without symmetry.
ff -f lavfi -i testsrc2=s=64x48 -frames:v 1 -pix_fmt rgb24 base.png

# --- TIFF, as oiiotool writes it
oiiotool base.png --attrib:type=int tiff:half 1 -d half -o half.tif
oiiotool base.png -d half --compression none -o half.exr
is "half" "$(plane half.tif)" "rgb:f16:3x48x64:linear"
is "has the values that EXR has" "$(npy rgb half.tif | sha256sum)" "$(npy rgb half.exr | sha256sum)"
oiiotool base.png -d float --tile 16 16 -o float.tif
oiiotool base.png -d float --compression none -o float.exr
is "float in tiles" "$(npy rgb float.tif | sha256sum)" "$(npy rgb float.exr | sha256sum)"
oiiotool base.png --tile 16 16 --planarconfig separate --compression lzw -o planes.tif
is "planes of tiles by LZW" "$(npy rgb planes.tif | sha256sum)" "$(npy rgb base.png | sha256sum)"
ok "TIFF that is cut off is an error" bash -c "head -c 2500 planes.tif >cut.tif; ! ck-decode cut.tif 2>err >/dev/null && grep -q 'cut.tif: .*TIFF' err"

# --- orientation: the same picture as JPEG, which libav rotates, as TIFF and as PNG
exif='II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0%b\0\0\0\0\0\0\0'
ff -i base.png -q:v 2 -pix_fmt yuvj444p j.jpg
for o in 1 2 3 4 5 6 7 8; do
    printf "$exif" "\\x0$o" >exif.bin
    { head -c 2 j.jpg; printf '\xff\xe1\x00\x22Exif\0\0'; cat exif.bin; tail -c +3 j.jpg; } >side.jpg
    oiiotool base.png --attrib Orientation $o -o side.tif
    perl -e 'use Compress::Zlib; local $/; open F, "base.png"; $_ = <F>; open E, "exif.bin"; $e = <E>;
        print substr($_, 0, 33), pack("N", length $e), "eXIf", $e, pack("N", crc32("eXIf$e")), substr($_, 33)' >side.png
    is "orientation $o: TIFF and PNG are alike" "$(npy rgb side.tif | sha256sum)" "$(npy rgb side.png | sha256sum)"
    npy rgb side.png >png.raw
    npy rgb side.jpg >jpg.raw
    # JPEG at this quality is within a few codes on average; another orientation is off by tens.
    ok "and as JPEG is" perl -e 'local $/; open A, shift; @a = unpack "C*", <A>; open B, shift; @b = unpack "S<*", <B>;
        sub half { my ($e, $m) = ($_[0] >> 10 & 31, $_[0] & 1023); ($_[0] >> 15 ? -1 : 1) * ($e ? (1 + $m / 1024) * 2 ** ($e - 15) : $m / 2 ** 24) }
        $s += abs($a[$_] / 255 - half($b[$_])) for 0 .. $#a; exit(@a != @b || $s / @a > 0.02)' png.raw jpg.raw
done
is "and of its shape" "$(plane side.png) $(plane side.tif) $(plane side.jpg)" \
    "rgb:u8:3x64x48:srgb rgb:u8:3x64x48:srgb rgb:f16:3x64x48:srgb"

for f in side.png side.jpg side.tif; do
    mkdir -p two && rm -f two/* && cp base.png two/1.png && cp $f two/2.${f#*.}
    ok "ck key knows the shape of $f: a job for each" bash -c "ck key -n --classical two o | grep -q 'different sizes'"
done

# --- DPX: byte 801 states the curve
for curve in 1:linear 3:linear 2:linear 6:srgb 0:srgb; do
    oiiotool base.png -d uint10 -o d.dpx
    printf "\\x0${curve%:*}" | dd of=d.dpx bs=1 seek=801 conv=notrunc 2>/dev/null
    is "DPX, transfer ${curve%:*}" "$(plane d.dpx)" "rgb:f32:3x48x64:${curve#*:}"
done
printf '\x03' | dd of=d.dpx bs=1 seek=801 conv=notrunc 2>/dev/null
is "HEAD says so" "$(head_has source-transfer d.dpx)" cineon
ck key --classical --screen green --fg-encoding source --fg mov d.dpx log 2>/dev/null
is "and FG can have it again, without a wrong label" \
    "$(ffprobe -v error -show_entries stream=color_transfer -of csv=p=0 log/fg.mov)" unknown
label() { exrheader "$1" | grep -ao 'ck:transfer.*'; }
ck key --classical --screen green --fg-encoding source d.dpx log 2>/dev/null
is "in EXR with its name" "$(label log/FG/d.exr)" 'ck:transfer (type string): "cineon"'

# --- chroma: a picture as WebP and AVIF against the same samples through zimg, centred
if ffmpeg -v error -encoders | grep -q ' libwebp ' && ffmpeg -v error -filters | grep -q zscale; then
    ff -i base.png -c:v libwebp -quality 90 -pix_fmt yuv420p w.webp
    ff -i w.webp -pix_fmt yuv420p -f rawvideo w.yuv
    ff -f rawvideo -s 64x48 -pix_fmt yuv420p -i w.yuv -c:v ffv1 -chroma_sample_location center -colorspace bt470bg \
        -color_range tv w.mkv
    is "WebP: chroma is centred, by BT.601" "$(npy rgb w.webp | sha256sum)" \
        "$(npy rgb --chroma-location center --matrix 601 --code-range limited w.mkv | sha256sum)"
else
    skip "WebP: chroma is centred" "this ffmpeg has no libwebp or zimg"
fi
if ffmpeg -v error -muxers | grep -q ' avif ' && ffmpeg -v error -encoders | grep -q libaom-av1; then
    ff -i base.png -c:v libaom-av1 -still-picture 1 -pix_fmt yuv420p a.avif
    ok "AVIF: chroma is centred where the file says nothing" bash -c "ck-decode -v a.avif 2>&1 >/dev/null | grep -q 'chroma center'"
else
    skip "AVIF: chroma is centred where the file says nothing" "this ffmpeg writes no AVIF"
fi

# --- unsupported formats are named
printf '#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\1\2\3\4' >x.hdr
if ffmpeg -v error -decoders | grep -q ' hdr '; then
    oiiotool base.png -d float -o r.hdr
    oiiotool r.hdr -d float -o r.exr
    is "Radiance is linear light" "$(plane r.hdr)" "rgb:f32:3x48x64:linear"
    is "with the values that OpenImageIO has" "$(npy rgb r.hdr | sha256sum)" "$(npy rgb r.exr | sha256sum)"
else
    fails 1 "x.hdr: a Radiance picture (HDR), which this libavcodec cannot decode: convert it to OpenEXR" "Radiance" ck-decode x.hdr
fi
printf '\0\0\0\x18ftypheic\0\0\0\0mif1heic' >x.heic
fails 1 "x.heic: an HEIC picture is not read: convert it to PNG, TIFF or AVIF" "HEIC" ck-decode x.heic
is "JPEG 2000, without loss" \
    "$(ff -i base.png -c:v jpeg2000 -pred 1 y.jp2 && npy rgb y.jp2 | sha256sum)" "$(npy rgb base.png | sha256sum)"

# --- Cineon, as read by OpenImageIO; 5 x 3 pixels of different codes
cineon() { # PACK-LETTER
    perl -e '$p = shift; $_ = pack("${p}5", 0x802a5fd7, 2048, 1024, 1024, 0) . "\0" x 1004;
        substr($_, 20, 4) = pack($p, 2048 + 60); substr($_, 24, 8) = "V4.5\0\0\0\0"; substr($_, 193, 1) = "\3";
        substr($_, 196 + 28 * $c, 12) = pack("CCCC${p}2", 0, $c + 1, 10, 0, 5, 3), $c++ while $c < 3;
        substr($_, 681, 1) = "\5"; print $_ . "\0" x 1024, map { pack $p, ($_ * 67 << 22 | $_ * 31 + 5 << 12 | 1023 - $_ * 50 << 2) } 0 .. 14' "$1"
}
codes() { # of the decoded light, by Kodak's formula
    npy rgb "$1" | perl -e 'local $/; $b = 10 ** (-590 / 300);
        printf "%d ", 685.5 + 300 * log($_ * (1 - $b) + $b) / log(10) for unpack "f<*", <STDIN>'
}
want=$(perl -e 'print map { "$_ " } (map { $_ * 67 } 0 .. 14), (map { $_ * 31 + 5 } 0 .. 14), map { 1023 - $_ * 50 } 0 .. 14')
for order in N V; do
    cineon $order >c.cin
    is "Cineon, byte order $order" "$(codes c.cin)" "$want"
done
is "is decoded" "$(plane c.cin) $(head_has source-transfer c.cin)" "rgb:f32:3x3x5:linear cineon"
if oiiotool --help | grep -q cineon; then
    cineon N >c.cin
    oiiotool c.cin -d float --compression none -o c.exr
    is "and what OpenImageIO has" "$(npy rgb c.exr | perl -e 'local $/; printf "%d ", $_ * 1023 + 0.5 for unpack "f<*", <STDIN>')" "$want"
fi
head -c 2100 c.cin >cut.cin
fails 1 "cut.cin: truncated Cineon" "cut off" ck-decode cut.cin

# --- EXR: metadata of the header are written again
ap1=0.713,0.293,0.165,0.83,0.128,0.044,0.32168,0.33767
oiiotool base.png -d half --attrib:type=float[8] chromaticities $ap1 --attrib:type=float PixelAspectRatio 2 \
    --attrib:type=rational FramesPerSecond 24000/1001 --attrib:type=timecode smpte:TimeCode 01:02:03:04 -o ap1.exr
is "primaries by name" "$(head_has primaries ap1.exr)" ap1
is "pixel aspect ratio, rate" "$(head_has sar ap1.exr) $(head_has rate ap1.exr)" "2/1 24000/1001"
is "timecode of the frame" "$(frame ap1.exr | grep -o 'timecode=[^ ]*')" timecode=01:02:03:04
ck key --classical --screen green --comp png --matte mov --processed mov ap1.exr out 2>/dev/null
chroma() { attribute "$1" chromaticities | sed 's/^chromaticities //; s/[a-z]* (\([^)]*\))/\1/g'; }
is "FG has the plate's primaries" "$(chroma out/FG/ap1.exr)" "$(chroma ap1.exr)"
facts() { exrheader "$1" | grep -aiE '^(pixelAspectRatio|framesPerSecond) |^ +(time [0-9]|drop)' | sed 's/^Frames/frames/'; }
is "its shape, rate and timecode" "$(facts out/FG/ap1.exr)" "$(facts ap1.exr)"
is "which are all there" "$(facts ap1.exr | wc -l)" 4
is "Comp is made in Rec. 709" "$(head_has primaries out/Comp/ap1.png)" bt709
ck key --classical --screen green --fg png ap1.exr out 2>/dev/null
is "FG as PNG: no sRGB chunk, its primaries as numbers" "$(grep -c sRGB out/FG/ap1.png) $(head_has primaries out/FG/ap1.png)" "0 ap1"
tags() { ffprobe -v error -show_entries stream=color_primaries,color_transfer,sample_aspect_ratio -of csv=p=0 "$1"; }
is "a matte in video is no sRGB picture" "$(tags out/matte.mov)" "2:1,unknown,unknown"
is "primaries without a code are not called Rec. 709" "$(tags out/processed.mov)" "2:1,iec61966-2-1,unknown"
oiiotool base.png -d half --attrib:type=float[8] chromaticities 0.7,0.3,0.2,0.7,0.1,0.05,0.31,0.33 -o odd.exr
is "other primaries are numbers" "$(head_has primaries odd.exr)" 0.7,0.3,0.2,0.7,0.1,0.05,0.31,0.33
ck-decode odd.exr | ck-encode --plane rgb=exr odd
is "and come back" "$(chroma odd/rgb/odd.exr)" "$(chroma odd.exr)"
oiiotool base.png -d half --eraseattrib chromaticities -o none.exr
ck-decode none.exr | ck-encode --plane rgb=exr none
is "nothing said, nothing claimed" "$(head_has primaries none.exr)$(exrheader none/rgb/none.exr | grep -c '^chromaticities')" 0
cp ap1.exr seq.1.exr
cp odd.exr seq.2.exr
ok "primaries that change in a sequence are said" bash -c "ck-decode seq.#.exr 2>&1 >/dev/null | grep -q 'seq.2.exr: primaries is 0.7,.*but ap1 in the first'"

# --- EXR: windows, integers, impossible sizes
oiiotool base.png -d half --origin -8-4 --fullsize 48x40+0+0 -o beyond.exr
ok "a data window beyond the display window is said" grep -q "reaches beyond its display window (0,0)-(47,39): cropped" <(said beyond.exr)
oiiotool --create 32x16 3 -d half --fullsize 60000x60000+0+0 -o bomb.exr
fails 1 "bomb.exr: implausible EXR: a display window of 60000 x 60000 around a data window of 32 x 16" "a bomb" \
    bash -c '[ -n "${CK_ASAN-}" ] || ulimit -v 4000000; exec ck-decode bomb.exr' # ASan reserves terabytes
oiiotool base.png -d uint32 --compression dwaa -o dwa.exr
is "integers under DWAA" "$(plane dwa.exr)" "rgb:f32:3x48x64:linear"
oiiotool base.png -d uint32 --compression zip -o uint.exr
is "and under ZIP" "$(plane uint.exr)" "rgb:f32:3x48x64:linear"
is "with the same values" "$(npy rgb dwa.exr | sha256sum)" "$(npy rgb uint.exr | sha256sum)"

# --- unknown curves keep their names
"$helpers/mkstream" -g 64x36 fg:f32:3:pq processed:f32:4:pq comp:u8:3:pq transfer=smpte2084 primaries=bt2020 |
    ck-encode --comp png pq 2>/dev/null
is "FG of PQ codes is PQ" "$(label pq/FG/*.exr)" 'ck:transfer (type string): "pq"'
is "Processed is too" "$(label pq/Processed/*.exr)" 'ck:transfer (type string): "pq"'
is "Comp is PQ in PNG" "$(head_has source-transfer pq/Comp | head -1)" pq
"$helpers/mkstream" -g 64x36 processed:f32:4:pq transfer=smpte2084 primaries=bt2020 | ck-encode --processed mov pq
is "and in video" "$(ffprobe -v error -show_entries stream=color_transfer -of csv=p=0 pq/processed.mov)" smpte2084
perl -e 'use Compress::Zlib; local $/; open F, "base.png"; $_ = <F>; $d = "gAMA" . pack("N", 55556);
    print substr($_, 0, 33), pack("N", 4), $d, pack("N", crc32($d)), substr($_, 33)' >g.png
is "a gamma is decoded" "$(plane g.png) $(head_has source-transfer g.png)" "rgb:f32:3x48x64:linear gamma1.8"
ck key --classical --screen green --fg-encoding source g.png gamma 2>/dev/null
is "and FG can have it again" "$(label gamma/FG/g.exr)" 'ck:transfer (type string): "gamma1.8"'

# --- ICC profiles: known ones pass quietly, others are a warning that names the file
with_icc() { # IN.jpg OUT.jpg GAMMA COLUMN...: three columns of XYZ and one gamma, as APP2
    perl -e 'local $/; my ($in, $gamma, @xyz) = @ARGV; my $at = 132 + 12 * 6; my ($table, $data) = (pack("N", 6), "");
        my @tags = map { ["$_->[0]XYZ", "XYZ " . pack("N4", 0, map { int(65536 * $_ + .5) & 0xffffffff } @xyz[$_->[1] .. $_->[1] + 2])] }
            ["r", 0], ["g", 3], ["b", 6];
        push @tags, map { ["${_}TRC", "curv" . pack("N2n2", 0, 1, int(256 * $gamma), 0)] } "r", "g", "b";
        for (@tags) { $table .= $_->[0] . pack("N2", $at + length $data, length $_->[1]); $data .= $_->[1] }
        my $p = pack("N", $at + length $data) . ("\0" x 8) . "mntrRGB XYZ " . ("\0" x 12) . "acsp" . ("\0" x 88) . $table . $data;
        open F, $in; my $jpeg = <F>; my $body = "ICC_PROFILE\0\1\1$p";
        print substr($jpeg, 0, 2), "\xff\xe2", pack("n", 2 + length $body), $body, substr($jpeg, 2)' "$1" "${@:3}" >"$2"
}
ff -i base.png -pix_fmt yuvj444p -q:v 2 icc.jpg
with_icc icc.jpg p3.jpg 2.2 0.51512 0.2412 -0.00105 0.29198 0.69225 0.04189 0.1571 0.06657 0.78407
with_icc icc.jpg odd.jpg 2.2 0.5 0.3 0.02 0.3 0.6 0.05 0.16 0.1 0.75
for e in jpg tif; do
    [ $e = jpg ] || oiiotool p3.jpg -o p3.$e
    [ $e = jpg ] || oiiotool odd.jpg -o odd.$e
    is "a known profile in $e" "$(head_has primaries p3.$e) $(ck-decode p3.$e 2>&1 >/dev/null)" "p3-d65 "
    is "an unknown one" "$(head_has primaries odd.$e) $(
        ck-decode odd.$e 2>&1 >/dev/null | grep -o "warning: odd.$e: unknown primaries in the ICC profile")" \
        "unknown warning: odd.$e: unknown primaries in the ICC profile"
done

# --- the hint's channel
oiiotool base.png --ch G -o matte.png
oiiotool base.png matte.png --chappend --chnames R,G,B,A -o cut.png
oiiotool cut.png -d half --compression none -o cut.exr
ff -i cut.png -c:v ffv1 -pix_fmt bgra cut.mkv
want=$(npy hint --hint matte.png base.png | sha256sum)
for h in cut.png cut.mkv; do
    is "alpha is the hint: $h" "$(npy hint --hint $h base.png | sha256sum)" "$want"
    ok "and -v says so" grep -q "$h: hint taken from its alpha" <(said --hint $h base.png)
    is "and FRAME" "$(frame --hint $h base.png | grep -o 'hint-channel=[a-z]*')" hint-channel=alpha
done
is "of EXR" "$(frame --hint cut.exr base.png | grep -o 'hint-channel=[a-z]*')" hint-channel=alpha
ff -i cut.png -c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le cut.mov
is "of ProRes" "$(frame --hint cut.mov base.png | grep -o 'hint-channel=[a-z]*')" hint-channel=alpha
for c in red:r green:g blue:b; do
    ff -i cut.png -pix_fmt gbrp -vf "extractplanes=${c#*:}" one.png
    is "--hint-channel ${c%:*}" "$(npy hint --hint cut.png --hint-channel ${c%:*} base.png | sha256sum)" \
        "$(npy hint --hint one.png base.png | sha256sum)"
done
is "--hint-channel luma" "$(npy hint --hint cut.png --hint-channel luma base.png | sha256sum)" \
    "$(ff -i cut.png -pix_fmt rgb24 flat.png && npy hint --hint flat.png base.png | sha256sum)"
fails 1 "base.png: no alpha channel" "no alpha to take" ck-decode --hint base.png --hint-channel alpha base.png

# --- NaN and infinity: the same error before either key
oiiotool half.exr --fill:color=inf,0.5,nan 2x1+40+30 -d half -o bad.exr
fails 1 "bad.exr: plane 'rgb' has 4 NaN or infinite samples, the first in red at x 40, y 30" "counted and located" \
    ck-decode bad.exr
oiiotool bad.exr --fullsize 64x48+0+0 --compression zip -o window.exr
fails 1 "window.exr: plane 'rgb' has 4 NaN or infinite samples, the first in red" "with another display window" ck-decode window.exr
# DWA drops them from colours, but keeps other channels as they are.
oiiotool bad.exr --chnames xyz.X,xyz.Y,xyz.Z --compression dwaa -o dwa.exr
fails 1 "dwa.exr: plane 'rgb' has 4 NaN or infinite samples, the first in red at x 40, y 30" "in DWA" ck-decode --layer xyz dwa.exr
fails 1 "bad.exr: plane 'rgb' has 4 NaN or infinite samples" "by ck key" ck key --classical --screen green bad.exr nan
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 m.safetensors
fails 1 "bad.exr: plane 'rgb' has 4 NaN or infinite samples" "and with a network" ck key -m m.safetensors --screen green bad.exr nan
ok "--repair" bash -c "ck key --classical --screen green --repair bad.exr nan"
is "fills them" "$(oiiotool --stats nan/Processed/bad.exr | grep -o 'NanCount.*\|InfCount.*' | tr -d ' \n0:')" NanCountInfCount
ck-decode --keep-going half.exr bad.exr >two.ck 2>/dev/null
is "an error frame with --keep-going" "$(ck-info <two.ck 2>/dev/null | grep -c '^FRAME 0 .*error=.*bad.exr')" 1
done_testing
