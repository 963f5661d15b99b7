#!/bin/bash
# The model that comes with ck: it is found, runs as it wants to be run, is no worse than the classical key on what it was
# not trained on, and forgives a bad hint.
. "$(dirname "$0")/tap.sh"
small=$here/../models/ck-small.safetensors
mad() { ck-compare --json "$tmp/truth.ck" "$1" | perl -MJSON::PP -e 'local $/; print decode_json(<STDIN>)->{mean}{MAD}'; }
less() { perl -e 'exit !($ARGV[0] < $ARGV[1])' "$1" "$2"; }

ok "it is a checkpoint" ck-model check "$small"
is "of at most 8 MB" "$(($(stat -c %s "$small") <= 8000000))" 1
is "that says what it is" "$(head -c 3000 "$small" | grep -aoE '"(version|license|trained|num_heads|ck_key)"' | sort -u | wc -l)" 5

is "and that it is poor without a key" "$(ck-synth -g 64x64 -n 1 | ck-hint | ck-infer -m "$small" -s 64 2>&1 >"$tmp/x.ck" | grep -c "poor without the plane 'key'")" 1

# Installed beside the programs it is found by itself.
mkdir -p "$tmp/usr/bin" "$tmp/usr/share/ck"
cp "$bin/ck" "$tmp/usr/bin"
cp "$small" "$tmp/usr/share/ck/small.safetensors"
is "ck key takes it where there is no other" \
    "$(env -u CK_MODEL "$tmp/usr/bin/ck" key -n a b 2>"$tmp/err" | grep -o 'ck-[a-z]* --[^|]*model=[^ ]*share/ck/small.safetensors' | wc -l)" 2

for screen in "" --blue; do
    name=${screen:---green}
    ck-synth -g 1280x720 -n 1 --seed 11 $screen >"$tmp/truth.ck"
    ck-encode --plane rgb=png <"$tmp/truth.ck" "$tmp/shot$screen" 2>"$tmp/err"
    ck-hint --method key <"$tmp/truth.ck" >"$tmp/key.ck"
    chain=$(ck key -n -m "$small" a b | sed 's/^ck-decode [^|]*| //; s/| ck-encode.*//')
    ok "${name#--}: keyed" bash -c "ck-decode '$tmp/shot$screen/rgb/00000.png' | $chain >'$tmp/out.ck'"
    key=$(mad "$tmp/key.ck")
    out=$(mad "$tmp/out.ck")
    ok "${name#--}: MAD $out, the key's is $key" less "$out" "$(perl -e "print 1.1 * $key")"
    # A third of the picture the wrong way round.
    ck-encode --plane hint=png "$tmp/hint$screen" <"$tmp/key.ck" 2>"$tmp/err"
    ffmpeg -v error -y -i "$tmp/hint$screen/hint/00000.png" -vf "negate=enable=1,format=gray" "$tmp/not.png"
    ffmpeg -v error -y -i "$tmp/hint$screen/hint/00000.png" -i "$tmp/not.png" \
        -filter_complex "[1]crop=iw/3:ih:iw/3:0[c];[0]format=gray[b];[b][c]overlay=W/3:0,format=gray" "$tmp/spoilt.png"
    ok "${name#--}: keyed with a spoilt hint" \
        bash -c "ck-decode --hint '$tmp/spoilt.png' '$tmp/shot$screen/rgb/00000.png' | $chain >'$tmp/bad.ck'"
    bad=$(mad "$tmp/bad.ck")
    ok "${name#--}: MAD $bad then" less "$bad" "$(perl -e "print 1.5 * $out")"
done
done_testing
