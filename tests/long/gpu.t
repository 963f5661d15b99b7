#!/bin/bash
# bench-cuda's script from end to end on the CPU (tests/cuda_host), so that no GPU time is lost to a mistake in it: a
# small network, small frames.  PyTorch's parts run if $CK_TORCH_PYTHON (python3) has it.
. "$(dirname "$0")/../tap.sh"
host=${CK_CUDA_HOST_LIB-$helpers/../cuda_host}
[ -f "$host/libck-cuda.so" ] || { skip "bench/gpu.sh" "no C++ compiler"; done_testing; exit; }
python=${CK_TORCH_PYTHON:-python3}
"$python" -c 'import torch' 2>/dev/null || python=$tmp/none

# The files of gpu.mk, where it puts them.
gpu=$tmp/gpu
mkdir -p "$gpu/tests/helpers" "$gpu/bench" "$tmp/out"
ln -s "$(cd "$helpers" && pwd)"/* "$gpu/tests/helpers"
# A golden at a lower precision takes minutes here; the cpu's float32 replaces it.
rm "$gpu/tests/helpers/goldrun"
cat >"$gpu/tests/helpers/goldrun" <<END
#!/bin/sh
"$helpers/goldrun" cpu f32 "\$3" "\$4" >/dev/null && mv "\$4.f32" "\$4.\$2" && echo "4e-3 2e-4"
END
chmod +x "$gpu/tests/helpers/goldrun"
ln -s "$bin" "$gpu/bin"
ln -s "$host/device_rates" "$gpu/bench/device_rates"
ln -s "$helpers/../bench/net_bench" "$gpu/bench/net_bench"
bench() {
    env CK_LIB="$host" OUT="$tmp/out" PYTHON="$python" TWIN="--device cpu" SIZES="32 64" ARCH=mini/16 FRAMES=2 PLATE=64x48 \
        WIDTHS="--decoder-width 16 --refiner-width 16" RATES="128 1" COMPILE=0 CK_GOLDENS="$goldens" \
        GOLDEN_LIST="${goldens:+net_mini_256} net_none" SECONDS_ALL=1800 PART_SECONDS=600 "$@" bash "$here/../bench/gpu.sh" "$gpu"
}
bench >"$tmp/printed" 2>"$tmp/err"
is "bench/gpu.sh runs: status" $? 0
table=$tmp/out/cuda.md
ok "it writes what it prints" diff "$table" "$tmp/printed"
is "nothing failed or was left out" "$(grep -c '^\*\*' "$table")" 0
grep '^\*\*' "$table" | sed 's/^/# /'
is "the device's rates" "$(grep -cE '^(f16|bf16|tf32|f32|copy) [0-9.e+]+$' "$table")" 5
is "ours: five runs, each with its memory" "$(grep -c '^Memory of the device' "$table")" 5
is "and with shares of the device's rates" "$(grep -cE '^\| linear .* [0-9.]+ % \| [0-9.]+ % \|$' "$table")" 5
is "a row each among the medians" "$(grep -cE '^\| ours, [a-z0-9]+ \| (32|64) (\| [0-9.]+ ){7}\| \|$' "$table")" 5
is "programs: two sizes in two ways" "$(grep -cE '^\| (one context|two contexts) \| (32|64) \| [0-9.]+ \| -?[0-9.]+ \|$' "$table")" 4
if [ -n "$goldens" ] && [ "$python" != "$tmp/none" ]; then
    is "errors at three types, and what they mean" "$(grep -cE '^\| net_mini_256 \| (tf32|f16|bf16) (\| [0-9.e-]+ ){4}\| 4e-3 \| 2e-4 \| [a-z]' "$table")" 3
    grep '^| net_mini' "$table" | sed 's/^/# /'
else
    skip "errors" "no goldens or no PyTorch"
fi
is "a golden that is not there is said" "$(grep -c 'net_none | not here' "$table")" 1
if [ "$python" != "$tmp/none" ]; then
    is "PyTorch's rows" "$(grep -cE '^\| PyTorch, eager f16 \| (32|64) (\| [0-9.]+ ){4}\|' "$table")" 2
    is "and its first frame" "$(grep -cE '^\| PyTorch, eager, the network alone \| 64 \| [0-9.]+ \| \|$' "$table")" 1
else
    skip "PyTorch's rows" "no PyTorch"
fi
sed 's/^/# /' "$table" | tail -30

# A part that takes too long or fails is reported, and the other parts are present.
mkdir "$tmp/broken"
cp -rP "$gpu/." "$tmp/broken"
rm "$tmp/broken/bench/device_rates"
printf '#!/bin/sh\necho no rates >&2\nexit 3\n' >"$tmp/broken/bench/device_rates"
chmod +x "$tmp/broken/bench/device_rates"
gpu=$tmp/broken
bench SIZES=32 PYTHON="$tmp/none" GOLDEN_LIST= >"$tmp/.out" 2>"$tmp/.err"
is "a part fails: status" $? 1
is "which is said" "$(grep -c '^\*\*device_rates: failed, status 3.\*\* no rates' "$table")" 1
is "and the rest runs" "$(grep -c '^| ours, ' "$table")" 4
done_testing
