#!/bin/bash
# gpu_session.sh [PART...]: the work on a GPU host.  Each part has a time limit and runs even if an earlier one failed.
#
#   build    gpu-build: tests, bench and plug-in, for this machine's GPU only unless CUDA_ARCHS is set
#   check    make check-cuda
#   bench    make bench-cuda
#
# Default: all three.  Results go to $OUT (build/gpu/session): a description of the machine, a log per part, cuda.md,
# and summary.txt, which is also printed at the end.  BUILD_SECONDS, CHECK_SECONDS and BENCH_SECONDS are the limits;
# PYTHON is the Python with PyTorch.
set -u
cd "$(dirname "$0")/.." || exit 1
export OUT=${OUT:-$PWD/build/gpu/session}
mkdir -p "$OUT" || exit 1
: >"$OUT/summary.txt"
make=(make -s)
[ -f gpu.mk ] && make+=(-f gpu.mk)
worst=0

arch() { nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -1 | tr -d .; }
: "${CUDA_ARCHS:=$(arch)}"
[ -n "$CUDA_ARCHS" ] && export CUDA_ARCHS

# Without cuBLAS in the toolkit, use PyTorch's.
home=$(dirname "$(dirname "$(readlink -f "$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)")")")
if [ ! -f "$home/include/cublasLt.h" ] && [ -z "${CUBLAS-}" ]; then
    header=$("${PYTHON:-python3}" -c 'import glob, nvidia; print(*glob.glob(list(nvidia.__path__)[0] + "/*/include/cublasLt.h"))' 2>/dev/null)
    header=${header%% *}
    [ -n "$header" ] && export CUBLAS=${header%/include/*}
fi

part() { # NAME SECONDS COMMAND...
    local name=$1 most=$2 start=$SECONDS status said
    shift 2
    timeout -k 10 "$most" "$@" >"$OUT/$name.log" 2>&1
    status=$?
    said=$(grep -m1 '^skipped:' "$OUT/$name.log")
    [ -n "$said" ] || said=$([ $status = 0 ] && echo "done" || { [ $status = 124 ] && echo "stopped at its limit"; } || echo "failed, status $status")
    echo "$name: $said, $((SECONDS - start)) s" >>"$OUT/summary.txt"
    [ $status = 0 ] || worst=1
}

{ uname -a; nproc; nvidia-smi; nvidia-smi -q; nvcc --version; ${CC:-gcc} --version; ${PYTHON:-python3} --version; git log -1; echo "CUDA_ARCHS=$CUDA_ARCHS CUBLAS=${CUBLAS-}"; } \
    >"$OUT/machine.txt" 2>&1
for name in "${@:-build check bench}"; do
    for p in $name; do
        case $p in
        build) part build "${BUILD_SECONDS:-400}" "${make[@]}" -j"$(nproc)" gpu-build ;;
        check) part check "${CHECK_SECONDS:-480}" "${make[@]}" -j"$(nproc)" check-cuda ;;
        bench) part bench "${BENCH_SECONDS:-480}" "${make[@]}" -j"$(nproc)" bench-cuda ;;
        *) echo "gpu_session.sh: no part '$p': build, check or bench" >&2; exit 2 ;;
        esac
    done
done
for log in build check bench; do
    [ -f "$OUT/$log.log" ] || continue
    echo "---- $log"
    grep -v '^#  *ok' "$OUT/$log.log" | tail -25
done
echo "---- summary ($OUT)"
cat "$OUT/summary.txt"
exit $worst
