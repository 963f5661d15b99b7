#!/bin/bash
# The default of --threads: affinity, quotas and environment variables limit it, and every program follows.
. "$(dirname "$0")/tap.sh"
unset SLURM_CPUS_PER_TASK OMP_NUM_THREADS

cores() { "$@" ck doctor 2>"$tmp/words" | awk '$2 == "cores" { print $3 }'; }
by() { "$@" ck doctor | sed -n 's/^ok *cores .*(\(.*\)).*/\1/p'; }
all=$(cores env)

ok "ck doctor has a number" test "$all" -ge 1
is "OMP_NUM_THREADS" "$(cores env OMP_NUM_THREADS=1) $(cores env OMP_NUM_THREADS=1,8)" "1 1"
is "SLURM_CPUS_PER_TASK" "$(cores env SLURM_CPUS_PER_TASK=1)" 1
is "larger and wrong numbers are no limits" \
    "$(cores env SLURM_CPUS_PER_TASK=100000) $(cores env OMP_NUM_THREADS=many) $(cores env OMP_NUM_THREADS=0)" "$all $all $all"
is "--threads given is not limited" "$(OMP_NUM_THREADS=1 ck key -n -t 14 --classical in.mov out | grep -o 'ck-post [^|]*' | grep -o 'threads=[0-9]*')" threads=4
if [ "$all" -gt 1 ]; then
    is "which limit decides: OMP_NUM_THREADS" "$(by env OMP_NUM_THREADS=1)" "limited by OMP_NUM_THREADS"
    is "which limit decides: SLURM_CPUS_PER_TASK" "$(by env OMP_NUM_THREADS=9999 SLURM_CPUS_PER_TASK=1)" "limited by SLURM_CPUS_PER_TASK"
else
    skip "which limit decides" "one core"
fi

if command -v taskset >/dev/null && [ "$all" -gt 1 ]; then
    cpu=$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')
    is "taskset" "$(cores taskset -c "$cpu")" 1
    is "which limit decides: affinity" "$(by taskset -c "$cpu")" "limited by CPU affinity"
    ck-synth -g 64x48 -n 2 | CK_RING=off ck-hint --method key >"$tmp/stream"
    running() { # COMMAND...: threads of a ck-post that has its frames and waits for END
        head -c -64 "$tmp/stream" >"$tmp/frames"
        "$@" ck-post --classical < <(cat "$tmp/frames"; sleep 1) >"$tmp/post" 2>"$tmp/words" &
        sleep 0.5
        find "/proc/$!/task" -mindepth 1 -maxdepth 1 | wc -l
        wait $!
    }
    is "a stage has one worker less for each core less" \
        "$(($(running env) - $(running taskset -c "$cpu")))" $((all - 1))
else
    skip "taskset" "no taskset, or one core"
fi
done_testing
