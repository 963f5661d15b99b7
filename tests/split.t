#!/bin/bash
# ck-infer --split: the network on tiles, compared with a twin that runs ck-infer on each tile as a region.
. "$(dirname "$0")/tap.sh"
make_stream() { "$helpers/mkstream" "$@"; }
data() { rm -rf "$1" && ck-info --npy "$1"; }
counts() { grep -o 'frame.*tiles computed' "$1" | sed 's/frame \([0-9]*\): //; s/ tiles computed//' | tr '\n' ' '; }

small=$tmp/small.safetensors
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$small"
infer() { ck-infer -d cpu -m "$small" -s 224x128 "$@"; }
refine() { ck-refine -d cpu -m "$small" "$@"; }

# Plates of inference size, so that a tile is a region.  Three tiles of 96 across, at 0, 64 and 128; two down, at 0 and 32.
make_stream -n 2 -g 224x128 rgb:u8:3:srgb hint:u8:1 >"$tmp/full.ck"
make_stream -n 1 -g 224x128 rgb:u8:3:srgb | ck-encode --plane rgb=png "$tmp/noise" 2>"$tmp/err"
oiiotool "$tmp/noise/rgb/"*.png --fill:color=0,0,0 16x16+180+40 --fill:color=1,1,1 16x16+200+40 -d uint8 -o "$tmp/plate.png"
oiiotool --create 224x128 1 --fill:color=1 60x60+10+20 -d uint8 -o "$tmp/left.png"
oiiotool --create 224x128 1 -d uint8 -o "$tmp/none.png"
hinted() { ck-decode --hint "$1" "$tmp/plate.png"; }
hinted "$tmp/left.png" >"$tmp/left.ck"
hinted "$tmp/none.png" >"$tmp/none.ck"

# The twin: logits of the tiles as regions, blended in double by the formulas of ck-infer(1).
cat >"$tmp/twin.pl" <<'PERL'
use strict;
my ($out, $hints, $plates, @tiles) = @ARGV;
my ($H, $W, $S, $M) = (128, 224, 96, 32);
my ($h, $w, $s, $m) = map { $_ / 4 } $H, $W, $S, $M;
sub npy { my ($file, $as) = @_; open my $f, "<:raw", $file or die "$file: $!\n"; local $/; unpack $as, substr <$f>, 128 }
sub least { my ($a, $b) = @_; $a < $b ? $a : $b }
sub ramp { my ($at, $x) = @_; least($m, least($x - $at + 0.5, $at + $s - $x - 0.5)) }
sub weights { my @at = @_; my (@w, @sum);
    for my $i (0 .. $#at) { $sum[$_] += $w[$i][$_] = ramp($at[$i], $_) for $at[$i] .. $at[$i] + $s - 1 }
    for my $i (0 .. $#at) { $w[$i][$_] /= $sum[$_] for $at[$i] .. $at[$i] + $s - 1 }
    @w }
my @at = ([0, 8], [0, 16, 32]);
my @down = weights(@{$at[0]});
my @across = weights(@{$at[1]});
my @hint = npy($hints, "C*");
my (@sum, @have, @gone);
for my $i (0 .. 1) { for my $j (0 .. 2) {
    my ($y0, $x0, $empty) = (4 * $at[0][$i], 4 * $at[1][$j], 1);
    for my $y ($y0 - 32 .. $y0 + $S + 31) { for my $x ($x0 - 32 .. $x0 + $S + 31) {
        $empty = 0 if $y >= 0 && $y < $H && $x >= 0 && $x < $W && $hint[$y * $W + $x] / 255 > 0.1 } }
    my @l = $empty ? () : (npy("$tiles[0]-$x0-$y0/alpha_logits.$tiles[1].npy", "f<*"), npy("$tiles[0]-$x0-$y0/fg_logits.$tiles[1].npy", "f<*"));
    for my $y (0 .. $s - 1) { for my $x (0 .. $s - 1) {
        my ($Y, $X) = ($at[0][$i] + $y, $at[1][$j] + $x);
        my ($k, $v) = ($Y * $w + $X, $down[$i][$Y] * $across[$j][$X]);
        if ($empty) { $gone[$k] += $v; next }
        $have[$k] += $v;
        $sum[$_][$k] += $v * $l[($_ * $s + $y) * $s + $x] for 0 .. 3 } } } }
my @plate = npy($plates, "C*");
my @result;
for my $k (0 .. $h * $w - 1) {
    my ($c, $g) = ($have[$k] || 0, $gone[$k] || 0);
    if ($c && !$g) { $result[$_][$k] = $sum[$_][$k] for 0 .. 3; next }
    if ($c) {
        my $l = $sum[0][$k] / $c;
        my $f = log($c / ($g + ($c + $g) * exp(-$l)));
        $result[0][$k] = $f > -1e4 ? $f : -1e4;
        $result[$_][$k] = $sum[$_][$k] / $c for 1 .. 3;
        next }
    $result[0][$k] = -1e4;
    for my $p (0 .. 2) {
        my $mean = 0;
        for my $y (0 .. 3) { $mean += $plate[($p * $H + 4 * int($k / $w) + $y) * $W + 4 * ($k % $w) + $_] / 16 / 255 for 0 .. 3 }
        $mean = $mean < 1 / 256 ? 1 / 256 : $mean > 255 / 256 ? 255 / 256 : $mean;
        $result[$p + 1][$k] = log($mean / (1 - $mean)) } }
open my $f, ">:raw", $out or die;
print $f pack "f<*", map { @$_ } @result;
PERL
tiles() { # STREAM: logits of each tile as a region, in $tmp/tile-X-Y
    local x y
    for x in 0 64 128; do
        for y in 0 32; do
            ck-infer -d cpu -m "$small" -s 96 --crop $x,$y,96,96 <"$1" | data "$tmp/tile-$x-$y" >"$tmp/listing"
        done
    done
}
# A logit is a sum of at most four products of float32, of weights that were rounded twice: 16 roundings of 2^-24 of the
# largest, which is below 32.
as_twin() { # NAME FRAME FOLDER
    perl "$tmp/twin.pl" "$tmp/twin" "$3/hint.$2.npy" "$3/rgb.$2.npy" "$tmp/tile" "$2"
    for i in alpha_logits fg_logits; do tail -c +129 "$3/$i.$2.npy"; done >"$tmp/ours"
    local difference
    difference=$("$helpers/rawdiff" "$tmp/twin" "$tmp/ours")
    LC_ALL=C awk "BEGIN { exit !($difference <= 32 * 16 / 2 ^ 24) }"
    report $? "$1: the twin's logits, to $difference"
}


# One tile: the network as it is.
infer <"$tmp/none.ck" | data "$tmp/whole" >"$tmp/listing"
for options in "--split 224" "--split 16384" "--split 256 --overlap 192" "--split 96 --split off"; do
    # shellcheck disable=SC2086 # several words
    infer $options -v <"$tmp/none.ck" 2>"$tmp/words" | data "$tmp/one" >"$tmp/listing"
    ok "$options: the bytes of the whole, without a hint too" diff -r "$tmp/whole" "$tmp/one"
done
is "no tiles are reported then" "$(grep -c tiles "$tmp/words")" 0

# Several.
infer --split 96 -v <"$tmp/full.ck" 2>"$tmp/words" | data "$tmp/split" >"$tmp/listing"
is "-v counts tiles" "$(counts "$tmp/words")" "6 of 6 6 of 6 "
is "and reports their sizes" "$(grep -c '224 x 128 in 3 x 2 tiles of 96 x 96$' "$tmp/words")$(grep -c ' at 96 x 96 on cpu: ' "$tmp/words")" 11
tiles "$tmp/full.ck"
for frame in 001001 001002; do as_twin "frame $frame" $frame "$tmp/split"; done
infer --split 96 --overlap 32 <"$tmp/full.ck" | data "$tmp/same" >"$tmp/listing"
ok "--overlap 32 is the default for 96" diff -r "$tmp/split" "$tmp/same"
infer <"$tmp/full.ck" | data "$tmp/whole" >"$tmp/listing"
cmp -s "$tmp/whole/alpha_logits.001001.npy" "$tmp/split/alpha_logits.001001.npy"
is "an approximation" $? 1

# Tiles without hint.
infer --split 96 -v <"$tmp/left.ck" 2>"$tmp/words" | data "$tmp/split" >"$tmp/listing"
is "the right third is skipped" "$(counts "$tmp/words")" "4 of 6 "
tiles "$tmp/left.ck"
as_twin "where tiles are skipped" 000000 "$tmp/split"
nothing() { perl -e 'local $/; print scalar grep { $_ == -1e4 } unpack "f<*", substr <STDIN>, 128' <"$1"; }
is "nothing remains where no tile was computed" "$(nothing "$tmp/split/alpha_logits.000000.npy")" $((16 * 32))
infer --split 96 <"$tmp/left.ck" | refine --native --refiner-scale 16 | data "$tmp/finals" >"$tmp/listing"
is "nor in the matte, whatever the refiner adds" "$(perl -e 'local $/; @v = unpack "f<*", substr <STDIN>, 128;
    print scalar grep { $v[$_] > 1e-37 && $_ % 224 >= 162 } 0 .. $#v' <"$tmp/finals/alpha.000000.npy")" 0
infer --split 96 -v <"$tmp/none.ck" 2>"$tmp/words" | refine --native | data "$tmp/finals" >"$tmp/listing"
is "an empty hint: no tile" "$(counts "$tmp/words")" "0 of 6 "
is "and no matte" "$(perl -e 'local $/; print scalar grep { $_ > 1e-37 } unpack "f<*", substr <STDIN>, 128' <"$tmp/finals/alpha.000000.npy")" 0
skips() { # LEVEL XxY WANTED: tiles computed for a hint of one pixel
    oiiotool --create 224x128 1 --fill:color="$1" "1x1+$2" -d uint8 -o "$tmp/dot.png"
    hinted "$tmp/dot.png" | infer --split 96 -v 2>"$tmp/words" >"$tmp/x.ck"
    is "a hint of $1 at $2" "$(counts "$tmp/words")" "$3 of 6 "
}
skips 0.094 50+60 0
skips 0.106 50+60 4
skips 1 31+60 2
skips 1 32+60 4
skips 1 95+0 4
skips 1 96+0 6
skips 1 191+0 4
skips 1 192+0 2

# Both halves in one program.
for device in cpu ref; do
    for stream in full left; do
        ck-infer -d $device -m "$small" -s 224x128 --split 96 <"$tmp/$stream.ck" | ck-refine -d $device -m "$small" | data "$tmp/two" >"$tmp/listing"
        ck-infer -d $device -m "$small" -s 224x128 --split 96 --refine <"$tmp/$stream.ck" | data "$tmp/both" >"$tmp/listing"
        ok "--refine, $device, $stream: the bytes of two programs" diff -r "$tmp/two" "$tmp/both"
    done
done

# With other options.
oiiotool "$tmp/plate.png" --cut 160x96+30+10 -o "$tmp/cut.png"
oiiotool "$tmp/left.png" --cut 160x96+30+10 -o "$tmp/cuthint.png"
hinted "$tmp/left.png" | ck-infer -d cpu -m "$small" -s 192x160 --aspect keep --crop 30,10,160,96 --split 128 -v 2>"$tmp/words" | data "$tmp/region" >"$tmp/listing"
is "the region's aspect ratio, and its tiles" "$(grep -o '[0-9]* x [0-9]* in .*' "$tmp/words")" "192 x 128 in 2 x 1 tiles of 128 x 128"
ck-decode --hint "$tmp/cuthint.png" "$tmp/cut.png" | ck-infer -d cpu -m "$small" -s 192x128 --split 128 | data "$tmp/byhand" >"$tmp/listing"
ok "tiles of a region: as of a plate cropped by hand" cmp "$tmp/region/alpha_logits.000000.npy" "$tmp/byhand/alpha_logits.000000.npy"
is "ck key hands both on" "$(ck key -n -m M --split 512 --overlap=96 a b | grep -o 'ck-infer [^|]*' | sed 's/ --threads=[0-9]*//g')" \
    "ck-infer --model=M --split=512 --overlap=96 "
infer --split 96 --refine --time-layers <"$tmp/left.ck" 2>"$tmp/words" >"$tmp/x.ck"
is "--time-layers lists both networks" "$(grep -cE '^(encoder patch_embed|res4 conv2) .* ms' "$tmp/words")" 2

# Wrong usage.
wrong() { fails "$1" "$2" "$3" bash -c '"$@" <"$0" >"$0.out"' "$tmp/full.ck" ck-infer -d cpu -m "$small" "${@:4}"; }
wrong 2 "from 96 to 16384" "small tiles" --split 64
wrong 2 "--split 100, --overlap 32: use multiples of 32" "tiles that are no multiple of 32" --split 100
wrong 2 "--split 256, --overlap 40: use multiples of 32" "an overlap that is none" --split 256 --overlap 40
wrong 2 "--overlap 224: use at most 192 with --split 256" "an overlap that is too long" --split 256 --overlap 224
wrong 2 "--overlap needs --split" "an overlap of nothing" --overlap 64
wrong 2 "name a size with --split" "--size auto" --split 96 -s auto
wrong 2 "--route and --split exclude each other" "--route" --split 96 --route 0.1,0.9
fails 2 "--overlap 224: use at most 192" "ck key looks before it starts anything" ck key -n -m M --split 256 --overlap 224 a b
make_stream -n 3 -q 1 -g 224x128 rgb:f32:3:srgb hint:u8:1 >"$tmp/nan.ck"
fails 3 "frame 1002: plane 'rgb' is not finite" "NaN in a plate" \
    bash -c "ck-infer --keep-going -d cpu -m '$small' -s 224x128 --split 96 <'$tmp/nan.ck' >'$tmp/x.ck'"
is "the other frames are whole" "$(ck-info <"$tmp/x.ck" 2>"$tmp/err" | grep -c ' alpha_logits:f32:1x32x56')" 2
done_testing
