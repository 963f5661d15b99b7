#!/bin/bash
# The Python module: the same with and without libckeyer.so, its examples, its ends.
. "$(dirname "$0")/tap.sh"
cd "$here/.." || exit 1
build=$(cd "${CK_TESTS:-build/tests}/.." && pwd)
if ! python3 -c 'import numpy' 2>"$tmp/err"; then
    skip "contrib/python" "no python3 with numpy"
    done_testing
fi
export PYTHONPATH=$PWD/contrib/python PYTHONDONTWRITEBYTECODE=1
[ "$(cat contrib/python/ckeyer/*.py | wc -l)" -le 600 ]
report $? "at most 600 lines"
is "public names without a docstring" "$(CKEYER_LIB=off python3 -c '
import ckeyer
for name in ckeyer.__all__:
    thing = getattr(ckeyer, name)
    members = vars(thing) if isinstance(thing, type) else {}
    for path, what in [(name, thing), *((f"{name}.{m}", v) for m, v in members.items() if m[0] != "_")]:
        if not (what.__doc__ or "").strip():
            print(path)')" ""
library=$(echo "$build"/ckeyer/libckeyer.so.*)
if [ -n "${CK_ASAN-}" ]; then # Python would have to be started with the sanitizers
    ways=(off)
    skip "with libckeyer.so" "built with sanitizers"
else
    ways=(off "$library")
fi

# The layouts of C structs that the module repeats.
cat >"$tmp/layout.c" <<'C'
#include "stream/frame.h"
#define AT(t, m) printf("%s.%s %zu\n", #t, #m, offsetof(t, m))
int main(void)
{
    printf("%zu %zu %zu %zu\n", sizeof(ck_error), sizeof(ck_plane), sizeof(ck_meta), sizeof(ck_frame));
    printf("%zu %zu %zu %zu %zu\n", offsetof(ck_plane, finite), offsetof(ck_plane, w), offsetof(ck_plane, bytes), offsetof(ck_plane, buf), offsetof(ck_plane, type));
    printf("%zu %zu %zu\n", offsetof(ck_frame, planes), offsetof(ck_frame, n), offsetof(ck_frame, job_free));
    printf("%d %d %d %d %d %d\n", CK_U8, CK_U16, CK_F16, CK_F32, CK_END, CK_ERR_CLOSED);
}
C
${CC:-cc} -Ilib -o "$tmp/layout" -include stdio.h -include stddef.h "$tmp/layout.c"
is "structs and values as in C" "$(python3 -c '
from ctypes import sizeof
from ckeyer._library import CError, CPlane, CMeta, CFrame, C_TYPE, END, CLOSED
print(*map(sizeof, (CError, CPlane, CMeta, CFrame)))
print(*(getattr(CPlane, m).offset for m in ("finite", "w", "bytes", "buf", "type")))
print(*(getattr(CFrame, m).offset for m in ("planes", "n", "job_free")))
print(*C_TYPE.values(), END, CLOSED)')" "$("$tmp/layout")"

"$helpers/mkstream" -n 4 -g 333x217 alpha:f32:1 fg:f32:3:srgb odd:u16:2 half:f16:1 byte:u8:1 "note=ä\\" -e 1 >"$tmp/in.ck"
ck-info --npy "$tmp/in" <"$tmp/in.ck" 2>"$tmp/err"
ck-info <"$tmp/in.ck" >"$tmp/in.list" 2>"$tmp/err"
for CKEYER_LIB in "${ways[@]}"; do
    export CKEYER_LIB
    way=$([ "$CKEYER_LIB" = off ] && echo inline || echo library)
    out=$tmp/$way
    examples/matte_gamma.py 1 <"$tmp/in.ck" >"$tmp/one.ck"
    is "$way: status 3 after an error frame" $? 3
    ck-info --npy "$out.one" <"$tmp/one.ck" 2>"$tmp/err"
    ck-info <"$tmp/one.ck" >"$out.list" 2>"$tmp/err"
    ok "$way: gamma 1 changes nothing" diff -r "$tmp/in" "$out.one"
    is "$way: but the program in HEAD" "$(diff "$tmp/in.list" "$out.list" | grep -c '^[<>]')" 2
    ok "$way: which is there" grep -q '| matte_gamma.py 1' "$out.list"
    examples/matte_gamma.py 2 <"$tmp/in.ck" | ck-info --npy "$out.two" >"$tmp/x" 2>"$tmp/err"
    ok "$way: gamma 2 squares alpha, sign kept" python3 -c "
import numpy as np
a, b = (np.load('%s/alpha.001003.npy' % n) for n in ('$tmp/in', '$out.two'))
assert np.allclose(b, a * np.abs(a), rtol=1e-6, atol=0)" # a product and a power in float32: a few ULP
    ok "$way: types, read-only arrays, assignment" python3 - "$tmp/in.ck" <<'PY'
import io, sys, ckeyer, numpy as np
for source in (sys.argv[1], io.BytesIO(open(sys.argv[1], "rb").read())):
    frames = ckeyer.read(source)
    got = list(frames)
    assert [f.number for f in got] == [1001, 1003, 1004] or len(got) == 3, [f.number for f in got]
    assert frames.failed == 1
    f = got[0]
    assert {n: (a.dtype.name, a.shape[0]) for n, a in f.items()} == {
        "alpha": ("float32", 1), "fg": ("float32", 3), "odd": ("uint16", 2), "half": ("float16", 1), "byte": ("uint8", 1)}
    assert f.encoding["fg"] == "srgb" and f.encoding["alpha"] == ""
    try:
        f["alpha"][0, 0, 0] = 1
        raise SystemExit("an array that was read could be written")
    except ValueError:
        pass
    f["new"] = np.zeros((4, 5))
    assert f["new"].dtype == np.float32 and f["new"].shape == (1, 4, 5)
    for bad in (np.zeros((2, 2), complex), np.zeros(3), np.zeros((0, 4, 4), np.float32)):
        try:
            f["bad"] = bad
            raise SystemExit(f"{bad.dtype} {bad.shape} was taken")
        except TypeError:
            pass
    try:
        f["missing"]
        raise SystemExit("a missing plane was found")
    except KeyError as e:
        assert "alpha" in str(e)
PY
    cat >"$tmp/drop.py" <<'PY'
import sys, ckeyer
frames = ckeyer.read(sys.stdin.buffer)
with ckeyer.write(sys.stdout.buffer, frames) as out:
    waiting = []
    for f in frames:  # two frames in hand, as a temporal filter has
        del f["fg"]
        f["copy"] = f["alpha"]
        f.meta["word"] = "a=b\\n\n"
        waiting.append(f)
        if len(waiting) > 2:
            out.write(waiting.pop(0))
    for f in waiting:
        out.write(f)
PY
    ck-synth -n 12 -g 333x217 | ck-hint --method key | ck-post --classical | python3 "$tmp/drop.py" | ck-info >"$tmp/list"
    is "$way: planes go, come, and frames may wait" "$(grep -c 'word=a=b.*copy:f32:1x217x333' "$tmp/list") $(grep -c ' fg:' "$tmp/list") $(tail -1 "$tmp/list")" \
        "12 0 END 12 frames"
    fails 1 "frame 0" "$way: an exception names the frame" bash -c "ck-synth -n 1 -g 64x48 | examples/matte_gamma.py 2 | cat >/dev/null; exit \${PIPESTATUS[1]}"
    ck-synth -n 3 -g 64x48 2>"$tmp/x" | { examples/matte_gamma.py 2 | ck-info >"$tmp/list"; } 2>"$tmp/err"
    ok "$way: and the stage is named" grep -q 'matte_gamma.py' "$tmp/err"
    head -c 900000 "$tmp/in.ck" >"$tmp/cut.ck"
    fails 1 "END" "$way: a stream that stops" bash -c "examples/matte_gamma.py 1 <'$tmp/cut.ck' >'$tmp/x.ck'"
    fails 1 "mkstream" "$way: ABORT names its origin" bash -c "'$helpers/mkstream' -n 3 -a 1 alpha:f32:1 | examples/matte_gamma.py 1 >'$tmp/x.ck'"
    fails 1 "mkstream" "$way: and it is passed on" bash -c "ck-info <'$tmp/x.ck'"
    fails 1 "matte_gamma.py: " "$way: noise" bash -c "head -c 999 /dev/zero | examples/matte_gamma.py 1"
    ck-synth -n 50 -g 640x360 | python3 -c '
import sys, ckeyer
frames = ckeyer.read(sys.stdin.buffer)
print(next(iter(frames))["rgb"].shape)' >"$tmp/shape"
    is "$way: who reads one frame ends the others quietly" "${PIPESTATUS[*]} $(cat "$tmp/shape")" "141 0 (3, 360, 640)"
done
if [ ${#ways[@]} = 2 ]; then
    is "by reference: planes stay in the rings of their programs" "$(ck-synth -n 40 -g 640x360 | ck-hint --method key | ck-matte --from hint |
        CKEYER_LIB=$library examples/matte_gamma.py 1 | ck-info |
        sed -n 's/FRAME 39.*rgb:[^ ]*:\([a-z]*\)[0-9]*.*alpha:f32[^ ]*:\([a-z]*\)[0-9]*.*/\1 \2/p')" "ring ring"
    ok "an array outlives its frame" python3 - "$tmp/in.ck" <<PY
import os, sys
os.environ["CKEYER_LIB"] = "$library"
import gc, ckeyer
kept = [f["alpha"] for f in ckeyer.read(sys.argv[1])]
gc.collect()
import numpy as np
assert np.array_equal(kept[0], np.load("$tmp/in/alpha.001001.npy"))
PY
fi
ck-synth -n 2 -g 96x64 | ck-encode --plane rgb=png "$tmp/shot" 2>"$tmp/err"
ok "key() yields frames" python3 -c '
import sys, ckeyer
frames = list(ckeyer.key(sys.argv[1], "--despeckle", "off"))
assert [f.number for f in frames] == [0, 1], frames
assert all(0 <= f["alpha"].min() and f["alpha"].shape == (1, 64, 96) and "fg" in f for f in frames)' "$tmp/shot/rgb"
fails 1 "missing.mov" "key() says why it fails" python3 -c 'import ckeyer; list(ckeyer.key("missing.mov"))'
# The test vector of ck-frame(5), by the reader in C and both in Python.
python3 - man/ck-frame.5 >"$tmp/vector.ck" <<'PY'
import re, sys
page = open(sys.argv[1]).read().split("Test vector", 1)[1]
stream = bytearray(int(re.search(r"the stream has (\d+) bytes", page).group(1)))
for at, row in re.findall(r"^([0-9a-f]{3}): ([0-9a-f ]+)$", page, re.M):
    stream[int(at, 16):int(at, 16) + 16] = bytes.fromhex(row)
sys.stdout.buffer.write(stream)
PY
is "the vector, read in C" "$(ck-info <"$tmp/vector.ck")" 'HEAD program=vector width=2 height=1
FRAME 0 number=7 note=a\x0ab alpha:f32:1x1x2:inline
END 1 frames'
for CKEYER_LIB in "${ways[@]}"; do
    is "the vector, read in Python, $(basename "$CKEYER_LIB")" "$(CKEYER_LIB=$CKEYER_LIB python3 -c '
import sys, ckeyer
for f in ckeyer.read(sys.argv[1]):
    print(f.number, f.meta["note"].split("\n"), f["alpha"].tolist())' "$tmp/vector.ck")" "7 ['a', 'b'] [[[0.25, 1.0]]]"
done
if python3 -c 'import cv2' 2>"$tmp/err"; then
    is "examples/opencv_edges.py" "$(ck-synth -n 2 -g 96x64 | ck-hint --method key | ck-matte --from hint |
        examples/opencv_edges.py | ck-info | grep -c 'alpha:f32:1x64x96')" 2
else
    skip "examples/opencv_edges.py" "no OpenCV"
fi
if python3 -c 'import matplotlib' 2>"$tmp/err"; then
    ok "examples/plot_coverage.py" examples/plot_coverage.py "$tmp/shot/rgb" "$tmp/plot.png"
else
    skip "examples/plot_coverage.py" "no matplotlib"
fi
done_testing
