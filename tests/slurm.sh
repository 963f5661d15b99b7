# shellcheck shell=bash disable=SC2154
# A Slurm cluster of one node on this machine, for tests: slurmctld, slurmd and munged of its own, in $tmp.
# Source tap.sh first.  cluster_missing prints why there can be none; cluster_start, cluster_stop.

cluster_missing() {
    local p
    for p in slurmctld slurmd munged sbatch; do
        command -v $p >/dev/null || { echo "$p is not installed (slurm-wlm, munge)"; return; }
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

cluster_start() {
    local d=$tmp/cluster host user
    host=$(hostname -s) user=$(id -un)
    mkdir -p "$d/state" "$d/spool" "$d/munge"
    chmod 700 "$d/munge"
    head -c 1024 /dev/urandom >"$d/munge/key"
    chmod 600 "$d/munge/key"
    : >"$d/cgroup.conf"
    cat >"$d/slurm.conf" <<C
ClusterName=ck
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$d/munge/socket,cred_expire=5
StateSaveLocation=$d/state
SlurmdSpoolDir=$d/spool
SlurmctldPidFile=$d/slurmctld.pid
SlurmdPidFile=$d/slurmd.pid
SlurmctldLogFile=$d/slurmctld.log
SlurmdLogFile=$d/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
C
    export SLURM_CONF=$d/slurm.conf
    munged --force --key-file="$d/munge/key" --socket="$d/munge/socket" --pid-file="$d/munge/pid" \
        --log-file="$d/munge/log" --seed-file="$d/munge/seed" && slurmctld && slurmd -N "$host" &&
        reaches 100 node_idle
}

node_idle() { sinfo -h -o %t | grep -qx idle; }

# Wait until a command succeeds, at most TENTHS of a second.
reaches() { # TENTHS COMMAND...
    local i n=$1
    shift
    for ((i = 0; i < n; i++)); do
        "$@" 2>/dev/null && return 0
        sleep 0.1
    done
    return 1
}

cluster_stop() {
    local d=$tmp/cluster f
    scancel --user="$(id -un)" 2>/dev/null
    for f in slurmd.pid slurmctld.pid munge/pid; do
        [ ! -s "$d/$f" ] || kill "$(cat "$d/$f")" 2>/dev/null
    done
    for f in slurmd.pid slurmctld.pid; do reaches 50 test ! -e "$d/$f"; done
}
