#!/bin/bash
# Stills against other programs: they read our files, and we read theirs.
set -u
still=$(realpath "${CK_HELPERS:-$(dirname "$0")/../build/helpers}")/still
work=$(mktemp -d) && cd "$work" || exit 1
trap 'rm -rf "$work"' EXIT
n=0 failed=0

ok() { # STATUS NAME
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else
        echo "not ok $n - $2"
        failed=1
    fi
}
skip() {
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}
same() { # A B: all channels of B equal those of A exactly
    oiiotool "$1" --ch R,G,B "$2" --ch R,G,B --fail 0 --warn 0 --diff >diff.txt 2>&1
}

if ! command -v oiiotool >/dev/null; then
    skip "all of it" "no oiiotool here"
    echo 1..$n
    exit 0
fi

# Noise, with values far outside 0..1 in one corner; odd sizes.
oiiotool --create 133x71 3 --noise:type=gaussian:mean=0.4:stddev=0.2 --fill:color=40,-3,0.001 20x20+5+5 -d float -o f.exr
oiiotool f.exr -d half -o h.exr

for c in none rle zips zip piz pxr24 b44 b44a dwaa dwab; do
    "$still" h.exr ours_$c.exr $c && case $c in
    b44* | dwa*) oiiotool h.exr --compression $c -o theirs.exr && same theirs.exr ours_$c.exr ;; # lossy, but equal in both
    *) same h.exr ours_$c.exr ;;
    esac
    ok $? "$c half: oiiotool sees the same picture"
done
for c in none zip piz; do
    "$still" f.exr ours.exr $c float && same f.exr ours.exr
    ok $? "$c float: oiiotool sees the same picture"
done

"$still" f.exr ours.exr pxr24 float && oiiotool f.exr --compression pxr24 -d float -o theirs.exr && same theirs.exr ours.exr
ok $? "pxr24 float: rounded as libOpenEXR does"

if command -v exrheader >/dev/null; then
    exrheader ours_piz.exr >header.txt
    ok $? "exrheader opens it"
    grep -q 'ck:transfer (type string): "linear"' header.txt
    ok $? "and shows the encoding"
    grep -q chromaticities header.txt && grep -q 'compression (type compression): piz' header.txt
    ok $? "the primaries and the compression"
else
    skip "exrheader opens it" "no exrheader here"
fi
if command -v ffprobe >/dev/null; then
    for f in ours_zip.exr ours_piz.exr; do
        ffprobe -v error -show_entries stream=width,height -of csv=p=0 $f | grep -q '^133,71'
        ok $? "ffprobe opens $f"
    done
else
    skip "ffprobe opens it" "no ffprobe here"
fi

# Files of other writers.
for c in none rle zips zip piz pxr24; do
    oiiotool h.exr --compression $c -o in.exr && "$still" in.exr out.exr none && same h.exr out.exr
    ok $? "oiiotool's $c, scanlines"
done
oiiotool h.exr --compression piz --tile 32 16 -o in.exr && "$still" in.exr out.exr none && same h.exr out.exr
ok $? "oiiotool's piz, tiles"
for c in b44 b44a dwaa dwab; do
    for size in 133x71 5x3; do
        oiiotool h.exr --resize $size -d half --compression $c -o in.exr && "$still" in.exr out.exr none &&
            same in.exr out.exr
        ok $? "oiiotool's $c, $size"
    done
done
for c in dwaa dwab; do
    oiiotool h.exr --compression $c --tile 96 40 -o in.exr && "$still" in.exr out.exr none && same in.exr out.exr
    ok $? "oiiotool's $c, tiles"
    oiiotool f.exr --compression $c -d float -o in.exr && "$still" in.exr out.exr none float && same in.exr out.exr
    ok $? "oiiotool's $c, float"
    oiiotool h.exr --clamp:min=0:max=1 -d uint32 --compression zip -o zip.exr
    oiiotool h.exr --clamp:min=0:max=1 -d uint32 --compression $c -o in.exr
    "$still" zip.exr want.exr none float && "$still" in.exr out.exr none float && same want.exr out.exr
    ok $? "oiiotool's $c, integers"
done
oiiotool f.exr --compression zip --tile 32 32 -o in.exr && "$still" in.exr out.exr none float && same f.exr out.exr
ok $? "float tiles"
oiiotool f.exr -d uint8 --addc 0 -d float -o in.exr && "$still" in.exr out.exr zip float && same in.exr out.exr
ok $? "float scanlines"

oiiotool h.exr --origin +30-20 --fullsize 200x100+10-30 -o in.exr &&
    oiiotool in.exr --croptofull --origin +0+0 --fullpixels -o want.exr && "$still" in.exr out.exr none &&
    same want.exr out.exr
ok $? "a data window somewhere in the display window"
oiiotool h.exr --fullsize 50x40+30+20 -o in.exr &&
    oiiotool in.exr --croptofull --origin +0+0 --fullpixels -o want.exr && "$still" in.exr out.exr none &&
    same want.exr out.exr
ok $? "a data window larger than the display window"

if command -v exrmaketiled >/dev/null; then
    for mode in -m -r; do
        exrmaketiled $mode -t 16 16 h.exr in.exr && "$still" in.exr out.exr none && same h.exr out.exr
        ok $? "level 0 of exrmaketiled $mode"
    done
else
    skip "mipmaps" "no exrmaketiled here"
fi
if command -v exrmultipart >/dev/null; then
    oiiotool h.exr --mulc 0.5 -d half -o second.exr
    exrmultipart -combine -i h.exr second.exr -o in.exr >/dev/null && "$still" in.exr out.exr none && same h.exr out.exr
    ok $? "the first part of exrmultipart's file"
else
    skip "several parts" "no exrmultipart here"
fi
if oiiotool h.exr --ch R,G,B,A=1,Z=2 --deepen -o deep.exr 2>/dev/null; then
    "$still" deep.exr out.exr none 2>message.txt
    [ $? = 1 ] && grep -q deep message.txt
    ok $? "a deep file is refused"
else
    skip "a deep file is refused" "this oiiotool makes none"
fi

for depth in uint8 uint16; do
    oiiotool h.exr -d $depth -o in.png && "$still" in.png out.png && same in.png out.png
    ok $? "PNG $depth"
    command -v ffprobe >/dev/null && ffprobe -v error -show_entries stream=pix_fmt -of csv=p=0 out.png >pix.txt
    ok $? "ffprobe opens it: $(cat pix.txt)"
done
echo 1..$n
exit $failed
