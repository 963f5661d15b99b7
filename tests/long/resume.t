#!/bin/bash
# A job of 300 frames, whose processes get SIGKILL at random moments, is resumed until it is finished: its files are those
# of an undisturbed run, and no frame that was finished is computed again.  Also a full disk, and a folder that vanishes.
. "$(dirname "$0")/../tap.sh"

frames=300
key() { ck key --classical --screen green "$@"; }
same() { diff -r -x ck-job.json -x .ck-lock "$1" "$2" >&2; }
rows() { grep -c '^{"frame"' "$1/ck-job.json" 2>/dev/null || echo 0; }

ck-synth -n $frames -g 96x64 | ck-encode --plane rgb=mov --fg off --matte off --processed off "$tmp/clip"
ck-synth -n $frames -g 96x64 | ck-encode --plane rgb=png --fg off --matte off --processed off "$tmp/clip"

# Start the job, and kill one of its processes, `ck` included, after up to MS milliseconds; 20 times, or until it is done.
killed() { # MS INPUT OUT OPTION...
    local ms=$1 n pid victims
    shift
    for ((n = 0; n < 20; n++)); do
        setsid ck key --classical --screen green --resume "$@" >"$tmp/said" 2>&1 & pid=$!
        sleep "$(printf '0.%03d' $((RANDOM % ms + 50)))"
        mapfile -t victims < <(pgrep -s $pid)
        [ ${#victims[@]} = 0 ] || kill -KILL "${victims[RANDOM % ${#victims[@]}]}"
        wait $pid
        while pgrep -s $pid >/dev/null; do sleep 0.05; done
    done 2>/dev/null
}

# Frames in flight: those in the rings and the threads of at most six stages, 4 + 2 x cores each.
flight=$((6 * (4 + 2 * $(nproc))))

trial() { # NAME INPUT OPTION...
    local name=$1 input=$2 out="$tmp/$1"
    shift 2
    ok "$name: an undisturbed run" key "$input" "$out.whole" "$@"
    killed 700 "$input" "$out" "$@"
    ok "$name: after 20 kills the job is finished" key --resume "$input" "$out" "$@"
    ok "$name: its files are those of the undisturbed run" same "$out.whole" "$out"
    ok "$name: at most $frames + 20 x $flight frames computed, not $(rows "$out")" [ "$(rows "$out")" -le $((frames + 20 * flight)) ]
    is "$name: nothing unfinished is left" "$(find "$out" -name '.ck-*' ! -name .ck-lock)" ""
    ok "$name: verify" ck verify "$out"
}
trial exr "$tmp/clip/rgb" --comp exr
trial png "$tmp/clip/rgb" --fg png --matte png --processed png16
trial mov "$tmp/clip/rgb.mov" --fg mov --matte off --processed off --comp mov

# H.264: an undisturbed run is one with --resume, since segments begin with key frames.
h264=(--fg off --matte png --processed off --comp mp4 --encode:threads 1)
ok "mp4: an undisturbed run" key --resume "$tmp/clip/rgb.mov" "$tmp/mp4.whole" "${h264[@]}"
killed 900 "$tmp/clip/rgb.mov" "$tmp/mp4" "${h264[@]}"
ok "mp4: the job is finished" key --resume "$tmp/clip/rgb.mov" "$tmp/mp4" "${h264[@]}"
ok "mp4: its files are those of the undisturbed run" same "$tmp/mp4.whole" "$tmp/mp4"

# ---- the folder vanishes in mid-job ----

(while [ "$(rows "$tmp/gone")" -lt 5 ]; do sleep 0.02; done; mv "$tmp/gone" "$tmp/gone.moved") &
fails 1 "No such file or directory" "the folder is moved away" key --resume "$tmp/clip/rgb" "$tmp/gone" --comp exr
wait
rm -rf "$tmp/gone"
mv "$tmp/gone.moved" "$tmp/gone"
ok "it is back" key --resume "$tmp/clip/rgb" "$tmp/gone" --comp exr
ok "to the same files" same "$tmp/exr.whole" "$tmp/gone"

# ---- the record is locked, as by a machine that died ----

cp -r "$tmp/exr.whole" "$tmp/locked"
python3 - "$tmp/locked/ck-job.json" <<'P' &
import fcntl, sys, time
f = open(sys.argv[1], "r+")
fcntl.lockf(f, fcntl.LOCK_EX)
open(sys.argv[1] + ".held", "w")
time.sleep(13)
P
while [ ! -e "$tmp/locked/ck-job.json.held" ]; do sleep 0.05; done
ok "a record that is locked for long is waited for" ck verify "$tmp/locked"
is "with one message" "$(grep -c 'locked by another run for 10 s' "$tmp/.err")" 1
wait

# ---- a full disk ----

mkdir "$tmp/disk"
if mount -t tmpfs -o size=$(($(du -sk "$tmp/exr.whole" | cut -f1) * 6 / 10))k tmpfs "$tmp/disk" 2>/dev/null; then
    trap 'umount "$tmp/disk"; rm -rf "$tmp"' EXIT
    fails 1 "No space left on device: make room" "a disk becomes full" key --resume "$tmp/clip/rgb" "$tmp/disk/out" --comp exr
    is "nothing unfinished is left" "$(find "$tmp/disk" -name '.ck-*' ! -name .ck-lock)" ""
    ok "the record is whole" python3 -c "import json; json.load(open('$tmp/disk/out/ck-job.json'))"
    mount -o remount,size=1g "$tmp/disk"
    ok "there is room" key --resume "$tmp/clip/rgb" "$tmp/disk/out" --comp exr
    ok "to the same files" same "$tmp/exr.whole" "$tmp/disk/out"
    mount -o remount,ro "$tmp/disk"
    rm -f "$tmp/disk/out/FG/00003.exr" 2>/dev/null
    fails 1 "Read-only file system" "a folder that cannot be written" key "$tmp/clip/rgb" "$tmp/disk/other"
    umount "$tmp/disk"
    trap 'rm -rf "$tmp"' EXIT
else
    skip "a full disk" "no right to mount"
fi
done_testing
