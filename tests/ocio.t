#!/bin/bash
# Transforms of an OpenColorIO config, compared with those of OpenColorIO's own tool.
. "$(dirname "$0")/tap.sh"
plugins=$(cd "$bin" && pwd)
unset OCIO OCIO_LOGGING_LEVEL OCIO_OPTIMIZATION_FLAGS OCIO_ACTIVE_DISPLAYS OCIO_ACTIVE_VIEWS
config=$tmp/show.ocio
run() { "$helpers/ociorun" "$@" </dev/null; }

# Without the plug-in.
is "not wanted" "$(run wanted)" no
is "wanted by option" "$(run -c x wanted)" yes
is "not wanted by an empty \$OCIO" "$(OCIO='' run wanted)" no
is "wanted by \$OCIO" "$(OCIO=x run wanted)" yes
fails 1 "OpenColorIO cannot be used: no libck-ocio.so in $CK_LIB: apt-get install libopencolorio-dev, then make" \
    "no plug-in: what to install" run -c "$config" has x
mkdir "$tmp/broken"
echo nothing >"$tmp/broken/libck-ocio.so"
fails 1 "cannot open $tmp/broken/libck-ocio.so" "a broken plug-in" env CK_LIB="$tmp/broken" "$helpers/ociorun" -c x has x
fails 1 "no OpenColorIO config: use --ocio-config FILE or set \$OCIO" "no config" run has x

if [ ! -f "$plugins/libck-ocio.so" ]; then
    skip "transforms" "built without OpenColorIO"
    done_testing
    exit
fi
export CK_LIB=$plugins

# AP1, BT.709 and ARRI Wide Gamut 3 to AP0, the last two with adapted white, as published by the Academy.
cat >"$config" <<'END'
ocio_profile_version: 2
search_path: luts
roles: {aces_interchange: ACES2065-1, scene_linear: ACEScg, color_timing: LogC, default: raw, cie_xyz_d65_interchange: CIE-XYZ-D65}
shared_views: []
displays:
  sRGB/Monitor:
    - !<View> {name: Video, view_transform: Video, display_colorspace: sRGB display}
    - !<View> {name: A/B, colorspace: sRGB texture, looks: Warm}
  Projector:
    - !<View> {name: Cinema, colorspace: Gamma}
view_transforms:
  - !<ViewTransform>
    name: Video
    from_scene_reference: !<GroupTransform>
      children:
        - !<LogTransform> {base: 10, direction: forward}
        - !<MatrixTransform> {matrix: [0.2, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 1], offset: [0.5, 0.5, 0.5, 0]}
looks:
  - !<Look>
    name: Warm
    process_space: ACEScg
    transform: !<CDLTransform> {slope: [1.1, 1, 0.9], offset: [0.01, 0, 0], power: [1, 1.1, 1]}
display_colorspaces:
  - !<ColorSpace> {name: CIE-XYZ-D65}
  - !<ColorSpace>
    name: sRGB display
    from_display_reference: !<GroupTransform>
      children:
        - !<BuiltinTransform> {style: DISPLAY - CIE-XYZ-D65_to_sRGB}
  - !<ColorSpace>
    name: BT.2020 light
    from_display_reference: !<MatrixTransform>
      matrix: [1.71665118797127, -0.355670783776392, -0.25336628137366, 0, -0.666684351832489, 1.61648123663494, 0.0157685458139111, 0, 0.0176398574453108, -0.0427706132578085, 0.942103121235474, 0, 0, 0, 0, 1]
colorspaces:
  - !<ColorSpace> {name: ACES2065-1, aliases: [lin_ap0]}
  - !<ColorSpace>
    name: ACEScg
    aliases: [lin_ap1]
    to_scene_reference: &ap1 !<MatrixTransform>
      matrix: [0.695452241357452, 0.140678696470294, 0.163869062172254, 0, 0.0447945633720377, 0.859671118456422, 0.0955343181715404, 0, -0.00552588255811354, 0.00402521030597868, 1.00150067225213, 0, 0, 0, 0, 1]
  - !<ColorSpace>
    name: Linear BT.709
    to_scene_reference: &bt709 !<MatrixTransform>
      matrix: [0.439632981919491, 0.382988698151554, 0.177378319928955, 0, 0.0897764429588424, 0.813439428748981, 0.0967841282921771, 0, 0.0175411703831727, 0.111546553302387, 0.87091227631444, 0, 0, 0, 0, 1]
  - !<ColorSpace>
    name: Linear AWG3
    to_scene_reference: !<MatrixTransform>
      matrix: [0.680205505106279, 0.236136601606481, 0.0836578932872398, 0, 0.0854149797421404, 1.01747087860704, -0.102885858349182, 0, 0.00205652166929683, -0.0625625003847921, 1.06050597871549, 0, 0, 0, 0, 1]
  - !<ColorSpace>
    name: Swapped
    to_scene_reference: !<MatrixTransform> {matrix: [0.5, 0.3, 0.15, 0, 0.2, 0.7, 0.1, 0, 0.1, 0.1, 0.6, 0, 0, 0, 0, 1]}
  - !<ColorSpace>
    name: sRGB texture
    aliases: [srgb_tx]
    to_scene_reference: !<GroupTransform>
      children:
        - !<ExponentWithLinearTransform> {gamma: [2.4, 2.4, 2.4, 1], offset: [0.055, 0.055, 0.055, 0]}
        - *bt709
  - !<ColorSpace>
    name: LogC
    to_scene_reference: !<GroupTransform>
      children:
        - !<LogCameraTransform> {base: 10, log_side_slope: 0.247189638318671, log_side_offset: 0.385536998692443, lin_side_slope: 5.55555555555556, lin_side_offset: 0.0522722750251688, lin_side_break: 0.0105909904954696, direction: inverse}
        - *ap1
  - !<ColorSpace>
    name: Gamma
    from_scene_reference: !<ExponentTransform> {value: 2.6, style: mirror, direction: inverse}
  - !<ColorSpace>
    name: Film
    to_scene_reference: !<FileTransform> {src: film.spi1d, interpolation: linear}
  - !<ColorSpace>
    name: Lost
    to_scene_reference: !<FileTransform> {src: lost.spi1d, interpolation: linear}
  - !<ColorSpace> {name: raw, isdata: true}
END
mkdir "$tmp/luts"
{
    printf 'Version 1\nFrom -0.5 2\nLength 65\nComponents 1\n{\n'
    awk 'BEGIN { for (i = 0; i < 65; i++) { x = i / 64; print x * x * (3 - x) } }'
    printf '}\n'
} >"$tmp/luts/film.spi1d"

# 70 x 50 pixels from -0.25 to 1.25: each thread of ociorun has more than one row of the plug-in, and no multiple of it.
"$helpers/mkstream" -n 1 -g 70x50 rgb:f32:3:linear >"$tmp/in.ck"
ck-encode --fg off --matte off --plane rgb=exr32 "$tmp/exr" <"$tmp/in.ck" 2>"$tmp/err"
exr=$(echo "$tmp"/exr/rgb/*.exr)
pixels() { # a stream's planes [3, 50, 70] f32, by way of a .npy file
    ck-info --npy "$tmp/npy" >"$tmp/listing" && tail -c $((70 * 50 * 12)) "$tmp"/npy/rgb.*.npy
    rm -r "$tmp/npy"
}
pixels <"$tmp/in.ck" >"$tmp/in.raw"

# By default the tool may approximate powers and logarithms; this is OPTIMIZATION_LOSSLESS.
tool() { # ARGUMENT...: ocioconvert, its result in tool.raw
    OCIO=$config OCIO_OPTIMIZATION_FLAGS=0x89C3FC3 ocioconvert "$@" >"$tmp/said" 2>&1 || { cat "$tmp/said"; return 1; }
    ck-decode --linear "$tmp/tool.exr" 2>>"$tmp/said" | pixels >"$tmp/tool.raw"
}
ours() { "$helpers/ociorun" -c "$config" "$@" <"$tmp/in.raw" >"$tmp/ours.raw"; }
close() { # 1e-6: the same operations, found equal; optimisations that approximate a table are 2.6e-6 away
    [ "$(wc -c <"$tmp/ours.raw")" = $((70 * 50 * 12)) ] || return 1
    "$helpers/rawdiff" "$tmp/tool.raw" "$tmp/ours.raw" | awk '{ print } !($1 <= 1e-6) { exit 1 }'
}
between() { tool "$exr" "$1" "$tmp/tool.exr" "$2" && ours between "$1" "$2" && close; }
view() { tool --view "$exr" "$1" "$tmp/tool.exr" "$2" "$3" && ours view "$1" "$4" && close; }

if command -v ocioconvert >/dev/null; then
    for pair in "ACES2065-1:ACEScg" "lin_ap1:ACES2065-1" "scene_linear:sRGB texture" "srgb_tx:ACEScg" "ACEScg:LogC" \
        "color_timing:scene_linear" "LogC:sRGB texture" "Swapped:Gamma" "Gamma:Swapped" "Film:ACEScg" "ACEScg:Film" \
        "Linear BT.709:sRGB display" "raw:ACEScg" "acescg:ACESCG"; do
        ok "${pair/:/ to }" between "${pair%%:*}" "${pair#*:}"
    done
    ok "default view" view ACEScg sRGB/Monitor Video ""
    ok "view of the default display" view LogC sRGB/Monitor Video Video
    ok "view with a slash, display with a slash, a look" view ACEScg sRGB/Monitor A/B "sRGB/Monitor/A/B"
    ok "view with a slash of the default display" view ACEScg sRGB/Monitor A/B A/B
    ok "view of another display" view ACEScg Projector Cinema projector/cinema
else
    skip "transforms like OpenColorIO's tool" "no ocioconvert: apt-get install opencolorio-tools"
fi
ours between LogC ACEScg
cp "$tmp/ours.raw" "$tmp/one.raw"
ok "\$OCIO, and the same bytes" bash -c 'OCIO=$1 "$2" between LogC ACEScg <"$3" | cmp - "$4"' _ \
    "$config" "$helpers/ociorun" "$tmp/in.raw" "$tmp/one.raw"
ok "the transform changes something" bash -c '! cmp -s "$1" "$2"' _ "$tmp/in.raw" "$tmp/one.raw"

# Names.
for name in ACEScg lin_ap1 scene_linear acescg "sRGB display"; do is "has $name" "$(run -c "$config" has "$name")" yes; done
for name in "" ACES Video; do is "has no '$name'" "$(run -c "$config" has "$name")" no; done
use() { run -c "$config" "$@"; }
fails 1 "no colour space 'ACESgc' in $config: did you mean 'ACEScg'?" "a near space" use between ACESgc LogC
fails 1 "did you mean 'ACEScg'?" "in any case" use between acesgc LogC
fails 1 "did you mean 'srgb_tx'?" "a near alias" use between LogC srgb_rx
fails 1 "did you mean 'scene_linear'?" "a near role" use between LogC scene_liner
fails 1 "no colour space 'plate' in $config: 'ociocheck --iconfig $config' lists them" "no near space" use between plate LogC
fails 1 "no colour space 'plate'" "an unknown space to view" use view plate ""
fails 1 "no view 'Vido' in $config: did you mean 'Video'?" "a near view" use view LogC Vido
fails 1 "did you mean 'Projector/Cinema'?" "a near display" use view LogC projectr/cinema
fails 1 "no view 'Cinema' in $config: 'ociocheck" "a view of another display needs its display" use view LogC Cinema
fails 1 "no transform from 'Lost' to 'LogC' in $config: " "a lost LUT" use between Lost LogC
is "on one line, with its name" "$(grep -c lost.spi1d "$tmp/.err") $(wc -l <"$tmp/.err")" "1 1"

# Configs that are none.
fails 1 "cannot open OpenColorIO config $tmp/no.ocio: No such file" "a missing config" run -c "$tmp/no.ocio" has x
fails 1 "cannot open OpenColorIO config $tmp/no.ocio: No such file" "a missing \$OCIO" \
    env OCIO="$tmp/no.ocio" "$helpers/ociorun" has x
for text in "hello" "{" "ocio_profile_version: 9" ""; do
    echo "$text" >"$tmp/bad.ocio"
    fails 1 "$tmp/bad.ocio cannot be used as an OpenColorIO config: " "'$text' as a config" run -c "$tmp/bad.ocio" has x
    is "on one line" "$(wc -l <"$tmp/.err")" 1
done
fails 1 "$tmp cannot be used as an OpenColorIO config: " "a folder as a config" run -c "$tmp" has x
sed '/^displays:/,/Cinema/d; s/^view_transforms/displays: {}\n&/' "$config" >"$tmp/blind.ocio"
fails 1 "$tmp/blind.ocio has no display with a view" "a config without displays" run -c "$tmp/blind.ocio" view LogC ""

# Chromaticities: published ones where white was adapted by a known method, else adapted ones.
xy() { run -c "$config" chromaticities "$1"; }
is "AP0" "$(xy ACES2065-1)" "0.7347 0.2653 0 1 0.0001 -0.077 0.32168 0.33767"
is "AP1, by role" "$(xy scene_linear)" "0.713 0.293 0.165 0.83 0.128 0.044 0.32168 0.33767"
is "BT.709, adapted by Bradford" "$(xy "Linear BT.709")" "0.64 0.33 0.3 0.6 0.15 0.06 0.3127 0.329"
is "ARRI Wide Gamut 3, adapted by CAT02" "$(xy "Linear AWG3")" "0.684 0.313 0.221 0.848 0.0861 -0.102 0.3127 0.329"
is "BT.2020 by CIE XYZ" "$(xy "BT.2020 light")" "0.708 0.292 0.17 0.797 0.131 0.046 0.3127 0.329"
# X Y Z of red: AP0 (0.5, 0.2, 0.1) is (0.476286, 0.310403, 0.100883).
is "a space of its own" "$(xy Swapped | cut -d' ' -f 1,2)" "0.536617 0.349722"
for space in LogC "sRGB texture" Film Lost nothing; do is "none of $space" "$(xy "$space")" none; done
sed 's/^roles: .*/roles: {default: raw}/' "$config" >"$tmp/roleless.ocio"
is "none without the roles" "$(run -c "$tmp/roleless.ocio" chromaticities ACEScg)" none
# The programs: from a space of the config, to another, and through a view.
ck-decode --linear "$exr" 2>"$tmp/err" | ck-encode --plane rgb=exr32 "$tmp/plain" 2>>"$tmp/err"
plain=$(echo "$tmp"/plain/rgb/*.exr)
converted() { # FROM TO: by ck-decode and ck-encode
    rm -rf "$tmp/out"
    ck-decode --ocio-config "$config" --input-space "$1" "$plain" 2>"$tmp/err" |
        ck-encode --ocio-config "$config" --plane rgb=exr32 --output-space "$2" "$tmp/out" 2>>"$tmp/err"
    result=$(echo "$tmp"/out/rgb/*.exr)
    ck-decode --linear "$result" 2>>"$tmp/err" | pixels >"$tmp/ours.raw"
}
labels() { exrheader "$result" | grep -a '^ck:\(space\|transfer\|primaries\) ' | sed 's/.*: "\(.*\)"/\1/' | tr '\n' ' '; }
if command -v ocioconvert >/dev/null && command -v exrheader >/dev/null; then
    by_tool() { tool "$plain" "$1" "$tmp/tool.exr" "$2"; }
    # The way through scene-linear light rounds once more: 1e-5 of the largest value.
    like_tool() { "$helpers/rawdiff" "$tmp/tool.raw" "$tmp/ours.raw" | awk '{ print } !($1 <= 1e-5) { exit 1 }'; }
    for pair in "LogC:sRGB texture" "sRGB texture:LogC" "Linear BT.709:ACES2065-1" "color_timing:Gamma" "LogC:LogC"; do
        by_tool "${pair%%:*}" "${pair#*:}" && converted "${pair%%:*}" "${pair#*:}"
        ok "ck-decode | ck-encode: ${pair/:/ to }" like_tool
    done
    converted LogC ACES2065-1
    is "a linear space is labelled" "$(labels)" "ap0 ACES2065-1 linear "
    converted LogC "sRGB texture"
    is "another has its name alone" "$(labels)" "unknown sRGB texture unknown "
    converted LogC source
    by_tool LogC LogC
    ok "source is the space that the input was in" like_tool
    ck-decode --ocio-config "$config" --input-space LogC --working bt709 "$plain" 2>"$tmp/err" |
        ck-encode --ocio-config "$config" --plane rgb=exr32 --output-space "sRGB texture" "$tmp/out" 2>>"$tmp/err"
    ck-decode --linear "$(echo "$tmp"/out/rgb/*.exr)" 2>>"$tmp/err" | pixels >"$tmp/ours.raw"
    by_tool LogC "sRGB texture"
    # values go to 4048, whose float32 step is 2.4e-4; two matrices more, two roundings more
    ok "in working primaries of ck" bash -c '"$1" "$2" "$3" | awk "{ print } !(\$1 <= 5e-4) { exit 1 }"' _ \
        "$helpers/rawdiff" "$tmp/tool.raw" "$tmp/ours.raw"
    # A subject that covers everything: comp is the view of the plate, in 8 bits.
    "$helpers/mkstream" -n 1 -g 70x50 alpha:f32:1 >/dev/null
    oiiotool --pattern constant:color=1,1,1 70x50 3 -o "$tmp/white.png" 2>"$tmp/err"
    for how in "sRGB/Monitor/Video" "Projector/Cinema"; do
        ck-decode --ocio-config "$config" --input-space ACEScg --input alpha="$tmp/white.png" "$plain" 2>"$tmp/err" |
            ck-post --unmix --despill 0 --screen green --ocio-config "$config" --view "$how" 2>>"$tmp/err" |
            cat >"$tmp/viewed.ck"
        ck-info --npy "$tmp/npy" <"$tmp/viewed.ck" >/dev/null
        tail -c $((70 * 50 * 3)) "$tmp"/npy/comp.*.npy >"$tmp/comp.raw"
        rm -r "$tmp/npy"
        tool --view "$plain" ACEScg "$tmp/tool.exr" "${how%/*}" "${how##*/}"
        # comp discards the fraction; the foreground was rounded to half and to sRGB
        ok "comp through $how" perl -e 'local $/; open A, shift; @a = unpack "C*", <A>; open B, shift;
            @b = unpack "f<*", <B>; for (0 .. $#b) { $v = 255 * ($b[$_] < 0 ? 0 : $b[$_] > 1 ? 1 : $b[$_]);
            $off++ if $a[$_] < $v - 2 || $a[$_] > $v + 1 } exit(@a != @b || $off)' "$tmp/comp.raw" "$tmp/tool.raw"
        is "is not called sRGB" "$(ck-info <"$tmp/viewed.ck" | grep -o 'comp:u8:3x50x70:[a-z]*')" comp:u8:3x50x70:display
    done
fi
fails 2 "--input-space: no colour space 'ACESgc' in $config: did you mean 'ACEScg'?" "ck-decode says which names are near" \
    ck-decode --ocio-config "$config" --input-space ACESgc "$exr"
ok "a space of ck that the config lacks" bash -c 'ck-decode --ocio-config "$1" --input-space slog3/s-gamut3 "$2" | ck-info |
    grep -q "source-transfer=slog3"' _ "$config" "$exr"
fails 1 "no libck-ocio.so in $tmp/none: apt-get install libopencolorio-dev, then make" "without the plug-in: what to install" \
    env CK_LIB="$tmp/none" "$bin/ck-decode" --ocio-config "$config" --input-space ACEScg "$exr"
done_testing
