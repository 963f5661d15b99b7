#!/bin/bash
# OpenEXR files of several parts and layers, made by oiiotool: --layer and --part, the obvious one without them, messages.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1
if ! command -v oiiotool >/dev/null; then
    skip "all of it" "no oiiotool here"
    done_testing
fi

picture() { # FILE VALUE CHANNELS...: a ramp from VALUE on in each of the channels
    local list
    list=$(IFS=,; echo "${*:3}")
    oiiotool --pattern "fill:left=$2,$2,$2:right=$(($2 + 1)),$(($2 + 2)),$(($2 + 3))" 40x30 3 --ch "$(for _ in "${@:3}"; do printf '%s' "$((n++ % 3)),"; done | sed 's/,$//')" \
        --chnames "$list" -d half -o "$1"
}
part() { # FILE NAME OUT: the same as a part of this name
    oiiotool "$1" --attrib oiio:subimagename "$2" -o "$3"
}
n=0
picture z.exr 7 Z
picture rgb.exr 1 R G B
picture diffuse.exr 4 diffuse.R diffuse.G diffuse.B
picture beauty.exr 2 beauty.R beauty.G beauty.B
for p in z:depth rgb:beauty diffuse:diffuse beauty:beauty; do part "${p%:*}.exr" "${p#*:}" "p_${p%:*}.exr"; done
oiiotool p_z.exr p_rgb.exr --siappend -d half -o zfirst.exr
oiiotool p_diffuse.exr p_beauty.exr --siappend -d half -o prefixed.exr
oiiotool p_rgb.exr p_z.exr p_diffuse.exr --siappend --siappend -d half -o three.exr

reads() { # FILE WANTED OPTION...: reading FILE with the options gives the picture WANTED
    rm -rf out
    ck-decode "${@:3}" "$1" 2>err | ck-encode --plane rgb=exr --compression none out 2>>err
    local got=(out/rgb/*.exr)
    oiiotool "${got[0]}" --chnames 0,1,2 "$2" --chnames 0,1,2 --fail 0 --warn 0 --diff >diff.txt 2>&1
    local code=$?
    [ $code = 0 ] || cat err diff.txt >&2
    return $code
}
# A grey picture has three equal channels.
oiiotool z.exr --ch 0,0,0 --chnames R,G,B -o grey.exr

ok "the part with R, G and B, though depth comes first" reads zfirst.exr rgb.exr
ok "a part by number" reads zfirst.exr rgb.exr --part 1
ok "a part by name" reads zfirst.exr rgb.exr --part beauty
ok "a part of depth, asked for" reads zfirst.exr grey.exr --part 0
ok "the same by name" reads zfirst.exr grey.exr --part depth
ok "the same as a layer, since its channels have no prefix" reads zfirst.exr grey.exr --layer depth
ok "the same as a channel" reads zfirst.exr grey.exr --layer Z
ok "the part named beauty before the first one" reads prefixed.exr beauty.exr
ok "another part by its layer" reads prefixed.exr diffuse.exr --layer diffuse
ok "the same by its number" reads prefixed.exr diffuse.exr --part 0
ok "both" reads prefixed.exr diffuse.exr --part diffuse --layer diffuse
ok "the first of three parts" reads three.exr rgb.exr
ok "the last of them" reads three.exr diffuse.exr --part 2

said() { # FILE OPTION...: what -v says of layers and parts
    ck-decode -v "${@:2}" "$1" 2>&1 >/dev/null | sed -n "s/^ck-decode: $1: layers/layers/p"
}
is "-v names the others" "$(said zfirst.exr)" "layers: depth, beauty (read); parts: 0 depth, 1 beauty (read)"
is "and what an option chose" "$(said three.exr --layer diffuse)" \
    "layers: beauty, depth, diffuse (read); parts: 0 beauty, 1 depth, 2 diffuse (read)"
is "nothing of a file with one layer" "$(said rgb.exr)" ""
fails 2 "zfirst.exr: no layer 'spec' in this EXR: it has depth, beauty" "an unknown layer" ck-decode --layer spec zfirst.exr
fails 2 "zfirst.exr: no part 'spec' in this EXR: it has 0 depth, 1 beauty" "an unknown part" ck-decode --part spec zfirst.exr
fails 2 "no part '2' in this EXR: it has 0 depth, 1 beauty" "a number past the last part" ck-decode --part 2 zfirst.exr
fails 2 "no layer 'diffuse' in this EXR: it has beauty" "a layer of another part" ck-decode --part 1 --layer diffuse prefixed.exr

# Other inputs.
oiiotool rgb.exr -d uint8 -o rgb.png
fails 2 "rgb.png: not an OpenEXR file: leave --layer out" "--layer of a PNG" ck-decode --layer beauty rgb.png
fails 2 "rgb.png: not an OpenEXR file: leave --part out" "--part of a PNG" ck-decode --part 0 rgb.png
ck-synth -g 64x48 -n 2 | ck-encode --plane rgb=mov clip 2>/dev/null
for v in clip/*.mov; do
    fails 2 "not an OpenEXR file: leave --part out" "--part of a video" ck-decode --part 0 "$v"
done
reads_hint() {
    ck-decode --layer diffuse --hint z.exr prefixed.exr | ck-info | grep -q hint:
}
ok "a hint is read without INPUT's layer" reads_hint

# Planes of other files, from the plate's own file.
oiiotool --pattern fill:left=0:right=1 40x30 1 --chnames matte.A -d half -o m1.exr
picture s1.exr 6 spill.R spill.G spill.B
oiiotool rgb.exr m1.exr --chappend s1.exr --chappend -d half -o render.exr
oiiotool m1.exr --ch 0,0,0 --chnames R,G,B -o matte_grey.exr
plane() { # PLANE WANTED OPTION...: the plane equals the first channels of WANTED
    local got
    rm -rf out
    ck-decode "${@:3}" 2>err | ck-encode --plane "$1=exr32" --compression none out 2>>err
    got=$(echo "out/$1"/*.exr)
    oiiotool "$got" --ch 0 --chnames Y "$2" --ch 0 --chnames Y --fail 0 --warn 0 --diff >diff.txt 2>&1 || { cat err diff.txt; return 1; }
}
ok "a hint from a layer of the plate's file" plane hint matte_grey.exr --hint render.exr --layer hint=matte render.exr
ok "the same by its channel" plane hint matte_grey.exr --hint render.exr --layer hint=matte.A render.exr
ok "INPUT has its own" plane rgb s1.exr --hint render.exr --layer spill --layer hint=matte render.exr
ok "or by the plane's name" plane rgb s1.exr --layer rgb=spill render.exr
ok "the last one counts" plane rgb s1.exr --layer rgba --layer spill render.exr
ok "a plane of any name from a part" plane depth z.exr --input depth=zfirst.exr --part depth=0 --hint-channel red rgb.exr
oiiotool diffuse.exr s1.exr --chappend -d half -o two.exr
fails 1 "two.exr: several layers of this EXR have R, G and B: choose one by --layer [PLANE=]NAME: diffuse, spill" \
    "two layers of one rank" ck-decode two.exr
fails 2 "render.exr: no layer 'spec' in this EXR: it has rgba, matte, spill" "an unknown layer of a hint" \
    ck-decode --hint render.exr --layer hint=spec render.exr
fails 2 "--layer 'hint=matte': that plane has no file: give it with --input" "a layer of a plane without a file" \
    ck-decode --layer hint=matte render.exr
fails 2 "--part 'hint=': no name after '='" "an empty part" ck-decode --hint render.exr --part hint= render.exr
fails 2 "rgb.png: not an OpenEXR file: leave --layer out" "a layer of a hint in PNG" \
    ck-decode --hint rgb.png --layer hint=matte render.exr

# DWA layers, as the library itself decodes them.
oiiotool --pattern fill:topleft=0.1,0.5,0.2:bottomright=0.9,0.2,0.7 300x200 3 --chnames a.R,a.G,a.B \
    --pattern fill:topleft=0.8,0.1,0.3:bottomright=0.2,0.9,0.5 300x200 3 --chnames beauty.R,beauty.G,beauty.B \
    --chappend -d half --compression dwaa -o dwaa.exr
oiiotool dwaa.exr --ch beauty.R,beauty.G,beauty.B -o one.exr
oiiotool dwaa.exr --ch a.R,a.G,a.B -o other.exr
ok "a DWAA layer" reads dwaa.exr one.exr
ok "the other one" reads dwaa.exr other.exr --layer a
done_testing
