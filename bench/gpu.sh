#!/bin/bash
# gpu.sh FOLDER: times on a GPU, ours by the programs in FOLDER and PyTorch's (make bench-cuda).
#
# Ours in float32 and float16, step by step and whole frames; PyTorch as bench/twin.py says, where python3 has it: $PYTHON.
# Compiled with max-autotune at 2048 only, which alone takes minutes.
set -u
gpu=$1
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if ! device=$("$gpu/tests/helpers/cudadevice" 2>"$tmp/why"); then
    echo "skipped: no CUDA device ($(cat "$tmp/why"))"
    exit 0
fi
echo "$device, $(date -u +%F), make bench-cuda"
for size in 512 1024 2048; do
    for precision in f16 f32; do
        echo
        "$gpu/bench/net_bench" cuda base_plus $size 0 5 $precision || exit 1
    done
done
echo
if ! "$python" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
    echo "PyTorch with CUDA is not here: name a Python that has it in PYTHON"
    exit 0
fi
"$python" -c 'import torch; print("PyTorch", torch.__version__)'
echo "| | size | encoder ms | decoders ms | refiner ms | frame ms | peak MB | first frame s |"
echo "|---|---|---|---|---|---|---|---|"
for size in 512 1024 2048; do
    "$gpu/tests/helpers/mkmodel" --img-size $size "$tmp/m.safetensors" || exit 1
    "$python" "$here/twin.py" bench "$tmp/m.safetensors" $size || exit 1
done
"$python" "$here/twin.py" bench "$tmp/m.safetensors" 2048 --compile
