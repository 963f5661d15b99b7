#!/bin/bash
# make bench: our speed against the bare library calls, both measured in the same run.  Prints Markdown; to keep it:
# make bench > bench/results/NAME.md
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bench=${CK_BENCH:-$here/../build/bench}
PATH=${CK_BIN:-$here/../bin}:$PATH
export PATH

machine() {
    echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, Linux $(uname -r)."
    echo "Command: make bench, $(date -u +%Y-%m-%d)."
}

machine
for program in "$bench"/*_bench; do
    [ -x "$program" ] || continue
    echo
    echo "## $(basename "$program" _bench)"
    echo
    "$program"
done
for script in "$here"/*_bench.sh; do
    [ -f "$script" ] || continue
    echo
    echo "## $(basename "$script" _bench.sh)"
    echo
    bash "$script"
done
