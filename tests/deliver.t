#!/bin/bash
# Deliverables: every still format opens elsewhere with the values that were sent, and comes back; alpha, layers, names.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1

for need in oiiotool exrheader tiffinfo ffprobe perl; do
    command -v $need >/dev/null && continue
    skip "deliverables" "$need is not installed"
    done_testing
done

npy() { # PLANE FILE [OPTION...]: its samples, without the header
    rm -rf npy
    ck-decode "${@:3}" "$2" 2>/dev/null | ck-info --npy npy >/dev/null
    tail -c +129 npy/"$1".*.npy
}
sent() { tail -c +129 "sent/$1.000001.npy"; } # a plane of frame 1
equal() { # FILE FILE: the same pixels, alpha as it is stored
    oiiotool --iconfig oiio:UnassociatedAlpha 1 "$1" --iconfig oiio:UnassociatedAlpha 1 "$2" --fail 0 --diff >/dev/null
}
has() { grep -qaF -- "$2" <<<"$1"; }
encode() { ck-encode "$@" <s.ck 2>/dev/null; }

ck-synth -g 64x48 -n 3 2>/dev/null | ck-hint --method key 2>/dev/null | ck-post --classical 2>/dev/null >s.ck
ck-info --npy sent <s.ck >/dev/null
encode files
encode --fg png8 --matte png8 --processed png8 --comp png8 png8
encode --fg png16 --matte png16 --processed png16 --comp png16 png16

# --- the rows of the table of formats, each over all planes
row() { # FORMAT SUFFIX
    encode --fg "$1" --matte "$1" --processed "$1" --comp "$1" "$1"
    is "$1: one file a frame and plane" "$(cd "$1" && echo FG/*)" "FG/00000.$2 FG/00001.$2 FG/00002.$2"
    for plane in FG Matte Processed Comp; do
        ok "$1: oiiotool opens $plane" oiiotool --info "$1/$plane/00001.$2"
    done
}
for f in exr:exr exr32:exr png:png tiff:tif tiff8:tif tiff16:tif tiff32f:tif dpx10:dpx dpx16:dpx; do
    row "${f%:*}" "${f#*:}"
done
for plane in FG Matte Processed Comp; do
    ok "tiff8 has the values of png8: $plane" equal tiff8/$plane/00001.tif png8/$plane/00001.png
    ok "tiff16 has those of png16: $plane" equal tiff16/$plane/00001.tif png16/$plane/00001.png
    [ $plane = Matte ] || ok "dpx16 too: $plane" equal dpx16/$plane/00001.dpx png16/$plane/00001.png
done
ok "tiff is 8 bits for an 8-bit plane" equal tiff/Comp/00001.tif png8/Comp/00001.png
ok "and 16 for others" equal tiff/FG/00001.tif png16/FG/00001.png
oiiotool dpx16/Matte/00001.dpx --ch R -o red.tif
ok "a matte in dpx is grey R G B" equal red.tif png16/Matte/00001.png
is "and each channel is the same" "$(oiiotool --hash dpx16/Matte/00001.dpx --ch 0,0,0 --hash -o /dev/null 2>/dev/null | sort -u | grep -c SHA)" \
    "$(oiiotool --hash dpx16/Matte/00001.dpx -o /dev/null 2>/dev/null | grep -c SHA)"

is "tiff32f gives fg back exactly" "$(npy rgb tiff32f/FG/00001.tif | sha256sum)" "$(sent fg | sha256sum)"
is "with its curve" "$(ck-decode tiff32f/FG/00001.tif 2>/dev/null | ck-info | grep -o 'rgb:[^ ]*' | sed 's/:inline//')" rgb:f32:3x48x64:srgb
is "and its primaries" "$(ck-decode tiff32f/FG/00001.tif 2>/dev/null | ck-info | grep -o 'primaries=[^ ]*')" primaries=bt709
is "and processed, in linear light" "$(npy rgb tiff32f/Processed/00001.tif | sha256sum)" \
    "$(sent processed | head -c $((64 * 48 * 12)) | sha256sum)"
is "and its alpha" "$(npy hint tiff8/FG/00001.tif --hint tiff32f/Processed/00001.tif --hint-channel alpha | sha256sum)" \
    "$(sent processed | tail -c $((64 * 48 * 4)) | sha256sum)"
is "and the matte" "$(npy hint tiff8/FG/00001.tif --hint tiff32f/Matte/00001.tif | sha256sum)" "$(sent alpha | sha256sum)"

# Half a step of rounding, and the rounding of float32 itself.
near() { # STEPS PLANE FILE
    sent "$2" >want.raw
    npy rgb "$3" >got.raw
    perl -e 'local $/; open A, shift; @a = unpack "f<*", <A>; open B, shift; @b = unpack "f<*", <B>; $steps = shift;
        for (0 .. $#b) { $v = $a[$_] < 0 ? 0 : $a[$_] > 1 ? 1 : $a[$_]; $worst = abs($v - $b[$_]) if abs($v - $b[$_]) > $worst }
        exit(!@b || @a != @b || $worst > 0.5 / $steps + 2 ** -23)' want.raw got.raw "$1"
}
ok "dpx10 comes back within half a step" near 1023 fg dpx10/FG/00001.dpx

# --- labels
tags() { tiffinfo "$1" 2>/dev/null; }
ok "TIFF: straight alpha is unassociated" has "$(tags tiff16/Processed/00001.tif)" "Extra Samples: 1<unassoc-alpha>"
ok "premultiplied alpha is associated" has "$(tags tiff32f/Processed/00001.tif)" "Extra Samples: 1<assoc-alpha>"
ok "its software" has "$(tags tiff8/FG/00001.tif)" "Software: ck-encode"
ok "its labels" has "$(tags tiff8/FG/00001.tif)" "ck:transfer=srgb"
ok "deflate with a predictor" has "$(tags tiff16/FG/00001.tif)" "Predictor: horizontal"
ok "for floats its own" has "$(tags tiff32f/FG/00001.tif)" "Predictor: floating point"
encode --compression none --fg tiff8 --matte off --processed off --comp off raw
ok "or not compressed" has "$(tags raw/FG/00001.tif)" "Compression Scheme: None"
ok "with the same values" equal raw/FG/00001.tif tiff8/FG/00001.tif
bytes() { od -An -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'; }
is "DPX: magic, version" "$(head -c 4 dpx10/FG/00001.dpx) $(head -c 12 dpx10/FG/00001.dpx | tail -c 4)" "SDPX V2.0"
is "its size" "$((0x$(bytes dpx10/FG/00001.dpx 16 4)))" "$(stat -c %s dpx10/FG/00001.dpx)"
is "RGB of 10 bits, filled by method A" "$(bytes dpx10/FG/00001.dpx 800 1) $(bytes dpx10/FG/00001.dpx 803 3)" "32 0a0001"
is "sRGB is unspecified video" "$(bytes dpx10/FG/00001.dpx 801 1)" 04
is "a matte is linear" "$(bytes dpx10/Matte/00001.dpx 801 1)" 02
is "the frame's number" "$(bytes dpx10/FG/00002.dpx 1712 4)" 00000002
is "the rate, 24 as float" "$(bytes dpx10/FG/00002.dpx 1724 4) $(bytes dpx10/FG/00002.dpx 1940 4)" "41c00000 41c00000"
is "no time code without one" "$(bytes dpx10/FG/00002.dpx 1920 4)" ffffffff
for space in linear:02 bt709:06 cineon:01 slog3:00; do
    encode --output-space ${space%:*} --fg dpx10 --matte off --processed off --comp off space
    is "transfer of ${space%:*}" "$(bytes space/FG/00001.dpx 801 1)" ${space#*:}
done
encode --output-space cineon --fg dpx10 --matte off --processed off --comp off space
is "cineon is decoded again" "$(ck-decode space/FG/00001.dpx 2>/dev/null | ck-info | grep -o 'source-transfer=[^ ]*')" source-transfer=cineon
oiiotool -i files/FG/00001.exr --attrib:type=timecode smpte:TimeCode 01:02:03:04 -d half -o timed.exr
ck-decode timed.exr 2>/dev/null | ck-encode --plane rgb=dpx10 timed 2>/dev/null
is "a time code" "$(bytes timed/rgb/timed.dpx 1920 4)" 01020304

# --- DWA, against libOpenEXR by oiiotool
encode --compression dwaa dwaa
encode --compression dwab:200 dwab
header() { exrheader "$1" 2>/dev/null | tr -d '\n'; }
ok "DWAA" has "$(header dwaa/Processed/00001.exr)" "dwa, small scanline blocks"
ok "DWAB" has "$(header dwab/Processed/00001.exr)" "dwa, medium scanline blocks"
oiiotool files/Processed/00001.exr --compression dwaa:45 -o theirs.exr
ok "DWAA has the pixels of libOpenEXR" equal dwaa/Processed/00001.exr theirs.exr
oiiotool files/Processed/00001.exr --compression dwab:200 -o theirs.exr
ok "DWAB too, at its level" equal dwab/Processed/00001.exr theirs.exr
ok "and it is lossy" bash -c "! cmp -s <(oiiotool --hash dwab/Processed/00001.exr) <(oiiotool --hash dwaa/Processed/00001.exr)"
ok "DWA comes back" bash -c "ck-decode dwaa/Processed 2>/dev/null | ck-info | grep -q '^END 3 frames'"
labels() { exrheader "$1" | grep -aE '^(ck:|chromaticities|framesPerSecond)' | sort; }
is "with the labels of other compressions" "$(labels dwaa/FG/00001.exr | sed 's/ --compression dwaa//')" "$(labels files/FG/00001.exr)"
fails 1 "make room" "a full disk" bash -c "mkdir -p full/FG && ln -sf /dev/full full/FG/00000.exr &&
    ck-encode --compression dwaa --matte off --processed off --comp off full <s.ck"

# --- layers and parts
encode --fg-encoding linear linear
for c in none zip piz dwab; do
    encode --exr-layout layers --compression $c layers-$c
    encode --exr-layout parts --compression $c parts-$c
done
is "one file for three planes" "$(cd layers-piz && echo *; ls EXR | wc -l)" "Comp EXR
3"
channels() { oiiotool --info -v -a "$1" 2>/dev/null | sed -n 's/^ *channel list: //p' | tr '\n' ';'; }
is "layers as compositors name them" "$(channels layers-piz/EXR/00001.exr)" "R, G, B, A, FG.R, FG.G, FG.B, Matte.A;"
is "parts" "$(channels parts-piz/EXR/00001.exr)" "R, G, B, A;FG.R, FG.G, FG.B;Matte.A;"
is "named" "$(exrheader parts-piz/EXR/00001.exr | sed -n 's/^name (.*): //p' | tr '\n' ' ')" '"rgba" "FG" "Matte" '
for c in none zip piz; do
    L=layers-$c/EXR/00001.exr P=parts-$c/EXR/00001.exr
    ok "$c: the main layer is Processed" bash -c "$(declare -f equal); oiiotool $L --ch R,G,B,A -o l.exr && equal l.exr files/Processed/00001.exr"
    ok "a layer is FG, linear" bash -c "$(declare -f equal); oiiotool $L --ch R=FG.R,G=FG.G,B=FG.B -o l.exr && equal l.exr linear/FG/00001.exr"
    ok "a layer is the matte" bash -c "$(declare -f equal); oiiotool $L --ch Y=Matte.A --compression zip -o l.exr && equal l.exr files/Matte/00001.exr"
    ok "the first part is Processed" bash -c "$(declare -f equal); oiiotool $P --subimage 0 -o l.exr && equal l.exr files/Processed/00001.exr"
    ok "a part is FG" bash -c "$(declare -f equal); oiiotool $P --subimage 1 --ch R=FG.R,G=FG.G,B=FG.B -o l.exr && equal l.exr linear/FG/00001.exr"
    ok "a part is the matte" bash -c "$(declare -f equal); oiiotool $P --subimage 2 --ch Y=Matte.A --compression zip -o l.exr && equal l.exr files/Matte/00001.exr"
    is "and comes back" "$(npy rgb $L | sha256sum) $(npy rgb $P | sha256sum)" \
        "$(npy rgb files/Processed/00001.exr | sha256sum) $(npy rgb files/Processed/00001.exr | sha256sum)"
done
ok "DWA keeps a layer A, which is lossless" bash -c "$(declare -f equal); oiiotool layers-dwab/EXR/00001.exr --ch Y=Matte.A --compression zip -o l.exr && equal l.exr files/Matte/00001.exr"
ok "in parts too" bash -c "$(declare -f equal); oiiotool parts-dwab/EXR/00001.exr --subimage 2 --ch Y=Matte.A --compression zip -o l.exr && equal l.exr files/Matte/00001.exr"
is "one curve for the file" "$(exrheader layers-piz/EXR/00001.exr | sed -n 's/^ck:transfer (.*): //p')" '"linear"'
encode --exr-layout layers --processed exr32 --fg exr --matte exr32 mixed
is "half and float channels" "$(exrheader mixed/EXR/00001.exr | grep -a 'bit floating' | sed 's/, sampling.*//' | sort | tr -d '\n')" \
    "    A, 32-bit floating-point    B, 32-bit floating-point    FG.B, 16-bit floating-point    FG.G, 16-bit floating-point    FG.R, 16-bit floating-point    G, 32-bit floating-point    Matte.A, 32-bit floating-point    R, 32-bit floating-point"
encode --exr-layout layers --compression dwaa --processed exr32 mixed-dwa
ok "in DWA too" has "$(exrheader mixed-dwa/EXR/00001.exr)" "R, 32-bit floating-point"
fails 2 "planes 'processed' and 'comp' cannot share an EXR: their curves are linear and srgb" "display values among linear layers" \
    bash -c "ck-encode --exr-layout layers --comp exr x <s.ck"
fails 2 "cannot share an EXR: their curves" "sRGB by request" bash -c "ck-encode --exr-layout layers --fg-encoding srgb x <s.ck"
ok "nothing is left" test ! -e x

# --- alpha
encode --alpha straight --processed exr32 --fg off --matte off --comp off straight
is "EXR says so" "$(exrheader straight/Processed/00001.exr | sed -n 's/^ck:alpha (.*): //p')" '"straight"'
sent processed >p.raw
npy rgb straight/Processed/00001.exr >s.raw
ok "straight is colour / alpha, rounded once" perl -e 'local $/; open A, "p.raw"; @p = unpack "f<*", <A>; open B, "s.raw"; @s = unpack "f<*", <B>;
    $n = 64 * 48; for (0 .. 3 * $n - 1) { $a = $p[3 * $n + $_ % $n]; $w = $a > 0 ? unpack "f", pack "f", $p[$_] / $a : 0; $bad++ if $w != $s[$_] }
    exit($bad || @s != 3 * $n)'
encode --alpha premultiplied --processed tiff16 --fg off --matte off --comp off multiplied
ok "TIFF: premultiplied codes are associated" has "$(tags multiplied/Processed/00001.tif)" "Extra Samples: 1<assoc-alpha>"
npy rgb multiplied/Processed/00001.tif >m.raw
npy rgb tiff16/Processed/00001.tif >t.raw
# Rounding of either file: half a code each.
ok "they are the straight codes times alpha" perl -e 'local $/; open A, "m.raw"; @m = unpack "S<*", <A>; open B, "t.raw"; @t = unpack "S<*", <B>;
    open C, "p.raw"; @p = unpack "f<*", <C>; $n = 64 * 48;
    for (0 .. 3 * $n - 1) { $a = $p[3 * $n + $_ % $n]; $a = $a < 0 ? 0 : $a > 1 ? 1 : $a; $bad++ if $t[$_] < 65535 && abs($m[$_] - $t[$_] * $a) > 1.01 }
    exit($bad || @m != 3 * $n || @t != @m)'
encode --alpha premultiplied --fg exr --matte off --comp off kept
ok "EXR stays as it was" equal kept/Processed/00001.exr files/Processed/00001.exr
fails 2 "png of plane 'processed' stores straight alpha: write exr or tiff" "not in PNG" bash -c "ck-encode --alpha premultiplied --processed png x <s.ck"
fails 2 "mov of plane 'processed' stores straight alpha" "not in video" bash -c "ck-encode --alpha premultiplied --processed mov x <s.ck"
ok "nothing is left" test ! -e x

# --- names
names() { (cd "$1" && find . -type f ! -name '.ck*' ! -name 'ck-job*' | sed 's,^./,,' | sort | tr '\n' ' '); }
mkdir plate && for i in 1001 1002; do cp "files/FG/0000$((i - 1000)).exr" "plate/sh010.$i.exr"; done
keyed() { ck key --classical --screen green "$@" 2>/dev/null; }
keyed --fg off --name '{shot}_{plane}.{frame:06}.exr' 'plate/sh010.####.exr' named
is "a suffix is that of each format" "$(names named)" \
    "sh010_Comp.001001.png sh010_Comp.001002.png sh010_Matte.001001.exr sh010_Matte.001002.exr sh010_Processed.001001.exr sh010_Processed.001002.exr "
ok "verify" ck verify named
keyed --fg off --matte off --comp tiff8 --name '{frame}/{plane}/{shot}' plate named2
is "folders by frame; a folder's name" "$(names named2)" \
    "1001/Comp/plate.tif 1001/Processed/plate.exr 1002/Comp/plate.tif 1002/Processed/plate.exr "
ok "verify" ck verify named2
keyed --fg off --matte off --comp off --name '{shot}-{stem}' plate/sh010.1001.exr named3
is "a still" "$(names named3)" "sh010-sh010.1001.exr "
keyed --fg off --matte off --comp off --name '{shot}' plate/sh010.1001.exr named4
is "alone it needs no number" "$(names named4)" "sh010.exr "
fails 2 "2 frames would have one name: add {frame} or {stem}" "a name for all frames" ck key --classical --name '{shot}_{plane}' plate x
fails 2 "planes 'fg' and 'alpha' would have one name: add {plane}" "a name for all planes" ck key --classical --name '{stem}' plate x
ok "nothing is left" bash -c '! ls x/*.exr 2>/dev/null'
keyed --exr-layout layers --comp off --name '{stem}' plate named5
is "one file needs no plane" "$(names named5)" "sh010.1001.exr sh010.1002.exr "
for bad in '../{stem}' '/tmp/{stem}' 'a/../{stem}' 'a//{stem}' '{stem}/' '.{stem}' '.exr'; do
    fails 2 "--name '" "--name $bad" ck-encode --name "$bad" x <s.ck
done
for bad in '{file}' '{stem' 'stem}' '{frame:4}' '{frame:0}' '{frame:099}' '{plane:02}'; do
    fails 2 "is not {plane}, {stem}, {frame}, {frame:0N} or {shot}" "--name $bad" ck-encode --name "$bad" x <s.ck
done
mkdir sizes && cp files/FG/00001.exr sizes/a1.exr && oiiotool files/FG/00001.exr --resize 32x24 -o sizes/a2.exr
fails 2 "two stills would have one name: add {stem}" "stills one by one" ck key --classical --name '{shot}_{plane}' sizes x
refuse() { ck key --classical --screen green --existing refuse --fg off --name '{plane}_{frame}' plate refused; }
ok "--existing refuse" refuse
fails 1 "refused: 2 of its files exist, such as refused/Matte_1001.exr" "finds them before the start" refuse
ck key --classical --screen green --existing refuse --fg off --comp off --frames 1002 --name '{frame}/{plane}' plate apart 2>/dev/null
fails 1 "apart: 1 of its files exist, such as apart/1002/Matte.exr" "in folders of their own too" \
    ck key --classical --screen green --existing refuse --fg off --comp off --name '{frame}/{plane}' plate apart
ok "before the first is written" test ! -e apart/1001
encode --exr-layout layers --processed off --matte off --comp off fg-only
is "layers without Processed" "$(channels fg-only/EXR/00001.exr) $(npy rgb fg-only/EXR/00001.exr | sha256sum)" \
    "FG.R, FG.G, FG.B; $(npy rgb linear/FG/00001.exr | sha256sum)"
encode --fg off --name '{plane}_{frame}' again
ok "--existing skip" bash -c "ck-encode --existing skip --fg off --name '{plane}_{frame}' again <s.ck 2>&1 | grep -q 'skipped 9 files'"

# --- jobs of shared files
job() { ck key --classical --screen green --exr-layout "$1" --comp dpx10 --resume plate "job-$1"; }
for layout in layers parts; do
    job $layout 2>/dev/null
    is "$layout: a row has two files" "$(grep -c '"name": "EXR/sh010.100[12].exr".*"name": "Comp/sh010.100[12].dpx"' job-$layout/ck-job.json)" 2
    ok "verify" ck verify job-$layout
    touch -r job-$layout/EXR/sh010.1002.exr stamp
    job $layout 2>err
    ok "nothing is left to do" grep -q 'all 2 frames are finished\|nothing is left\|finished' err
    rm job-$layout/EXR/sh010.1002.exr
    is "verify names the frame" "$(ck verify job-$layout 2>/dev/null)" 1002
    job $layout 2>/dev/null
    ok "--resume makes it again" test -s job-$layout/EXR/sh010.1002.exr
    ok "verify" ck verify job-$layout
done
# A defect in the last part, of equal size and time.
f=job-parts/EXR/sh010.1001.exr
touch -r $f stamp
size=$(stat -c %s $f)
perl -e 'open F, "+<", shift; seek F, -40, 2; print F "\xff" x 40' $f
touch -r stamp $f
is "the file's size is the same" "$(stat -c %s $f)" "$size"
is "verify decodes all parts" "$(ck verify job-parts 2>err)" 1001
ok "and says why" grep -q 'sh010.1001.exr: damaged EXR' err

done_testing
