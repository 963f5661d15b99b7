#!/bin/bash
# Colour spaces from file to file: values and labels.
. "$(dirname "$0")/tap.sh"
unset OCIO OCIO_LOGGING_LEVEL OCIO_OPTIMIZATION_FLAGS OCIO_ACTIVE_DISPLAYS OCIO_ACTIVE_VIEWS
cd "$tmp" || exit 1

for need in oiiotool ffmpeg ffprobe exrheader perl; do
    command -v $need >/dev/null && continue
    skip "colour" "$need is not installed"
    done_testing
    exit
done

ff() { ffmpeg -v error -y "$@"; }
frame() { ck-decode "$@" 2>/dev/null | ck-info | sed -n 's/^FRAME [0-9]* //p'; }
head_has() { ck-decode "${@:2}" 2>/dev/null | ck-info | sed -n 's/^HEAD //p' | tr ' ' '\n' | sed -n "s/^$1=//p"; }
label() { exrheader "$1" | grep -a "^ck:$2 " | sed 's/.*: "\(.*\)"/\1/'; }
chroma() { exrheader "$1" | grep -a -A4 '^chromaticities' | tr -d '\n' | sed 's/.*chromaticities)*): *//; s/  */ /g'; }
tags() { ffprobe -v error -show_entries stream=color_transfer,color_primaries,color_space -of csv=p=0 "$1"; }
floats() { # FILE, and options of ck-decode: the samples of rgb as f32
    rm -rf npy
    ck-decode "$@" 2>/dev/null | ck-info --npy npy >/dev/null
    perl -e 'local $/; $_ = <STDIN>; my ($d) = /descr.: .<?([a-z0-9]*)/; $_ = substr $_, 128;
        sub half { my $h = shift; my ($e, $m) = ($h >> 10 & 31, $h & 1023);
            return ($h >> 15 ? -1 : 1) * ($e ? 1024 + $m : 2 * $m) * 2 ** ($e - 25) }
        print $d eq "f4" ? $_ : pack "f<*", map { $d eq "f2" ? half($_) : $_ / 65535 } unpack "S<*", $_' <npy/rgb.000000.npy
}
worst() { # A B: the largest difference
    perl -e 'local $/; open A, shift; @a = unpack "f<*", <A>; open B, shift; @b = unpack "f<*", <B>; $m = @a != @b;
        for (0 .. $#a) { $d = abs($a[$_] - $b[$_]); $m = $d if $d > $m } printf "%.9f", $m' "$1" "$2"
}
within() { # NAME A B MOST
    local d
    d=$(worst "$2" "$3")
    ok "$1 ($d)" perl -e 'exit !($ARGV[0] <= $ARGV[1])' "$d" "$4"
}

# --- a chart of all codes of 10 bits, in every space and back
perl -e 'for $y (0 .. 15) { for (0 .. 63) { $c = $y * 64 + $_; print pack "S<3", map { int $_ / 1023 * 65535 + 0.5 }
    $c, 1023 - $c, ($c + 300) % 1024 } }' >chart.raw
ff -f rawvideo -pix_fmt rgb48le -s 64x16 -i chart.raw chart.png
ck-decode chart.png | ck-encode --plane rgb=exr32 chart 2>/dev/null
floats --srgb chart.png >chart.f32
code=$(perl -e 'print 1 / 1023')
for space in srgb/bt709 bt709/bt709 bt1886/bt709 gamma1.8/bt709 gamma2.6/p3-d65 linear/ap0 pq/bt2020 hlg/bt2020 logc3/arri-wg3 \
    logc3-ei400/arri-wg3 logc4/arri-wg4 slog3/s-gamut3 S-Log3/S-Gamut3.Cine vlog/v-gamut clog2/cinema-gamut \
    clog3/cinema-gamut log3g10/redwidegamut flog2/bt2020 acescct/ap1 acescc/ap1 cineon/bt709 intermediate/davinci-wg; do
    rm -rf a b
    ck-decode --transfer "${space%/*}" --primaries "${space#*/}" chart.png |
        ck-encode --plane rgb=png16 --output-space source a 2>/dev/null
    floats --srgb a/rgb/chart.png >a.f32
    within "$space: back within a code of 10 bits" a.f32 chart.f32 "$code"
    ck-decode --transfer "${space%/*}" --primaries "${space#*/}" chart/rgb |
        ck-encode --plane rgb=exr --output-space "$space" b 2>/dev/null
    floats --linear b/rgb/chart.exr >b.f32
    within "$space: within 2e-3 in half" b.f32 chart.f32 0.002
done
is "EXR has the names of curve and primaries" "$(label b/rgb/chart.exr transfer) $(label b/rgb/chart.exr primaries)" \
    "intermediate davinci-wg"
is "and the chromaticities" "$(chroma b/rgb/chart.exr)" "red (0.8 0.313) green (0.1682 0.9877) blue (0.079 -0.1155) white (0.3127 0.329)"
is "which are read again" "$(head_has source-transfer b/rgb/chart.exr) $(head_has primaries b/rgb/chart.exr)" \
    "intermediate davinci-wg"
floats b/rgb/chart.exr >c.f32
floats --transfer intermediate chart/rgb >d.f32
# a half of a code is 2.4e-4 of it, and the curve is 100 times as steep at 1
within "with the same light" c.f32 d.f32 3

# --- to other primaries and back
ck-decode --input-space slog3/s-gamut3 --working ap1 chart/rgb |
    ck-encode --plane rgb=exr32 --output-space source w 2>/dev/null
floats --linear w/rgb/chart.exr >w.f32
within "by way of other primaries" w.f32 chart.f32 0.00002
is "labels are the source's again" "$(label w/rgb/chart.exr transfer) $(label w/rgb/chart.exr primaries)" "slog3 s-gamut3"
is "HEAD has both" "$(head_has primaries --input-space slog3/s-gamut3 --working ap1 chart.png) $(
    head_has source-primaries --input-space slog3/s-gamut3 --working ap1 chart.png)" "ap1 s-gamut3"
is "primaries by number" "$(head_has primaries --primaries 0.7,0.3,0.2,0.7,0.1,0.05,0.3127,0.329 chart.png)" \
    0.7,0.3,0.2,0.7,0.1,0.05,0.3127,0.329
is "sRGB codes stay, whatever their primaries" "$(frame --primaries p3-d65 chart.png | grep -o 'rgb:[^ ]*')" \
    rgb:u16:3x16x64:srgb:inline

ok "primaries that a camera's file does not state are spoken of" bash -c "ck-decode --transfer slog3 chart.png 2>&1 >/dev/null |
    grep -q 'not stated and taken for Rec. 709: with slog3, cameras have s-gamut3.cine'"

# --- labels of PNG and video
ck-decode --input-space pq/bt2020 chart.png | ck-encode --plane rgb=png16 --output-space source p 2>/dev/null
is "PQ in PNG" "$(perl -e 'local $/; $_ = <STDIN>; /cICP(....)/s; print join ",", unpack "C4", $1' <p/rgb/chart.png)" 9,16,0,1
is "is read again" "$(head_has source-transfer p/rgb/chart.png) $(head_has primaries p/rgb/chart.png)" "pq bt2020"
for space in pq:smpte2084 hlg:arib-std-b67; do
    ck-decode --input-space "${space%:*}/bt2020" chart.png | ck-encode --plane rgb=mov --output-space source v 2>/dev/null
    is "${space%:*} in mov" "$(tags v/rgb.mov)" "bt2020nc,${space#*:},bt2020"
done
ck-decode --input-space slog3/s-gamut3 chart.png | ck-encode --plane rgb=mov --output-space source v 2>/dev/null
is "a log in mov has no tag" "$(tags v/rgb.mov)" "bt709,unknown,unknown"
for f in mov mkv png16 tiff16; do
    rm -rf v
    ck-decode --input-space slog3/s-gamut3 chart.png | ck-encode --plane "rgb=$f" --output-space source v 2>/dev/null
    got=$(find v -name '*.m??' -o -name '*.png' -o -name '*.tif')
    is "a log in $f is read by its label" "$(head_has source-transfer $got) $(head_has primaries $got)" "slog3 s-gamut3"
    floats $got >l.f32
    floats --input-space slog3/s-gamut3 $got >m.f32
    ok "with the same light" bash -c 'test -s l.f32 && cmp l.f32 m.f32'
done
ck-decode --input-space slog3/s-gamut3 chart.png | ck-encode --plane rgb=mkv --output-space source v 2>/dev/null
ff -i v/rgb.mkv -c copy -metadata ck:transfer=foo unknown.mkv
ff -i v/rgb.mkv -c:v ffv1 -color_trc bt709 both.mkv
says() { ck-decode "$@" 2>&1 >/dev/null | grep -c 'warning: .*ck:transfer is'; }
is "an unknown label is a warning, a known one or an option is not" \
    "$(says unknown.mkv) $(says v/rgb.mkv) $(says --transfer slog3 unknown.mkv)" "1 0 0"
is "so is a label that contradicts the codec" "$(says both.mkv) $(says --srgb both.mkv)" "1 0"
is "and the codec counts" "$(frame both.mkv | grep -o 'rgb:[^ ]*' | head -1)" rgb:u16:3x16x64:srgb:inline
ck-decode --input-space slog3/s-gamut3 chart.png | ck-encode --plane rgb=mov --output-space rec709 v 2>/dev/null
is "converted to Rec. 709 it has" "$(tags v/rgb.mov)" "bt709,bt709,bt709"

# --- FG, Processed, Comp of a clip in several spaces, against the same shot as linear EXR
ck-synth -g 320x180 -n 2 --seed 4 | ck-encode --plane rgb=png shot --plane true_alpha=exr32 2>/dev/null
mad() { ck-compare --json shot/true_alpha "$1" 2>/dev/null | tail -1 | grep -o '"MAD":[0-9.e-]*' | cut -d: -f2; }
for space in pq/bt2020 hlg/bt2020 logc4/arri-wg4 slog3/s-gamut3.cine; do
    curve=${space%/*} primaries=${space#*/}
    rm -rf codes light clip still
    ck-decode shot/rgb | ck-encode --plane rgb=png16 --output-space "$space" codes 2>/dev/null
    ck-decode --working "$primaries" shot/rgb | ck-encode --plane rgb=exr32 light 2>/dev/null
    case $curve in
        pq) set -- color_trc=smpte2084:color_primaries=bt2020:range=pc ;;
        hlg) set -- color_trc=arib-std-b67:color_primaries=bt2020:range=pc ;;
        *) set -- range=pc --transfer "$curve" --primaries "$primaries" ;;
    esac
    ff -framerate 24 -i codes/rgb/%05d.png -vf "format=gbrp12le,setparams=$1" -c:v ffv1 clip.mkv
    shift
    ck key --classical "$@" clip.mkv clip 2>/dev/null
    ck key --classical light/rgb still 2>/dev/null
    ok "$curve: the matte is that of the linear shot" perl -e '($a, $b) = @ARGV; exit !($b > 0 && abs($a / $b - 1) <= 0.05)' \
        "$(mad clip/Matte)" "$(mad still/Matte)"
    floats clip/Processed/00000.exr >a.f32
    floats still/Processed/00000.exr >b.f32
    floats clip/Matte/00000.exr >m.f32
    floats still/Matte/00000.exr >n.f32
    ok "$curve: Processed is that of the linear shot where it is solid" perl -e 'local $/;
        sub f { open F, shift; unpack "f<*", <F> } @a = f("a.f32"); @b = f("b.f32"); @m = f("m.f32"); @n = f("n.f32");
        for $c (0 .. 2) { for (0 .. 320 * 180 - 1) { next if $m[$_] < 1 || $n[$_] < 1; $all++;
            $off++ if abs($a[$c * 320 * 180 + $_] - $b[$c * 320 * 180 + $_]) > 0.003 } }
        exit !($all > 1000 && $off <= $all / 1000)' # where a neighbour is not solid in one of the two
    is "$curve: it is linear, in its primaries" "$(label clip/Processed/00000.exr transfer) $(
        label clip/Processed/00000.exr primaries) $(label clip/FG/00000.exr transfer) $(label clip/FG/00000.exr primaries)" \
        "linear $primaries srgb $primaries"
    is "$curve: Comp is sRGB" "$(head_has transfer clip/Comp/00000.png) $(head_has primaries clip/Comp/00000.png)" \
        "iec61966-2-1 bt709"
done

# --- highlights and colours outside Rec. 709 go through the key
perl -e 'for $c (0 .. 2) { for $y (0 .. 89) { for $x (0 .. 159) { $in = ($x - 80) ** 2 + ($y - 45) ** 2 < 900;
    print pack "f<", ($in ? $y < 45 ? (6, 4, 4) : (0.6, -0.02, 0.2) : (0.05, 0.5, 0.1))[$c] } } }' >hdr.raw
perl -e '@p = ("#", 160, 90); print pack("A4", "PF\n"), "160 90\n-1.0\n"; local $/; @v = unpack "f<*", <STDIN>;
    for $y (reverse 0 .. 89) { for $x (0 .. 159) { print pack "f<3", map { $v[$_ * 14400 + $y * 160 + $x] } 0 .. 2 } }' \
    <hdr.raw >hdr.pfm
for how in "" "--primaries ap1" "--primaries bt2020 --working ap1"; do
    rm -rf hdr plate
    # shellcheck disable=SC2086
    ck key --classical --screen green $how hdr.pfm hdr 2>/dev/null
    # shellcheck disable=SC2086
    ck-decode $how hdr.pfm 2>/dev/null | ck-encode --plane rgb=exr plate 2>/dev/null
    floats plate/rgb/hdr.exr >a.f32
    floats hdr/Processed/hdr.exr >b.f32
    ok "${how:-Rec. 709}: what is above 1 and below 0 stays" perl -e 'local $/; sub f { open F, shift; unpack "f<*", <F> }
        @a = f("a.f32"); @b = f("b.f32"); for $y (30, 60) { for (0 .. 2) { $i = $_ * 14400 + $y * 160 + 80;
        # fg is half, sRGB-encoded: 2.4 times its rounding, 2^-11, and as much for each file
        $off ||= abs($a[$i] - $b[$i]) > 2.5e-3 * (1 + abs $a[$i]); $most = $a[$i] if $a[$i] > $most } } exit($off || $most < 3)'
done

# --- planes of other files
ck-decode --working ap1 --background chart.png chart.png 2>/dev/null | ck-info --npy both >/dev/null
ok "a background goes to the stream's primaries" cmp both/rgb.000000.npy both/background.000000.npy
ck-decode --background chart.png chart.png 2>/dev/null | ck-info | grep -o 'background:[^ ]*' >said
is "an sRGB background beside an sRGB plate stays" "$(cat said)" background:u16:3x16x64:srgb:inline

# --- usage
fails 2 "--transfer: 'slog' is not a transfer curve: use one of srgb, bt709" "no curve" ck-decode --transfer slog chart.png
fails 2 "--primaries: 'wide' are not primaries: use bt709" "no primaries" ck-decode --primaries wide chart.png
fails 2 "contradict each other" "two curves" ck-decode --transfer pq --linear chart.png
fails 2 "--output-space: 'nolog' is not a colour space" "no space" ck-encode --output-space nolog x
fails 2 "its primaries are not stated, so it cannot be converted to ap1: name them with --primaries" "unknown primaries" \
    ck-decode --transfer slog3 --working ap1 chart.png
fails 2 "--view: views are those of an OpenColorIO config: give --ocio-config FILE or set \$OCIO" "a view without a config" \
    bash -c 'ck-synth -n 1 -g 64x36 | ck-hint --method key | ck-post --classical --view X'
done_testing
