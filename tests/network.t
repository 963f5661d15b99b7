#!/bin/bash
# The network as programs: goldens from file to file, sizes, unchanged planes, refusals.
. "$(dirname "$0")/tap.sh"
like() { "$helpers/goldcompare" "$@"; }
make_stream() { "$helpers/mkstream" "$@"; }
planes() { ck-info | grep ^FRAME | head -1 | grep -o ' [a-z_]*:[^ ]*:[^ ]*' | sed 's/:inline//' | tr -d '\n'; }

# half: the goldens' alpha, fg and processed were rounded to half.  1e-4 for alpha and fg: MODEL.md allows 2e-5 at
# inference size, and resampling to the plate, whose weights are partly negative, enlarges errors.  4e-4 for processed: 1e-4 of alpha, and that of fg times the slope of the
# sRGB curve, at most 2.4/1.055.  comp discards fractions, so a value near a code's edge may differ by 1: 1 % allowed.
if [ -n "$goldens" ]; then
    "$helpers/mkmodel" --arch mini --img-size 512 --seed 1 "$tmp/mini.safetensors"
    "$helpers/goldstream" e2e_linear.safetensors src=src | ck-info --npy "$tmp/src" 2>"$tmp/err"
    "$helpers/goldstream" e2e_linear.safetensors rgb=src:f16 | ck-encode --plane rgb=exr "$tmp/linear" 2>"$tmp/err"
    for light in srgb linear; do
        plate=$goldens/e2e_plate.png
        [ $light = linear ] && plate=$tmp/linear/rgb/00000.exr
        file=e2e_$light.safetensors
        ok "$file: keyed" bash -c "ck-decode --$light --hint '$goldens/e2e_hint.png' '$plate' |
            ck-infer -m '$tmp/mini.safetensors' | ck-refine -m '$tmp/mini.safetensors' |
            ck-post --screen green >'$tmp/$light.ck'"
        ok "$file: alpha" like $file alpha alpha half+1e-4 <"$tmp/$light.ck"
        ok "$file: fg" like $file fg fg half+1e-4 <"$tmp/$light.ck"
        ok "$file: processed" like $file processed processed half+4e-4 <"$tmp/$light.ck"
        ok "$file: comp" like $file comp comp 1 0.01 <"$tmp/$light.ck"
    done
    # The same through the front end; a PNG keeps comp's bytes.
    ok "ck key -m" ck key -m "$tmp/mini.safetensors" --screen green --hint "$goldens/e2e_hint.png" \
        "$goldens/e2e_plate.png" "$tmp/key"
    ok "its comp is the golden's too" like e2e_srgb.safetensors comp rgb 1 0.01 \
        < <(ck-decode "$tmp/key/Comp/e2e_plate.png")
else
    skip "e2e_srgb, e2e_linear through the programs" "no goldens"
fi

# A small network for the rest.
small=$tmp/small.safetensors
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$small"
make_stream -n 3 -g 131x77 rgb:u8:3:srgb hint:u8:1 extra:u16:2 >"$tmp/in.ck"
is "the logits have a quarter of the size that the checkpoint was made for" "$(ck-infer -m "$small" <"$tmp/in.ck" | planes)" \
    " rgb:u8:3x77x131:srgb hint:u8:1x77x131 extra:u16:2x77x131 alpha_logits:f32:1x24x24 fg_logits:f32:3x24x24"
ck-infer -m "$small" -s 160x96 <"$tmp/in.ck" >"$tmp/logits.ck"
is "or of --size" "$(planes <"$tmp/logits.ck")" \
    " rgb:u8:3x77x131:srgb hint:u8:1x77x131 extra:u16:2x77x131 alpha_logits:f32:1x24x40 fg_logits:f32:3x24x40"
is "one number is a square" "$(ck-infer -m "$small" -s 64 <"$tmp/in.ck" | planes | grep -o ' alpha.*')" \
    " alpha_logits:f32:1x16x16 fg_logits:f32:3x16x16"
ck-infer -m "$small" -s auto <"$tmp/in.ck" 2>"$tmp/words" | ck-refine -m "$small" | ck-info --npy "$tmp/auto"
ck-infer -m "$small" <"$tmp/in.ck" | ck-refine -m "$small" | ck-info --npy "$tmp/given"
ok "auto is the checkpoint's where that fits" diff -r "$tmp/given" "$tmp/auto"
is "and is said" "$(grep -c -- '--size auto: 96 x 96, as the checkpoint was trained: ' "$tmp/words")" 1
ck-refine -m "$small" <"$tmp/logits.ck" >"$tmp/out.ck"
is "alpha and fg have the plate's size, the logits are gone" "$(planes <"$tmp/out.ck")" \
    " rgb:u8:3x77x131:srgb hint:u8:1x77x131 extra:u16:2x77x131 alpha:f32:1x77x131 fg:f32:3x77x131:srgb"
is "--native keeps the network's" "$(ck-refine -m "$small" --native <"$tmp/logits.ck" | planes | grep -o ' alpha.*')" \
    " alpha:f32:1x96x160 fg:f32:3x96x160:srgb"
is "--depth 16 makes halves" "$(ck-refine -m "$small" --depth 16 <"$tmp/logits.ck" | planes | grep -o ' alpha.*')" \
    " alpha:f16:1x77x131 fg:f16:3x77x131:srgb"
data() { ck-info --npy "$1"; }
data "$tmp/one" <"$tmp/out.ck"
ck-infer -t 1 -m "$small" -s 160x96 <"$tmp/in.ck" | ck-refine -t 3 -m "$small" | data "$tmp/three"
ok "any number of threads makes the same bytes" diff -r "$tmp/one" "$tmp/three"
ck-refine -m "$small" --refiner-scale 0 <"$tmp/logits.ck" | data "$tmp/coarse"
! cmp -s "$tmp/one/alpha.001003.npy" "$tmp/coarse/alpha.001003.npy"
is "--refiner-scale changes the matte" $? 0
ck-refine -m "$small" --refiner-scale 0 --detail <"$tmp/logits.ck" | data "$tmp/detail"
is "--detail changes the matte, not the foreground" \
    "$(cd "$tmp" && for p in alpha fg; do cmp -s coarse/$p.001003.npy detail/$p.001003.npy; echo $?; done | tr '\n' ' ')" "1 0 "
ck-hint --method key --replace <"$tmp/logits.ck" | ck-refine -m "$small" --refiner-scale 0 --detail | data "$tmp/keyed"
ck-hint --with-key <"$tmp/logits.ck" | ck-refine -m "$small" --refiner-scale 0 --detail | data "$tmp/key"
ok "it is the key's where there is one, whatever the hint" cmp "$tmp/keyed/alpha.001003.npy" "$tmp/key/alpha.001003.npy"
cmp -s "$tmp/detail/alpha.001003.npy" "$tmp/key/alpha.001003.npy"
is "which is not the hint's" $? 1
make_stream -g 131x77 rgb:u8:3 key:f32:1 alpha_logits:f32:1:-:8x8 fg_logits:f32:3:-:8x8 >"$tmp/nohint.ck"
ok "nor is a hint needed then" bash -c "ck-refine -m '$small' --detail <'$tmp/nohint.ck' >'$tmp/x.ck'"
make_stream -g 131x77 rgb:u8:3 alpha_logits:f32:1:-:8x8 fg_logits:f32:3:-:8x8 >"$tmp/nohint.ck"
fails 1 "no plane 'hint' in the stream" "--detail without a hint" bash -c "ck-refine -m '$small' --detail <'$tmp/nohint.ck' >'$tmp/x.ck'"
ck-infer -d ref -m "$small" -s 160x96 <"$tmp/in.ck" | ck-refine -d ref -m "$small" >"$tmp/ref.ck"
is "the device ref runs" "$(planes <"$tmp/ref.ck")" "$(planes <"$tmp/out.ck")"
is "HEAD names the device that was given" "$(ck-info <"$tmp/ref.ck" | head -1 | grep -o -- '--device ref' | wc -l)" 2
ck-infer -m "$small" --time-layers <"$tmp/in.ck" 2>"$tmp/words" | ck-refine -m "$small" --time-layers 2>>"$tmp/words" >"$tmp/x.ck"
is "--time-layers lists the layers" "$(grep -cE '^(encoder patch_embed|block 3 mlp.fc2|decoders fuse|res4 conv2) .* ms' "$tmp/words")" 4
is "and their sum" "$(grep -c '^all .* GFLOP ' "$tmp/words")" 2
ck-infer -v -m "$small" <"$tmp/in.ck" 2>"$tmp/words" >"$tmp/x.ck"
is "--verbose does not" "$(grep -c ' ms' "$tmp/words")" 0

# Tokens that attend, by the hint.
ck-infer -m "$small" <"$tmp/in.ck" | data "$tmp/plain"
ck-infer -m "$small" --route 0,1 <"$tmp/in.ck" | data "$tmp/route01"
ok "--route 0,1 is the network as it is" diff -r "$tmp/plain" "$tmp/route01"
ck-infer -m "$small" --route 0.49,0.51 -v <"$tmp/in.ck" 2>"$tmp/words" | data "$tmp/routed"
is "a narrower route routes, and -v reports it" "$(grep -c 'frame 100[1-3]: [1-9][0-9.]* % of the tokens attend to all' "$tmp/words")" 3
cmp -s "$tmp/plain/alpha_logits.001001.npy" "$tmp/routed/alpha_logits.001001.npy"
is "and changes the result" $? 1
for route in 0.5 0.5,0.5 0.9,0.1 -1,1 0,nan; do
    fails 2 "is not LO,HI" "a route of $route" bash -c "ck-infer -m '$small' --route=$route <'$tmp/in.ck' >'$tmp/x'"
done

# A network trained on green screens, with a blue screen.
ck-synth -g 131x77 --seed 3 | ck-encode --plane rgb=png --plane true_alpha=png16 "$tmp/green" 2>"$tmp/err"
mkdir "$tmp/blue"
oiiotool "$tmp/green/rgb/00000.png" --ch R,B,G --chnames R,G,B -o "$tmp/blue/00000.png"
plate() { ck-decode --hint "$tmp/green/true_alpha/00000.png" "$1/00000.png"; }
plate "$tmp/green/rgb" | ck-infer -m "$small" | ck-refine -m "$small" | data "$tmp/asgreen"
plate "$tmp/green/rgb" | ck-infer -m "$small" --blue-as-green | ck-refine -m "$small" --blue-as-green | data "$tmp/isgreen"
ok "--blue-as-green leaves green screens alone" diff -r "$tmp/asgreen" "$tmp/isgreen"
plate "$tmp/blue" | ck-infer -m "$small" --blue-as-green 2>"$tmp/err" | ck-refine -m "$small" --blue-as-green | data "$tmp/asblue"
ok "of a blue one it makes the same matte" cmp "$tmp/asgreen/alpha.000000.npy" "$tmp/asblue/alpha.000000.npy"
# A .npy header of 128 bytes, then three planes.
is "and the same foreground, green and blue exchanged" "$(perl -0777 -ne '$n = (length() - 128) / 3;
    print substr($_, 0, 128 + $n), substr($_, 128 + 2 * $n), substr($_, 128 + $n, $n)' "$tmp/asblue/fg.000000.npy" | cksum)" \
    "$(cksum <"$tmp/asgreen/fg.000000.npy")"
plate "$tmp/blue" | ck-infer -m "$small" --blue-as-green --refine | data "$tmp/joined"
ok "in one program, too" diff -r "$tmp/asblue" "$tmp/joined"
! plate "$tmp/blue" | ck-infer -m "$small" | ck-refine -m "$small" | data "$tmp/untold" ||
    cmp -s "$tmp/untold/alpha.000000.npy" "$tmp/asblue/alpha.000000.npy"
is "which without it is another" $? 1

# A 16-bit linear plate, a hint of another size, HDR.
make_stream -g 50x40 rgb:f16:3:linear hint:f32:1:-:9x7 | ck-infer -m "$small" -s 32 | ck-refine -m "$small" >"$tmp/x.ck"
is "any plate and any hint will do" "$(planes <"$tmp/x.ck")" \
    " rgb:f16:3x40x50:linear hint:f32:1x7x9 alpha:f32:1x40x50 fg:f32:3x40x50:srgb"

# Refined frames pass through.
ok "alpha and fg without logits pass" bash -c "ck-refine -m '$small' <'$tmp/out.ck' | ck-info --npy '$tmp/again'"
ok "unchanged" diff -r "$tmp/one" "$tmp/again"
make_stream rgb:u8:3:srgb alpha:f32:1 >"$tmp/half.ck"
fails 1 "no plane 'alpha_logits' in the stream: add ck-infer upstream" "alpha alone does not" \
    bash -c "ck-refine -m '$small' <'$tmp/half.ck' >'$tmp/x.ck'"
fails 1 "no plane 'alpha_logits'" "nor frames with neither" bash -c "ck-refine -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"

is "an option that comes too late is not dropped in silence" \
    "$(ck-refine --detail <"$tmp/out.ck" 2>&1 >"$tmp/x.ck" | grep -c 'pass through: --detail has no effect')" 1
is "a model is not looked for, as nothing is refined" "$(ck-refine -v <"$tmp/out.ck" 2>&1 >"$tmp/x.ck" | grep -c 'passed through unchanged')" 1
make_stream rgb:u8:3:srgb alpha:f32:1 fg:f32:3 fg_logits:f32:3:-:8x8 >"$tmp/half.ck"
fails 1 "no plane 'alpha_logits'" "nor with one kind of logits" bash -c "ck-refine -m '$small' <'$tmp/half.ck' >'$tmp/x.ck'"

# Both halves in one program: the bytes of two programs.
joined() { # NAME DEVICE STREAM OPTIONS...
    local name=$1 device=$2 stream=$3
    shift 3
    rm -rf "$tmp/two" "$tmp/both"
    ck-infer -d $device -m "$small" -s 160x96 <"$stream" | ck-refine -d $device -m "$small" "$@" | data "$tmp/two"
    ck-infer -d $device -m "$small" -s 160x96 --refine "$@" <"$stream" >"$tmp/both.ck"
    data "$tmp/both" <"$tmp/both.ck"
    ok "--refine, $name: as the two programs, to the byte" diff -r "$tmp/two" "$tmp/both"
}
joined plain cpu "$tmp/in.ck"
is "the planes of ck-refine" "$(planes <"$tmp/both.ck")" "$(planes <"$tmp/out.ck")"
ck-refine -m "$small" <"$tmp/both.ck" | data "$tmp/passed"
ok "which passes them on" diff -r "$tmp/both" "$tmp/passed"
joined "options" cpu "$tmp/in.ck" --refiner-scale 0.5 --depth 16 --native
joined "detail" cpu "$tmp/in.ck" --refiner-scale 0 --detail --depth 16
joined "ref" ref "$tmp/in.ck" --depth 16
make_stream -g 50x40 rgb:f16:3:linear hint:f32:1:-:9x7 >"$tmp/linear.ck"
joined "a linear plate" cpu "$tmp/linear.ck"
ck-infer -m "$small" -s 160x96 --refine <"$tmp/logits.ck" >"$tmp/x.ck"
is "logits that were there before are gone" "$(planes <"$tmp/x.ck")" "$(planes <"$tmp/out.ck")"
is "ck key --refine: one program, which gets the refiner's options" \
    "$(ck key -n -t 2 -m M --refine --depth 16 --refiner-scale=0 a b)" \
    "ck-decode --threads=1 -- a | ck-hint --threads=1 | ck-infer --depth=16 --refiner-scale=0 --model=M --refine --threads=2 | ck-post --depth=16 --threads=1 | ck-encode --threads=1 -- b"
is "without it ck-refine alone gets them" "$(ck key -n -m M --refiner-scale=0 --native a b | grep -o 'ck-infer [^|]*| ck-refine [^|]*' | sed 's/ --threads=[0-9]*//g')" \
    "ck-infer --model=M | ck-refine --model=M --refiner-scale=0 --native "
fails 2 "--size 250x250: use multiples of 32" "what options say together is looked at before anything starts" \
    ck key -n -m M -s 250 a b
fails 2 "--no-classical needs the network, but no model was found" "--no-classical without a model" ck key -n --no-classical a b
is "what is for ck-infer alone counts more than what is for both" \
    "$(ck key -n -m M --refine --infer:no-detail --detail --refine:map --refine:no-map a b | grep -o 'ck-infer [^|]*' | sed 's/ --threads=[0-9]*//g')" \
    "ck-infer --detail --model=M --refine --no-detail "
fails 2 "which --classical leaves out" "the network's options beside --classical" ck key -n --classical --refiner-scale 0 a b
is "--no-NAME takes an option back" "$(ck key -n -m M --refine --detail --no-refine --no-detail a b | grep -o 'ck-infer [^|]*| ck-refine [^|]*' | sed 's/ --threads=[0-9]*//g')" \
    "ck-infer --model=M --refine --no-refine | ck-refine --model=M --detail --no-detail "
fails 2 "--mode=sparse is for ck-refine only: leave --refine out" "ck key --refine with what only ck-refine has" \
    ck key -n -m M --refine --mode sparse a b
fails 2 "--device=cuda:1 is for ck-refine only" "ck key --refine with another device for ck-refine" \
    ck key -n -m M --refine --refine:device cuda:1 a b

# Planes that do not fit.
refuses() { # STATUS TEXT NAME PROGRAM OPTIONS -- PLANES
    local status=$1 text=$2 name=$3 command=()
    shift 3
    while [ "$1" != -- ]; do command+=("$1"); shift; done
    shift
    make_stream "$@" >"$tmp/bad.ck"
    fails "$status" "$text" "$name" bash -c '"$@" <"$0" >"$0.out"' "$tmp/bad.ck" "${command[@]}" -m "$small"
}
refuses 1 "no plane 'hint' in the stream: add ck-hint upstream" "infer without a hint" ck-infer -- rgb:u8:3:srgb
refuses 1 "no plane 'rgb'" "infer without a plate" ck-infer -- hint:u8:1
refuses 1 "plane 'rgb' has 1 channels, not 3" "a grey plate" ck-infer -- rgb:u8:1 hint:u8:1
refuses 1 "no plane 'rgb'" "refine without a plate" ck-refine -- alpha_logits:f32:1:-:8x8 fg_logits:f32:3:-:8x8
refuses 1 "no plane 'fg_logits'" "half of the logits" ck-refine -- rgb:u8:3 alpha_logits:f32:1:-:8x8
refuses 1 "samples of type f16" "logits of another type" ck-refine -- rgb:u8:3 alpha_logits:f16:1:-:8x8 fg_logits:f16:3:-:8x8
refuses 1 "take both from the same program" "logits of two sizes" ck-refine -- rgb:u8:3 alpha_logits:f32:1:-:8x8 fg_logits:f32:3:-:8x16
refuses 2 "multiples of 32" "logits of an impossible size" ck-refine -- rgb:u8:3 alpha_logits:f32:1:-:9x9 fg_logits:f32:3:-:9x9
refuses 1 "frame size changed in mid-stream" "logits that change size" ck-refine -- -n 2 -w 1 -g 8x8 rgb:u8:3 alpha_logits:f32:1 fg_logits:f32:3

# Options and models.
run() { fails "$1" "$2" "$3" bash -c '"$@" <"$0" >"$0.out"' "$tmp/in.ck" "${@:4}"; }
run 2 "multiples of 32" "a size that is no multiple of 32" ck-infer -m "$small" -s 100
run 2 "from 32 to 16384" "a size of nothing" ck-infer -m "$small" -s 0
run 2 "use auto, cpu, ref, cuda or cuda:N" "an unknown device" ck-infer -m "$small" -d tpu
run 2 "use auto, cpu, ref, cuda or cuda:N" "no number of a device" ck-infer -m "$small" -d cuda:one
run 1 "no libck-cuda.so in $tmp/no-plug-ins" "no CUDA in this installation" ck-infer -m "$small" -d cuda
run 2 "one of f32|tf32|f16|bf16|auto" "an unknown precision" ck-refine -m "$small" --precision f8
run 2 "no precision f16 on device cpu: use f32, bf16 or auto" "a precision that the cpu has not" \
    ck-infer -m "$small" -d cpu --precision f16
run 2 "from 0 to 16" "a negative scale" ck-refine -m "$small" --refiner-scale -1
for option in "--refiner-scale 0" --native --detail "--depth 16"; do
    run 2 "${option% *} needs --refine" "$option, but nothing is refined" ck-infer -m "$small" $option
done
for option in "--scale 0" "--correct 1"; do
    run 2 "unknown option '${option% *}'" "ck-refine $option" ck-refine -m "$small" $option
    run 2 "unknown option '${option% *}'" "ck-infer --refine $option" ck-infer -m "$small" --refine $option
done
run 2 "unknown option '--blend-key'" "ck-infer --blend-key" ck-infer -m "$small" --blend-key 0.5
fails 2 "detail needs --refine" "before anything is read" bash -c "sleep 5 | timeout 4 ck-infer --detail"
run 2 "no model: name a checkpoint with --model" "no model anywhere" ck-infer
run 1 "$tmp/nothing.pth: " "a model that is not there" ck-refine -m "$tmp/nothing.pth"
run 1 "$tmp/in.ck: " "a model that is none" ck-infer -m "$tmp/in.ck"
head -c 5000 "$small" >"$tmp/cut.safetensors"
run 1 "$tmp/cut.safetensors: " "half a model" ck-infer -m "$tmp/cut.safetensors"
ck-infer -m "$small" <"$tmp/in.ck" | ck-refine -m "$small" | data "$tmp/named"
CK_MODEL=$small ck-infer <"$tmp/in.ck" | CK_MODEL=$small ck-refine | data "$tmp/meant"
ok "CK_MODEL names one" diff -r "$tmp/named" "$tmp/meant"
unset CK_MODEL
mkdir -p "$tmp/data/ck"
cp "$small" "$tmp/data/ck/Some Model.safetensors"
ok "the user's folder holds one" bash -c "ck-infer <'$tmp/in.ck' >'$tmp/x.ck'"
is "ck key takes it" "$(ck key -n a b)" \
    "$(ck key -n -m "$tmp/data/ck/Some Model.safetensors" a b)"
is "unless told to key classically" "$(ck key -n --classical a b | grep -c ck-infer)" 0
cp "$small" "$tmp/data/ck/other.pth"
run 2 "$tmp/data/ck: several models for green screens, 'Some Model.safetensors' and 'other.pth'" "two are one too many" ck-infer
is "-m settles it" "$(ck key -n -m "$small" a b | grep -o -- "ck-[a-z]* --model=" | tr '\n' ' ')" "ck-infer --model= ck-refine --model= "
rm -r "$tmp/data"
fails 2 "--size=64 needs the network, but no model was found" "the network's options without a model" ck key -s 64 a b

# A frame for which the network's result is not finite.
make_stream -n 3 -q 1 -g 33x20 rgb:f32:3:srgb hint:u8:1 >"$tmp/nan.ck"
fails 1 "frame 1002: the network's result is not finite" "NaN in a plate" \
    bash -c "ck-infer -m '$small' <'$tmp/nan.ck' >'$tmp/x.ck'"
fails 3 "frame 1002: the network's result is not finite" "--keep-going: one frame is lost" \
    bash -c "ck-infer --keep-going -m '$small' <'$tmp/nan.ck' | ck-refine -m '$small' >'$tmp/x.ck'; s=\${PIPESTATUS[*]}; echo \"\$s\" >&2; exit 3"
is "both programs say so" "$(tail -1 "$tmp/.err")" "3 3"
fails 3 "frame 1002: the network's result is not finite" "--refine notices it too" \
    bash -c "ck-infer --keep-going --refine -m '$small' <'$tmp/nan.ck' >'$tmp/both.ck'"
is "the others are refined" "$(ck-info <"$tmp/x.ck" 2>"$tmp/err" | grep -c ' alpha:f32:1x20x33')" 2
done_testing
