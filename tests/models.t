#!/bin/bash
# Models for green and for blue screens in one folder: ck key takes the one for the screen.
. "$(dirname "$0")/tap.sh"
model() { # SEED FILE
    "$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 64 --decoder-width 24 --refiner-width 16 --seed "$1" "$2"
}
folder=$XDG_DATA_HOME/ck
mkdir -p "$folder" "$tmp/none"
model 1 "$folder/CorridorKey_v1.0.pth"
model 2 "$folder/CorridorKeyBlue_1.0.safetensors"
green=$folder/CorridorKey_v1.0.pth
blue=$folder/CorridorKeyBlue_1.0.safetensors
shot() { # NAME OPTIONS...
    local name=$1
    shift
    ck-synth -g 64x36 -n 2 "$@" | ck-encode --plane rgb=png "$tmp/$name" 2>"$tmp/err"
}
values() { ck-info --npy "$1" >"$tmp/err" 2>&1; }
shot green
shot blue --blue

ok "a green shot" ck key "$tmp/green/rgb" "$tmp/g"
is "by the model for green screens" "$(cat "$tmp/.err")" "ck key: model: $green, for a green screen"
ok "a blue shot" ck key "$tmp/blue/rgb" "$tmp/b"
is "by the model for blue screens" "$(cat "$tmp/.err")" "ck key: model: $blue, for a blue screen"
ok "as with -m" ck key -m "$blue" "$tmp/blue/rgb" "$tmp/b2"
ok "the same files, record included" bash -c "diff -r '$tmp/b' '$tmp/b2' -x ck-job.json && diff <(grep -o '\"model\": *\"[^\"]*' '$tmp/b/ck-job.json') <(grep -o '\"model\": *\"[^\"]*' '$tmp/b2/ck-job.json')"
ok "--screen decides" ck key --screen green "$tmp/blue/rgb" "$tmp/b3"
is "and is named" "$(cat "$tmp/.err")" "ck key: model: $green, for a green screen"
is "-n: --screen decides there, too" "$(ck key -n --screen blue a b | grep -o -- '--model=[^ ]*' | sort -u)" "--model=$blue"
is "without it a comment says what a run does" "$(ck key -n a b | sed -n '1p;2s/.*ck-infer --model=\([^ ]*\) .*/\1/p')" \
    "# without -n, the screen is found first, and decides which model
$green"
ok "--model FOLDER" env XDG_DATA_HOME="$tmp/none" ck key -m "$folder" "$tmp/blue/rgb" "$tmp/b4"
is "chooses in it" "$(cat "$tmp/.err")" "ck key: model: $blue, for a blue screen"
ok "\$CK_MODEL may be a folder" env XDG_DATA_HOME="$tmp/none" CK_MODEL="$folder" ck key "$tmp/blue/rgb" "$tmp/b5"
is "and chooses, too" "$(cat "$tmp/.err")" "ck key: model: $blue, for a blue screen"
ok "the same files again" bash -c "diff -r -x ck-job.json '$tmp/b' '$tmp/b4' && diff -r -x ck-job.json '$tmp/b' '$tmp/b5'"
ok "a job" ck key --resume "$tmp/blue/rgb" "$tmp/b6"
ok "by the same model" diff -r -x ck-job.json "$tmp/b" "$tmp/b6"

# A stage alone.
ck-decode "$tmp/blue/rgb" | ck-hint >"$tmp/in.ck" 2>"$tmp/err"
ck-infer <"$tmp/in.ck" | values "$tmp/alone"
ck-infer -m "$green" <"$tmp/in.ck" | values "$tmp/named"
ok "ck-infer alone takes the one for green screens" diff -r "$tmp/alone" "$tmp/named"
is "doctor lists both" "$(ck doctor | grep -c '^ok *model, [a-z]* screen *.*trained at 64 x 64')" 2

# Stills of different sizes: each by its own screen.
mkdir "$tmp/stills"
cp "$tmp/blue/rgb/00000.png" "$tmp/stills/a.png"
ck-synth -g 96x64 | ck-encode --plane rgb=png "$tmp/large" 2>"$tmp/err"
cp "$tmp/large/rgb/00000.png" "$tmp/stills/b.png"
ok "stills of different sizes and screens" ck key "$tmp/stills" "$tmp/s"
is "each by its own model" "$(grep model: "$tmp/.err")" "ck key: model: $blue
ck key: model: $green"
ck-decode "$tmp/s/Matte/a.exr" | values "$tmp/a"
ck-decode "$tmp/b/Matte/00000.exr" | values "$tmp/first"
ok "as if keyed alone" cmp "$tmp/a"/*.npy "$tmp/first"/rgb*.npy

# One model for both, several for one, none.
mv "$green" "$tmp/kept.pth"
ok "only a model for blue screens" ck key "$tmp/green/rgb" "$tmp/g2"
is "is used, which is said" "$(cat "$tmp/.err")" \
    "ck key: model: $blue, though the screen is green: no file there is without 'blue' in its name"
rm "$blue"
cp "$tmp/kept.pth" "$green"
ok "only a model for green screens" ck key "$tmp/blue/rgb" "$tmp/b7"
is "is used, which is said, too" "$(cat "$tmp/.err")" \
    "ck key: model: $green, though the screen is blue: no file there has 'blue' in its name"
ok "in front of a green screen" ck key "$tmp/green/rgb" "$tmp/g3"
is "there is nothing to say" "$(cat "$tmp/.err")" "ck key: model: $green"
ok "\$CK_MODEL names a file" env CK_MODEL="$green" ck key "$tmp/blue/rgb" "$tmp/b8"
is "nor then" "$(cat "$tmp/.err")" "ck key: model: $green"
cp "$green" "$folder/another.pth"
fails 2 "several models for green screens, 'CorridorKey_v1.0.pth' and 'another.pth'" "two for one screen" \
    ck key "$tmp/green/rgb" "$tmp/g4"
fails 2 "$tmp/none: no model (*.safetensors, *.pth) in this folder" "a folder without any" ck key -m "$tmp/none" "$tmp/green/rgb" "$tmp/g5"
fails 2 "or put one into $tmp/empty/ck (*.safetensors, *.pth)" "a stage names the folder" \
    env XDG_DATA_HOME="$tmp/empty" bash -c "ck-infer <'$tmp/in.ck'"
fails 2 "ck-infer and ck-refine need one folder, or two files" "two folders" \
    ck key --infer:model "$tmp/none" --refine:model "$green" "$tmp/green/rgb" "$tmp/g6"
is "doctor names the folder" "$(XDG_DATA_HOME=$tmp/empty ck doctor | grep '^no *model')" \
    "no   model                  none in $tmp/empty/ck (*.safetensors, *.pth): keying is classical; for the network: ck model fetch"
done_testing
