#!/bin/bash
# contrib/slurm/ck-sbatch on a Slurm cluster that the test starts: CHUNKS array tasks (default 3), one of which is killed
# and one requeued, and the job after them.
. "$(dirname "$0")/tap.sh"
. "$here/slurm.sh"
why=$(cluster_missing)
if [ -n "$why" ]; then
    skip "ck-sbatch" "$why"
    done_testing
fi
chunks=${CHUNKS:-3} frames=${FRAMES:-24}
submit=$here/../contrib/slurm/ck-sbatch
cd "$tmp" || exit 1
formats=(--classical --screen green --fg off --processed off --matte png --comp mov)

ck-synth -n "$frames" -g 960x540 | ck-encode --plane rgb=png --fg off --matte off --processed off synth
mv synth/rgb 'plates 50%'
ok "one run" ck key -t 1 "${formats[@]}" 'plates 50%' one

fails 2 "usage: ck-sbatch" "no arguments" "$submit"
fails 2 "not a positive whole number" "a wrong number of chunks" "$submit" -n 0 'plates 50%' out
fails 2 "unknown option" "a wrong option is found before anything is queued" "$submit" 'plates 50%' out --nonsense

trap '[ "$BASHPID" != $$ ] || { cluster_stop; rm -rf "$tmp"; }' EXIT
ok "the cluster starts" cluster_start
[ $failed = 0 ] || { tail -n 5 cluster/*.log | sed 's/^/# /'; done_testing; }

state() { squeue -h -j "$1" -o %T; } # of a job or an array task; nothing once it has left the queue
log() { cat ".ck-slurm/$1.log" "out 50%/.ck-slurm/$1.log" 2>/dev/null; }
# The process `ck key` of a chunk.
process() { pgrep -f -- "--chunk[= ]$1/$chunks" | while read -r p; do grep -qx ck "/proc/$p/comm" && echo "$p"; done; }
running() { [ "$(state "${array}_$1")" = RUNNING ] && [ -n "$(process "$1")" ]; }
field() { scontrol show job "$1" | grep -o " *$2=[^ ]*" | head -1 | cut -d= -f2; }
rows() { grep -o '^{"frame": [0-9]*' "out 50%/ck-job.json" | grep -o '[0-9]*$'; } # the frames that were keyed, in time
of_chunk() { awk -v from=$((frames * ($1 - 1) / chunks)) -v to=$((frames * $1 / chunks)) '$1 >= from && $1 < to'; }
# A chunk runs, and has finished two frames or more, which $tmp/done.CHUNK lists.
progressed() { running "$1" && rows | of_chunk "$1" >"done.$1" && [ "$(wc -l <"done.$1")" -ge 2 ]; }

# Hold the array until the jobs have been looked at.
scontrol update PartitionName=test State=DOWN
ids=$("$submit" -n "$chunks" -c 1 'plates 50%' 'out 50%' "${formats[@]}")
array=${ids% *} after=${ids#* }
ok "ck-sbatch prints the numbers of two jobs" test "$array" -gt 0 -a "$after" -gt "$array"
is "each task has its cores" "$(field "${array}_1" NumCPUs)" 1
is "and memory that fits: 0.5 GB and 50 bytes a pixel of 7 frames" "$(field "${array}_1" MinMemoryNode)" 681M
is "the job after them waits for all" "$(field "$after" Dependency | cut -d'(' -f1)" "afterany:${array}_*"
gpu=$("$submit" -n 1 -m 1G 'plates 50%' gpu --device cuda:0,1 -m x.pth 2>&1)
ok "with -d cuda GPUs are asked for" grep -qi "gres" <<<"$gpu"
scontrol update PartitionName=test State=UP

# Kill the processes of chunk 2 with SIGKILL, and requeue chunk 1 (or 5) as an administrator does.
other=$((chunks > 4 ? 5 : 1))
ok "a task runs" reaches 300 progressed 2
process 2 | xargs -r kill -KILL
ok "another one runs" reaches 600 progressed $other
scontrol requeue "${array}_$other"
left() { [ -n "$(state "$after")" ]; }
finished() { ! left; }
reaches 3000 finished
ok "all jobs have ended" finished
ok "the task that was killed has requeued itself" grep -q "chunk 2/$chunks was killed (status 137): requeued" <(log 2)
is "and has run twice" "$(field "${array}_2" Restarts)" 1
is "as has the other" "$(field "${array}_$other" Restarts)" 1
is "every task has succeeded" "$(scontrol show job "$array" | grep -c 'JobState=COMPLETED')" "$chunks"
is "and the job after them" "$(field "$after" JobState)" COMPLETED
ok "OUT is whole" ck verify "out 50%"
ok "and equal to that of one run" diff -r -x ck-job.json -x '.ck-*' -x report.html one "out 50%"
is "frames that were finished before were not keyed again" "$(rows | sort | uniq -d | grep -xF -f done.2 -f "done.$other")" ""
ok "the report is of all frames" grep -q "All $frames frames are finished" "out 50%/report.html"
[ $failed = 0 ] || { tail -n 20 "out 50%"/.ck-slurm/*.log cluster/slurmctld.log | sed 's/^/# /'; }

done_testing
