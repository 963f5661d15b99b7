#!/bin/bash
# ck key and ck doctor: what runs, with which options, and what is said when it fails.
. "$(dirname "$0")/tap.sh"

plan() { ck key -n "$@" 2>/dev/null | sed -E 's/ --threads=[0-9]+//g'; }
is "the plan" "$(plan shot.mov out)" \
    "ck-decode -- shot.mov | ck-hint --method=key | ck-post --classical | ck-encode -- out"
is "an option goes to every stage that has it" "$(plan --screen blue a b)" \
    "ck-decode -- a | ck-hint --method=key --screen=blue | ck-post --classical --screen=blue | ck-encode -- b"
is "or to the one that is named" "$(plan --post:screen=blue a b)" \
    "ck-decode -- a | ck-hint --method=key | ck-post --classical --screen=blue | ck-encode -- b"
is "names are quoted for a shell" "$(plan "it's a shot.mov" 'out dir')" \
    "ck-decode -- 'it'\\''s a shot.mov' | ck-hint --method=key | ck-post --classical | ck-encode -- 'out dir'"
is "threads are shared out, at least one a stage" \
    "$(ck key -n -t 12 a b 2>/dev/null | grep -o 'threads=[0-9]*' | tr '\n' ' ')" "threads=1 threads=4 threads=4 threads=4 "
is "and can be named" "$(ck key -n -t 4 --encode:threads 9 a b 2>/dev/null | grep -o 'threads=[0-9]*' | tail -1)" "threads=9"

fails 2 "ck key INPUT OUT" "no arguments" ck key
fails 2 "ck key INPUT OUT" "one argument" ck key a
fails 2 "ck key INPUT OUT" "three arguments" ck key a b c
fails 2 "unknown option '--nope'" "an unknown option" ck key --nope a b
fails 2 "no stage 'grade'" "an unknown stage" ck key --grade:threads 3 a b
fails 2 "one of green|blue|auto" "a wrong value, before anything starts" ck key --screen red a b
fails 2 "unknown command" "an unknown command" ck kye
fails 2 "no command" "no command" ck
fails 1 "nowhere.mov" "a file that is not there" ck key "$tmp/nowhere.mov" "$tmp/out"
fails 2 "takes no value" "a value where none belongs" ck key --dry-run=no a b
fails 2 "takes no value" "or behind a letter" ck key -n4 a b
is "--version" "$(ck key --version a b)" "ck key $(ck --version | cut -d' ' -f2)"
ok "--help" ck key --help
is "shows the options of every stage" "$(grep -c "^Options of" "$tmp/.out")" 6
ok "doctor finds the programs" ck doctor
is "and says what is missing" "$(grep -c '^no   CUDA' "$tmp/.out")" 1
fails 1 "cannot write" "doctor on a full disk" bash -c "ck doctor > /dev/full"

# A model that says how it wants to be run.
small() { "$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$@"; }
small --ck-key "--method=key --with-key --size=64 --blue-as-green --blend-key=0.5 --scale=0 --detail --correct=0.5 --unmix" "$tmp/advice.safetensors"
M=$tmp/advice.safetensors
is "ck-model shows it" "$(ck-model check "$M" | grep '^ck_key')" \
    "ck_key   --method=key --with-key --size=64 --blue-as-green --blend-key=0.5 --scale=0 --detail --correct=0.5 --unmix"
is "a model's advice is taken" "$(plan -m "$M" a b)" \
    "ck-decode -- a | ck-hint --with-key --method=key | ck-infer --blend-key=0.5 --blue-as-green --size=64 --model=$M | ck-refine --correct=0.5 --detail --scale=0 --blue-as-green --model=$M | ck-post --unmix | ck-encode -- b"
is "in one program, too" "$(plan --refine -m "$M" a b | grep -o 'ck-infer [^|]*')" \
    "ck-infer --correct=0.5 --detail --scale=0 --blend-key=0.5 --blue-as-green --size=64 --refine --model=$M "
is "and what the user says comes behind it" "$(plan -m "$M" --scale 1 -s 96 --method hsv a b | grep -o '\-\-\(method\|size\|scale\)=[^ ]*' | tr '\n' ' ')" \
    "--method=key --method=hsv --size=64 --size=96 --scale=0 --scale=1 "
small --ck-key "--method=key --model=/etc/passwd" "$tmp/bold.safetensors"
fails 1 "bold.safetensors: its metadata asks ck key for '--model=/etc/passwd'" "a model may not ask for everything" \
    ck key -n -m "$tmp/bold.safetensors" a b
small --ck-key "--scale=x" "$tmp/wrong.safetensors"
fails 2 "scale" "nor for nonsense" ck key -n -m "$tmp/wrong.safetensors" a b

# Real keying, small: a sequence, then stills of different sizes, then a failing stage.
ck-synth -g 160x90 -n 3 | ck-encode --plane rgb=png "$tmp/shot" 2>"$tmp/err"
ok "a sequence is keyed" ck key "$tmp/shot/rgb" "$tmp/key"
is "all four sets are there" "$(cd "$tmp/key" && find . -type f | wc -l)" 12
ok "likewise with such a model" ck key -m "$M" "$tmp/shot/rgb" "$tmp/key2"
is "all four sets are there, too" "$(cd "$tmp/key2" && find . -type f | wc -l)" 12
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
# Told to end: SIGTERM goes on to every stage, and the second one kills what does not listen.  SIGINT as a terminal
# would send it: a shell has its background jobs ignore it.
told() { # STATUS NAME SIGNALS BEFORE
    local status=$1 name=$2 signals=$3
    mkfifo "$tmp/pipe.$name"
    env --default-signal=INT ck key "$tmp/pipe.$name" "$tmp/k3" 2>"$tmp/err" &
    local pid=$!
    exec 3>"$tmp/pipe.$name"
    until [ "$(pgrep -c -P $pid ck-)" = 4 ]; do sleep 0.05; done
    local stages; stages=$(pgrep -P $pid ck- | tr '\n' ' ')
    [ -z "$4" ] || kill -"$4" ${stages%% *}
    for s in $signals; do kill -"$s" $pid; sleep 0.2; done
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
done_testing
