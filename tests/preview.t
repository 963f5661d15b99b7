#!/bin/bash
# --preview: pictures for a player, which may be slow, gone or missing.
. "$(dirname "$0")/tap.sh"
ck-synth -n 6 -g 64x48 | ck-encode --plane rgb=png "$tmp/shot"
run() { # OUT OPTION...
    local out=$1
    shift
    PATH=$tmp/player:$PATH ck key --classical --fg off --processed off --matte off "$@" "$tmp/shot/rgb" "$tmp/$out"
}
player() { # COMMANDS: a player called ffplay
    mkdir -p "$tmp/player"
    printf '#!/bin/sh\n%s\n' "$1" >"$tmp/player/ffplay"
    chmod +x "$tmp/player/ffplay"
}
player "echo \"\$@\" >$tmp/words; cat >$tmp/pictures.new; mv $tmp/pictures.new $tmp/pictures"
ok "ck key --preview" run out --preview
for _ in $(seq 50); do [ -e "$tmp/pictures" ] || sleep 0.1; done
ok "the player is told size and rate" grep -q -- '-video_size 64x48 -framerate 24/1' "$tmp/words"
n=$(($(stat -c %s "$tmp/pictures") / (64 * 48 * 3)))
[ "$n" -ge 1 ] && [ "$n" -le 6 ] && [ $((n * 64 * 48 * 3)) = "$(stat -c %s "$tmp/pictures")" ]
report $? "whole pictures arrive ($n)"
ffmpeg -v error -i "$tmp/out/Comp/00000.png" -f rawvideo -pix_fmt rgb24 "$tmp/first" </dev/null
ok "the first is the comp of the first frame" cmp -n $((64 * 48 * 3)) "$tmp/first" "$tmp/pictures"
ok "nothing else changes" run plain
ok "the same files" diff -r -x ck-job.json "$tmp/out" "$tmp/plain"

ck-synth -n 2 -g 1930x40 | ck-encode --plane rgb=png "$tmp/wide"
ok "a wide picture" env PATH="$tmp/player:$PATH" ck key --classical --preview --fg off --processed off --matte off "$tmp/wide/rgb" "$tmp/w"
for _ in $(seq 50); do grep -q 643x13 "$tmp/words" || sleep 0.1; done
ok "is shown at most 960 pixels wide" grep -q -- '-video_size 643x13' "$tmp/words"

player "exec head -c 100 >/dev/null"
ok "a player that is closed" run gone --preview
player "echo \$\$ >$tmp/pid; exec sleep 60"
ck-synth -n 30 -g 640x360 | ck-encode --plane rgb=png "$tmp/large"
begin=$(date +%s)
ok "a player that takes nothing" env PATH="$tmp/player:$PATH" ck key --classical --preview --fg off --processed off --matte off "$tmp/large/rgb" "$tmp/stuck"
[ $(($(date +%s) - begin)) -lt 40 ]
report $? "does not hold the run up"
kill "$(cat "$tmp/pid")"
mkdir "$tmp/none"
for tool in "$bin"/ck*; do ln -s "$(realpath "$tool")" "$tmp/none/"; done
fails 2 "needs ffplay or mpv" "no player" env PATH="$tmp/none" "$tmp/none/ck" key --classical --preview "$tmp/shot/rgb" "$tmp/x"
fails 2 "plane comp" "no comp in the stream" bash -c "ck-synth -n 1 -g 64x48 | PATH='$tmp/player:$PATH' ck-encode --preview --plane rgb=png '$tmp/y'; exit \${PIPESTATUS[1]}"
done_testing
