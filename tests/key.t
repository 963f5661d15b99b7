#!/bin/bash
# ck key and ck doctor: stages, their options, and messages of failures.
. "$(dirname "$0")/tap.sh"

plan() { ck key -n "$@" 2>/dev/null | sed -E 's/ --threads=[0-9]+//g'; }
classical="ck-matte --from=hint | ck-post --depth=16 --unmix --despeckle=off"
is "the plan" "$(plan shot.mov out)" \
    "ck-decode -- shot.mov | ck-hint --method=key | $classical | ck-encode -- out"
is "an option goes to every stage that has it" "$(plan --screen blue a b)" \
    "ck-decode -- a | ck-hint --method=key --screen=blue | $classical --screen=blue | ck-encode -- b"
is "or to the one that is named" "$(plan --post:screen=blue a b)" \
    "ck-decode -- a | ck-hint --method=key | $classical --screen=blue | ck-encode -- b"
is "the screen's colour by hand is ck-hint's" "$(plan --screen-colour 110,115,105 a b)" \
    "ck-decode -- a | ck-hint --method=key --screen-colour=110,115,105 | $classical | ck-encode -- b"
fails 2 "ck-hint: --screen-at '5': give X,Y" "a wrong one, before anything starts" ck key --screen-at 5 a b
is "names are quoted for a shell" "$(plan "it's a shot.mov" 'out dir')" \
    "ck-decode -- 'it'\\''s a shot.mov' | ck-hint --method=key | $classical | ck-encode -- 'out dir'"
is "threads are shared out, at least one a stage" \
    "$(ck key -n -t 12 a b 2>/dev/null | grep -o 'threads=[0-9]*' | tr '\n' ' ')" "threads=1 threads=3 threads=1 threads=3 threads=3 "
is "and can be named" "$(ck key -n -t 4 --encode:threads 9 a b 2>/dev/null | grep -o 'threads=[0-9]*' | tail -1)" "threads=9"

fails 2 "ck key INPUT OUT" "no arguments" ck key
fails 2 "ck key INPUT OUT" "one argument" ck key a
fails 2 "ck key INPUT OUT" "three arguments" ck key a b c
fails 2 "unknown option '--nope'" "an unknown option" ck key --nope a b
fails 2 "no stage 'grade'" "an unknown stage" ck key --grade:threads 3 a b
fails 2 "one of green|blue|auto" "a wrong value, before anything starts" ck key --screen red a b
fails 2 "unknown command 'kye': did you mean 'key'?" "an unknown command" ck kye
fails 2 "unknown command 'decode': did you mean 'ck-decode'?" "a program as a command" ck decode
fails 2 "did you mean --despill? See ck key" "a mistyped option" ck key --dispill 1 a b
fails 2 "did you mean --encode:threads?" "of one stage" ck key --encode:theads 1 a b
fails 2 "no command" "no command" ck
fails 1 "nowhere.mov" "a file that is not there" ck key "$tmp/nowhere.mov" "$tmp/out"
fails 2 "takes no value" "a value where none belongs" ck key --dry-run=no a b
fails 2 "takes no value" "or behind a letter" ck key -n4 a b
is "--version" "$(ck key --version a b)" "ck key $(ck --version | cut -d' ' -f2)"
ok "--help=all" ck key --help=all
is "has a section for every stage" "$(grep -c "^Options of" "$tmp/.out")" 7
ok "doctor finds the programs" ck doctor
is "every program that is installed, and no other" "$(ck doctor | awk '$2 ~ /^ck-/ { print $2 }' | sort | tr '\n' ' ')" \
    "$(cd "$bin" && ls -d ck-* | sort | tr '\n' ' ')"
is "and says what is missing" "$(grep -c '^no   CUDA' "$tmp/.out")" 1
ck doctor >"$tmp/doctor"
ok "doctor --json says the same" python3 - "$tmp/doctor" <<'PY'
import json, subprocess, sys
rows = json.loads(subprocess.run(["ck", "doctor", "--json"], stdout=subprocess.PIPE, text=True).stdout)
lines = open(sys.argv[1]).read().splitlines()
assert len(rows) == len(lines), (len(rows), len(lines))
for row, line in zip(rows, lines):
    assert sorted(row) == ["detail", "remedy", "state", "what"], row
    assert line.startswith(row["state"]) and row["what"] in line, (row, line)
    assert row["state"] == "ok" or row["remedy"] in line, (row, line)
PY
is "a missing model: the command that mends it" "$(grep -c '^no *model .*ck model fetch$' "$tmp/doctor")" 1
fails 2 "unknown argument" "doctor with another argument" ck doctor --jso
fails 1 "cannot write" "doctor on a full disk" bash -c "ck doctor > /dev/full"

fails 2 "unknown option '--scale'" "the refiner's scale under its old name" ck key -m M --scale 0 a b
fails 2 "unknown option '--refine:scale=0'" "likewise with = and one stage" ck key -m M --refine:scale=0 a b
fails 2 "ck key: --range has been renamed: use --code-range" "--code-range under its old name" ck key --range full a b
fails 2 "ck key: --range has been renamed: use --code-range" "likewise with = and one stage" ck key --decode:range=full a b
fails 2 "unknown option '--correct'" "a correction of the key" ck key -m M --correct 0.5 a b
fails 2 "unknown option '--blend-key'" "a blend of hint and key" ck key -m M --blend-key 0.5 a b
is "what the user says is the last word" "$(plan -m M --refiner-scale 0 -s 96 --method hsv --refiner-scale 1 a b)" \
    "ck-decode -- a | ck-hint --method=hsv | ck-infer --model=M --size=96 | ck-refine --model=M --refiner-scale=0 --refiner-scale=1 | ck-post --depth=16 | ck-encode -- b"

# Halves where all files are halves.
bits() { plan "$@" | grep -o 'ck-post.*|' | grep -o 'depth=[0-9]*' | tail -1; }
is "the files are halves: so are the planes" "$(bits a b) $(bits --fg exr --processed off --comp mp4 a b) $(bits --plane fg=exr a b)" \
    "depth=16 depth=16 depth=16"
for more in "--fg png16" "--processed mov" "--processed exr32" "--plane fg=tiff32f" "--output-space acescg" "--fg-encoding linear" \
    "--alpha straight"; do
    is "not with $more" "$(bits $more a b)" ""
done
is "nor if asked" "$(bits --depth 32 a b)" depth=32

# ck-matte in the plan.
is "the matte gets the value of --despeckle" "$(plan --despeckle 50 --post:despeckle 60 a b)" \
    "ck-decode -- a | ck-hint --method=key | ck-matte --from=hint --specks=60 | ck-post --depth=16 --unmix --despeckle=off | ck-encode -- b"
is "off too" "$(plan --despeckle=off a b)" \
    "ck-decode -- a | ck-hint --method=key | ck-matte --from=hint --specks=off | ck-post --depth=16 --unmix --despeckle=off | ck-encode -- b"
is "--specks and --from are the last word" "$(plan --classical --specks 7 --from key a b)" \
    "ck-decode -- a | ck-hint --method=key | ck-matte --from=hint --specks=7 --from=key | ck-post --depth=16 --unmix --despeckle=off | ck-encode -- b"
network="ck-decode -- a | ck-hint | ck-infer --model=M | ck-refine --model=M"
is "a network needs no ck-matte" "$(plan -m M --despeckle 5 a b)" "$network | ck-post --depth=16 --despeckle=5 | ck-encode -- b"
is "unless one of its options is given" "$(plan -m M --grow -0.5 a b)" \
    "$network | ck-matte --grow=-0.5 | ck-post --depth=16 | ck-encode -- b"
is "an option that others have, too, is no reason" "$(plan -m M --matte:depth 16 --matte:verbose a b)" \
    "$network | ck-post --depth=16 | ck-encode -- b"
is "with --refine" "$(plan -m M --refine --soften 2 a b)" \
    "ck-decode -- a | ck-hint | ck-infer --model=M --refine | ck-matte --soften=2 | ck-post --depth=16 | ck-encode -- b"
fails 2 "ck-matte: --black 0.5 is not below --white 0.5" "levels that cross" ck key -n -m M --black 0.5 --white 0.5 a b

# Real keying of small frames: a sequence, stills of different sizes, a failing stage.
ck-synth -g 160x90 -n 3 | ck-encode --plane rgb=png "$tmp/shot" 2>"$tmp/err"
ok "a sequence is keyed" ck key "$tmp/shot/rgb" "$tmp/key"
is "all four sets are there" "$(cd "$tmp/key" && find . -type f ! -name .ck-lock ! -name ck-job.json | wc -l)" 12
# Without a checkpoint the same files as --classical, and one line about it.
words="classical keying; for the network, run ck model fetch or give --model"
is "no checkpoint: one line says so, and where one was looked for" "$(cat "$tmp/.err")" \
    "ck key: no model was found in $XDG_DATA_HOME/ck (*.safetensors, *.pth): $words"
ok "keyed with --classical" ck key --classical "$tmp/shot/rgb" "$tmp/asked"
is "--classical: not a word" "$(cat "$tmp/.err")" ""
ok "the same files" diff -r -x ck-job.json "$tmp/key" "$tmp/asked"
# Planes of halves give the files that planes of floats give.
for options in "" "--passthrough" "--despeckle 20 --soften 1"; do
    ck key --classical --provenance off $options "$tmp/shot/rgb" "$tmp/halves" 2>"$tmp/err"
    ck key --classical --provenance off --depth 32 $options "$tmp/shot/rgb" "$tmp/floats" 2>"$tmp/err"
    ok "32 bits inside change no file${options:+, with $options}" diff -r -x ck-job.json "$tmp/halves" "$tmp/floats"
    rm -r "$tmp/halves" "$tmp/floats"
done
mkdir "$tmp/home"
ok "in a new HOME" env -u XDG_DATA_HOME HOME="$tmp/home" ck key "$tmp/shot/rgb" "$tmp/new"
is "the folder is the one in HOME" "$(cat "$tmp/.err")" "ck key: no model was found in $tmp/home/.local/share/ck (*.safetensors, *.pth): $words"
ok "without any HOME" env -u XDG_DATA_HOME -u HOME ck key "$tmp/shot/rgb" "$tmp/homeless"
is "no folder is named" "$(cat "$tmp/.err")" "ck key: no model was found: $words"
ok "the same files again" diff -r -x ck-job.json "$tmp/key" "$tmp/homeless"
M=$tmp/m.safetensors
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$M"
ok "a sequence is keyed by a network" ck key -m "$M" "$tmp/shot/rgb" "$tmp/key2"
is "without a word about the model that was named" "$(cat "$tmp/.err")" ""
is "all four sets are there, too" "$(cd "$tmp/key2" && find . -type f ! -name .ck-lock ! -name ck-job.json | wc -l)" 12
ok "likewise by the coarse matte" ck key -m "$M" --refiner-scale 0 "$tmp/shot/rgb" "$tmp/key3"
! cmp -s "$tmp/key2/Matte/00000.exr" "$tmp/key3/Matte/00000.exr"
is "which is another" $? 0
mkdir "$tmp/stills"
cp "$tmp/shot/rgb/00000.png" "$tmp/stills/small one.png"
ck-synth -g 96x64 --seed 2 | ck-encode --plane rgb=png "$tmp/shot2" 2>"$tmp/err"
cp "$tmp/shot2/rgb/00000.png" "$tmp/stills/other.png"
ok "a folder of stills of different sizes is keyed one by one" ck key "$tmp/stills" "$tmp/stills out"
is "under their own names" "$(ls "$tmp/stills out/Matte" | tr '\n' ' ')" "other.exr small one.exr "
mkdir "$tmp/cut"
ck-synth -g 64x36 -n 2 | ck-encode --plane rgb=exr "$tmp/cut" 2>"$tmp/err"
truncate -s 300 "$tmp/cut/rgb/00001.exr"
ck key "$tmp/cut/rgb" "$tmp/cut out" 2>"$tmp/err"
is "a folder with a damaged EXR fails, and only our programs speak" "$? $(grep -vc '^ck[- ]' "$tmp/err")" "1 0"
fails 1 "killed by signal 9" "a killed stage is named" bash -c '
    mkfifo "'"$tmp"'/pipe"; ck key "'"$tmp"'/pipe" "'"$tmp"'/k2" & pid=$!
    exec 3>"'"$tmp"'/pipe"; until pkill -9 -P $pid -x ck-hint; do sleep 0.05; done; exec 3>&-; wait $pid'
# SIGTERM is passed on to every stage; a second one kills stages that do not react.  SIGINT is sent as by a terminal: a
# shell makes its background jobs ignore it.
told() { # STATUS NAME SIGNALS BEFORE
    local status=$1 name=$2 signals=$3
    mkfifo "$tmp/pipe.$name"
    env --default-signal=INT ck key "$tmp/pipe.$name" "$tmp/k3" 2>"$tmp/err" &
    local pid=$!
    exec 3>"$tmp/pipe.$name"
    until [ "$(pgrep -c -P $pid ck-)" = 5 ]; do sleep 0.05; done
    local stages; stages=$(pgrep -P $pid ck- | tr '\n' ' ')
    [ -z "$4" ] || kill -"$4" ${stages%% *}
    for s in $signals; do kill -"$s" $pid 2>"$tmp/gone"; sleep 0.2; done # the first one may have sufficed
    wait $pid
    is "SIG${signals// / and SIG}: the status" $? "$status"
    local left=; for s in $stages; do [ -d "/proc/$s" ] && left+="$s "; done
    is "and no stage is left" "$left" ""
    exec 3>&-
}
told 143 term TERM ""
told 130 int INT ""
told 130 stopped "INT INT" STOP
fails 1 "a file of this name is in the way" "OUT is a file" ck key "$tmp/shot/rgb" "$tmp/shot/rgb/00000.png"

# The screen of the whole input counts, for ranges too: black frames, then blue ones.
mkdir "$tmp/leader"
ffmpeg -v error -f lavfi -i color=black:s=64x48:r=1:d=2 -pix_fmt rgb24 "$tmp/leader/a.%04d.png"
ffmpeg -v error -f lavfi -i color=0x1e3cbe:s=64x48:r=1:d=2 -pix_fmt rgb24 -start_number 3 "$tmp/leader/a.%04d.png"
for frames in 1-4 1 3-4; do
    ok "--frames $frames" ck key -v --classical --frames $frames "$tmp/leader" "$tmp/leader-$frames"
    is "the screen is decided on the whole input" "$(grep -c 'screen blue: given by --screen' "$tmp/.err")" 2
done
ffmpeg -v error -start_number 1 -i "$tmp/leader/a.%04d.png" -c:v ffv1 "$tmp/leader.mkv"
ok "a video" ck key -v --classical "$tmp/leader.mkv" "$tmp/leader-video"
is "whose first frame does not decide" "$(grep -c 'screen blue: given by --screen' "$tmp/.err")" 2
pixels() { rm -rf "$tmp/npy" && ck-decode "$1" | ck-info --npy "$tmp/npy" && cat "$tmp"/npy/rgb.*.npy | sha256sum; }
for file in 1/FG/a.0001 3-4/Matte/a.0003; do
    is "ranges join without a seam: $file" "$(pixels "$tmp/leader-$file.exr")" "$(pixels "$tmp/leader-1-4/${file#*/}.exr")"
done
ok "--screen goes before it" ck key -v --classical --screen green "$tmp/leader" "$tmp/asked"
is "in every stage" "$(grep -c 'screen green: given by --screen' "$tmp/.err")" 2
ok "--screen of one stage too" ck key -v --classical --hint:screen green "$tmp/leader" "$tmp/asked"
is "the others get the input's" "$(grep -c 'screen green: given by --screen' "$tmp/.err")-$(grep -c 'screen blue: given by --screen' "$tmp/.err")" 1-1
# No screen for long: the whole input is not decoded for it.
ffmpeg -v error -f lavfi -i color=black:s=32x16:r=25:d=20.04 -c:v ffv1 "$tmp/dark.mkv"
ok "501 black frames" ck key --classical --frames 0 "$tmp/dark.mkv" "$tmp/dark"
is "500 of them are looked at" "$(grep -c 'ck key: no screen in the first 500 frames' "$tmp/.err")" 1
# A colour given by hand decides for all stages, and its screen is unmixed: grey-blue, with a red box in front.
ffmpeg -v error -f lavfi -i "color=0x64696e:s=64x48:r=1:d=1" -vf "drawbox=24:16:16:32:0xb04c40:t=fill,format=rgb24" "$tmp/grey.png"
for by in "--screen-colour 100,105,110" "--screen-at 5,5"; do
    ok "$by" ck key -v --classical $by "$tmp/grey.png" "$tmp/grey"
    is "$by decides which screen it is, in every stage" "$(grep -c 'screen blue: given by --screen' "$tmp/.err")" 2
    ck-decode "$tmp/grey/Matte/grey.exr" | ck-info --npy "$tmp/npy"
    half() { od -A n -t x2 -j $((128 + 2 * ($2 * 64 + $1))) -N 2 "$tmp/npy/rgb.000000.npy" | tr -d ' '; }
    is "$by: 0 on the screen, 1 in the subject" "$(half 5 5) $(half 32 32)" "0000 3c00"
done
# --quality
touch "$tmp/m.safetensors"
stages() { ck key -n -m "$tmp/m.safetensors" "$@" shot.mov out 2>"$tmp/err" | sed 's/ --threads=[0-9]*//g; s/ --model=[^ ]*//g'; }
is "--quality draft" "$(stages --quality draft)" "ck-decode -- shot.mov | ck-hint | ck-infer --size=512 | ck-refine | ck-post --depth=16 | ck-encode -- out"
is "--quality good, and an option of one's own" "$(stages --quality good -s 768 | grep -o 'ck-infer[^|]*')" "ck-infer --size=1024 --size=768 "
is "--quality best" "$(stages --quality best)" \
    "ck-decode -- shot.mov | ck-hint --with-key | ck-infer | ck-refine --detail | ck-post --depth=16 --unmix | ck-encode -- out"
is "--quality without a network" "$(ck key -n --classical --quality best shot.mov out)" "$(ck key -n --classical shot.mov out)"
done_testing
