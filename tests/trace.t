#!/bin/bash
# --trace, CK_TRACE, ck key --trace and --profile: complete JSON, the right spans, no files left behind.
. "$(dirname "$0")/tap.sh"
export TMPDIR=$tmp/scratch
mkdir "$TMPDIR" "$tmp/traces"

# The number of events of a trace with this name and, if given, this frame.
count() { # FILE NAME [FRAME]
    perl -MJSON::PP -e 'local $/; open my $f, "<", shift or die; my ($name, $frame) = @ARGV;
        print scalar grep { $_->{name} eq $name && (!defined $frame || $_->{args}{frame} == $frame) } @{decode_json(<$f>)}' "$@"
}
ck-synth -n 5 -g 64x48 >"$tmp/in.ck"
ok "--trace" bash -c "ck-hint --trace '$tmp/hint.json' <'$tmp/in.ck' >'$tmp/out.ck'"
for name in wait-in compute wait-out "anonymous memory" ring "slots in use"; do
    is "$name: once a frame" "$(count "$tmp/hint.json" "$name")" 5
done
is "frames by their number" "$(count "$tmp/hint.json" compute 4)" 1
is "the program by its name" "$(count "$tmp/hint.json" process_name)" 1
is "a track for reading, one for writing, one a worker" \
    "$(ck-hint -t 1 --trace "$tmp/one.json" <"$tmp/in.ck" | cat >/dev/null; count "$tmp/one.json" thread_name)" 3
CK_TRACE=$tmp/traces bash -c "ck-hint <'$tmp/in.ck' | ck-post --classical | ck-encode --comp png '$tmp/x'" 2>"$tmp/err"
is "CK_TRACE: a file a program" "$(ls "$tmp/traces" | sed 's/\..*//' | sort | tr '\n' ' ')" "ck-encode ck-hint ck-post "
for f in "$tmp"/traces/*; do
    is "$(basename "${f%%.*}"): five frames computed" "$(count "$f" compute | grep -c '^[5-9]\|^1[0-9]')" 1
done
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 32 --decoder-width 8 --refiner-width 8 "$tmp/m.safetensors"
ok "ck-model has one too" ck-model check --trace "$tmp/model.json" "$tmp/m.safetensors"
is "of its one command" "$(count "$tmp/model.json" compute)" 1
fails 1 "$tmp/no/x.json: cannot write the trace" "an unwritable trace" \
    bash -c "ck-hint --trace '$tmp/no/x.json' <'$tmp/in.ck' >'$tmp/out.ck'"
if [ -w /dev/full ]; then
    fails 1 "/dev/full: cannot write the trace" "a full disk" bash -c "ck-hint --trace /dev/full <'$tmp/in.ck' >'$tmp/out.ck'"
fi

ck-encode --plane rgb=png "$tmp/shot" <"$tmp/in.ck" 2>"$tmp/err"
ok "ck key --trace --profile" ck key --trace "$tmp/all.json" --profile "$tmp/shot/rgb" "$tmp/key"
cp "$tmp/.err" "$tmp/profile"
ck-synth -n 50 -g 320x180 2>"$tmp/err" | ck-hint --trace "$tmp/ring.json" 2>"$tmp/err" | ck-info >"$tmp/.out" 2>"$tmp/err"
is "slots of rings have been in use" "$(perl -MJSON::PP -e 'local $/; my @used = grep {
    $_->{name} eq "slots in use" && $_->{args}{slots} > 0 } @{decode_json(<>)}; print @used ? "some" : "none"' "$tmp/ring.json")" some
is "all stages in one trace" "$(count "$tmp/all.json" process_name)" 5
is "a line a stage" "$(grep -cE '^ck-(decode|hint|matte|post|encode) +5 ' "$tmp/profile")" 5
is "the bottleneck is named" "$(grep -cE '^[0-9.]+ frames/s; the bottleneck is ck-[a-z]+$' "$tmp/profile")" 1
is "no folder stays behind" "$(ls -A "$TMPDIR")" ""
fails 1 "$tmp/no/x.json: cannot write the trace" "an unwritable trace of the whole" \
    ck key --trace "$tmp/no/x.json" "$tmp/shot/rgb" "$tmp/key2"
is "and none then" "$(ls -A "$TMPDIR")" ""
done_testing
