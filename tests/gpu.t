#!/bin/bash
# The scripts for GPU hosts on a machine without a GPU: messages, time limits and output files.
. "$(dirname "$0")/tap.sh"
tests=${CK_TESTS:-$helpers/../tests}
top=$(dirname "$here")
for script in "$top"/bench/gpu.sh "$top"/bench/gpu_session.sh "$top"/tests/gpu.sh; do
    ok "$(basename "$script") is a script" bash -n "$script"
done
mkdir -p "$tmp/gpu/tests"
# The rules, not the file: the build at hand may be older, or without CUDA.
rules=$(env -u MAKEFLAGS -u MAKELEVEL make -n -C "$top" install NVCC=nvcc BIN="$tmp/none" 2>/dev/null | grep 'libck-cuda\.so')
is "the plug-in is no program, built or installed" \
    "$(grep -c "^chmod a-x $tmp/none/libck-cuda.so" <<<"$rules") $(grep -c 'install .*-m 644 .*libck-cuda.so' <<<"$rules")" "1 1"
ln -s "$(cd "$helpers" && pwd)" "$tmp/gpu/tests/helpers"
ln -s "$tests"/*_test "$tmp/gpu/tests"
for script in "$top/bench/gpu.sh $tmp/gpu" "$top/tests/gpu.sh $tmp/gpu/tests"; do
    ok "${script%% *}: no device" bash $script
    is "it says so" "$(grep -c '^skipped: no CUDA device (no libck-cuda.so in ' "$tmp/.out")" 1
done

# check-cuda with tests that take no time, and with one that takes too long.
mkdir -p "$tmp/told/helpers" "$tmp/goldens" "$tmp/kit"
printf '#!/bin/sh\necho "A GPU"\n' >"$tmp/told/helpers/cudadevice"
printf '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do [ "$1" = --error-exitcode ] && shift; [ "$1" = --tool ] && shift; [ "$1" = --report-api-errors ] && shift; shift; done\nexec "$@"\n' \
    >"$tmp/kit/compute-sanitizer"
for test in nn_maps_test nn_products_test nn_kernels_test nn_check_test network_test refine_test frames_test; do
    printf '#!/bin/sh\necho "ok 1 - %s $*: 1.0e-06 of 2e-05"\n' $test >"$tmp/told/$test"
done
for golden in net_mini_256 net_base_plus_256 net_base_plus_512 net_base_plus_1024 net_base_plus_2048; do
    : >"$tmp/goldens/$golden.safetensors"
done
chmod +x "$tmp/told/helpers/cudadevice" "$tmp/told/"*_test "$tmp/kit/compute-sanitizer"
check() { env PATH="$tmp/kit:$PATH" CK_GOLDENS="$tmp/goldens" "$@" bash "$top/tests/gpu.sh" "$tmp/told"; }
ok "check-cuda runs" check
is "all of it passes, each with its time" "$(grep -c '^ok - .* (1 tests, [0-9]* s)$' "$tmp/.out") $(grep -vc '^ok - \|^# ' "$tmp/.out")" "45 0"
is "every golden at every precision that there is time for" "$(grep -c '^ok - net_' "$tmp/.out")" 16
is "and the sanitizer's" "$(grep -c '^ok - compute-sanitizer, ' "$tmp/.out")" 9
printf '#!/bin/sh\nsleep 60\n' >"$tmp/told/network_test"
check SECONDS_ALL=3 >"$tmp/.out"
is "one that takes too long: status" $? 1
is "is stopped" "$(grep -c '^not ok - .* stopped: no time was left)$' "$tmp/.out")" 1
[ "$(grep -c '^not ok - .*: not run, ' "$tmp/.out")" -gt 20 ]
report $? "and what would follow is said not to have run"

# The session, with a make that builds, hangs and fails.
mkdir "$tmp/fake"
cat >"$tmp/fake/make" <<'END'
#!/bin/sh
case "$*" in
*gpu-build) echo built ;;
*check-cuda) echo "ok - one"; sleep 60 ;;
*bench-cuda) echo "| a table |"; exit 1 ;;
esac
END
chmod +x "$tmp/fake/make"
# shellcheck disable=SC2120 # ok and fails pass arguments
session() { env PATH="$tmp/fake:$PATH" OUT="$tmp/session" CHECK_SECONDS=1 bash "$top/bench/gpu_session.sh" "$@"; }
session >"$tmp/.out" 2>"$tmp/.err"
is "a session with parts that fail: status" $? 1
is "each is told" "$(cut -d, -f1 "$tmp/session/summary.txt" | tr '\n' ' ')" "build: done check: stopped at its limit bench: failed "
is "and has its log" "$(cd "$tmp/session" && echo *)" "bench.log build.log check.log machine.txt summary.txt"
is "what was said is there" "$(cat "$tmp/session/check.log")" "ok - one"
is "and printed" "$(grep -c '^| a table |$' "$tmp/.out")" 1
ok "one part" session build
is "alone" "$(cut -d, -f1 "$tmp/session/summary.txt")" "build: done"
fails 2 "no part 'dance'" "an unknown part" session dance
done_testing
