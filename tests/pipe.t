#!/bin/bash
# Streams between programs: which program is blamed, exit statuses, and silent ends.
. "$(dirname "$0")/tap.sh"
# Size of HEAD in bytes, from its header.
head_size() { echo $((64 + $(od -An -t u8 -j 24 -N 8 "$1"))); }
make_stream() { "$helpers/mkstream" "$@"; }

make_stream -n 3 rgb:u8:3:srgb alpha:f32:1 weird:f32:2 note=kept >"$tmp/a.ck"
ck-info --pass <"$tmp/a.ck" >"$tmp/b.ck" 2>"$tmp/lines"
is "the lines of --pass go to stderr" "$(grep -c ^FRAME "$tmp/lines")" 3
is "unknown planes and metadata are passed on" \
    "$(ck-info <"$tmp/b.ck" | grep -c 'weird:f32:2x18x32\|note=kept')" 4
is "the data are passed on unchanged" \
    "$(tail -c +$(($(head_size "$tmp/b.ck") + 1)) "$tmp/b.ck" | sha256sum)" \
    "$(tail -c +$(($(head_size "$tmp/a.ck") + 1)) "$tmp/a.ck" | sha256sum)"

# Descriptors that a parent closed: another file must not take their place.
fails 1 "cannot read: Bad file descriptor" "a closed standard input" bash -c "exec timeout 10 ck-info <&-"
fails 1 "standard output: cannot write: Bad file descriptor" "a closed standard output" \
    bash -c "exec timeout 10 ck-info --pass <'$tmp/a.ck' >&-"
ok "a closed standard error" bash -c "exec timeout 10 ck-info <'$tmp/a.ck' 2>&-"
fails 1 "nowhere.mov" "ck key does without a standard input" bash -c "exec timeout 10 ck key '$tmp/nowhere.mov' '$tmp/o' <&-"

# A standard input that holds nothing is nobody's failure.
: >"$tmp/nothing"
for from in /dev/null "$tmp/nothing"; do
    ck-hint <"$from" 2>"$tmp/err" | ck-encode "$tmp/o" 2>>"$tmp/err"
    is "an empty standard input, $from: the reader says so, once" "${PIPESTATUS[*]} $(cat "$tmp/err")" \
        "1 1 ck-hint: standard input is empty (/dev/null or an empty file): pipe a stream in, as in ck-decode FILE | ck-hint"
done
fails 2 "no output: name a folder" "a missing OUT comes before the empty input" ck-encode </dev/null
fails 2 "no output: name a folder" "and before an input that never ends" bash -c 'sleep 3 | timeout 2 ck-encode; exit ${PIPESTATUS[1]}'

# Truncation at every 97th byte of a small stream, also through a filter.
make_stream -n 2 -g 9x5 rgb:u8:3:srgb hint:u8:1 >"$tmp/small.ck"
size=$(stat -c %s "$tmp/small.ck")
bad=0 unnamed=0 tried=0
for ((n = 0; n < size; n += 97)); do
    head -c $n "$tmp/small.ck" | ck-info >/dev/null 2>"$tmp/err" && bad=$((bad + 1))
    grep -q 'mkstream\|the program upstream of ck-info' "$tmp/err" || unnamed=$((unnamed + 1))
    tried=$((tried + 1))
done
is "a stream cut at every 97th byte fails, all $tried times" "$bad" 0
is "and the program before is named" "$unnamed" 0
head -c 400 "$tmp/small.ck" | ck-info --pass 2>/dev/null | ck-info >/dev/null 2>"$tmp/err"
is "behind a filter, the last stage names the first victim" "${PIPESTATUS[*]} $(cat "$tmp/err")" \
    "0 1 1 ck-info: stopped: mkstream: failed or was killed: its stream ends after 0 frames without END: see its own message"

fails 1 "mkstream: asked to abort" "ABORT is passed on with its text" \
    bash -c "'$helpers/mkstream' -a 2 rgb:u8:3 | ck-info --pass 2>/dev/null | ck-info"
ck-decode "$tmp/nowhere.mov" >"$tmp/failed.ck" 2>"$tmp/err"
fails 1 "stopped: ck-decode: $tmp/nowhere.mov: cannot open" "a saved stream of a failed run says why once more" \
    bash -c "ck-info <'$tmp/failed.ck'"
fails 1 "stopped: ck-decode: $tmp/nowhere.mov: cannot open" "and through a pipe" bash -c "cat '$tmp/failed.ck' | ck-info"
ck-decode "$tmp/nowhere.mov" 2>"$tmp/err" | ck-info --pass 2>"$tmp/err" | gzip >"$tmp/failed.gz"
fails 1 "stopped: ck-decode: $tmp/nowhere.mov: cannot open" "and where a filter and gzip were between" \
    bash -c "gzip -dc '$tmp/failed.gz' | ck-info"
fails 1 "the program upstream of ck-info" "a program that dies before HEAD is named by its place" \
    bash -c "false | ck-info --pass 2>/dev/null | ck-info"
fails 3 "1 of 3 frames failed; the first: frame 1002: asked to fail" "an error frame ends the run with 3" \
    bash -c "'$helpers/mkstream' -e 1 rgb:u8:3 | ck-info --pass 2>/dev/null | ck-info"
is "and keeps its number" "$(make_stream -e 1 rgb:u8:3 | ck-info 2>/dev/null | grep -c '^FRAME 1 .*error=asked to fail$')" 1

make_stream -n 3000 rgb:u8:3 2>"$tmp/err0" | ck-info --pass 2>/dev/null | head -c 1000 >"$tmp/head"
codes=${PIPESTATUS[*]}
is "| head -c 1000 ends the pipeline by SIGPIPE" "$codes" "141 141 0"
is "and gets its bytes" "$(stat -c %s "$tmp/head")" 1000

# A plane header with a wrong text: the message names the plane and the field.
spoil() { perl -0777 -pe "$1" "$tmp/small.ck" >"$tmp/spoilt.ck"; } # of planes rgb and hint
spoil 's/rgb\0\0/rGb\0\0/'
fails 1 "plane 1: its name is invalid, use a-z" "a plane's name" bash -c "ck-info <'$tmp/spoilt.ck'"
spoil 's/hint\0\0/hi t\0\0/'
fails 1 "plane 2: its name is invalid" "the second one's" bash -c "ck-info <'$tmp/spoilt.ck'"
spoil 's/(rgb\0{29})u8/$1u*/'
fails 1 "plane 'rgb': its type is invalid" "its type" bash -c "ck-info <'$tmp/spoilt.ck'"
spoil 's/srgb\0\0/s=gb\0\0/'
fails 1 "plane 'rgb': its encoding is invalid" "its encoding" bash -c "ck-info <'$tmp/spoilt.ck'"
spoil 's/hint\0\0/rgb\0\0\0/'
fails 1 "plane 'rgb' appears twice in the frame" "one name twice" bash -c "ck-info <'$tmp/spoilt.ck'"

fails 1 "not a ck-frame(5) stream" "noise is refused" bash -c "head -c 9999 /dev/urandom | ck-info"
fails 1 "not a ck-frame(5) stream" "a video is refused" bash -c "printf 'YUV4MPEG2 W16 H16\n%0200d' 0 | ck-info"
fails 1 "data after END" "two streams are not one" bash -c "cat '$tmp/a.ck' '$tmp/a.ck' | ck-info"
fails 1 "No space left on device" "a full disk behind the stream" bash -c "ck-info --pass < '$tmp/a.ck' > /dev/full"
fails 1 "No space left on device" "a full disk behind the lines" bash -c "ck-info < '$tmp/a.ck' > /dev/full"
fails 1 "no data came for 0.2 seconds" "--timeout ends a wait for a silent neighbour" \
    bash -c "(head -c 300 '$tmp/a.ck'; sleep 2) | ck-info --timeout 0.2"
fails 2 "unknown option '--bogus'" "an unknown option" ck-info --bogus
fails 2 "needs a value" "an option without its value" ck-info --npy
fails 2 "is not a whole number from 0 to 1024" "a value out of range" ck-info -t -1
fails 2 "takes no value" "a flag with a value" ck-info --pass=1
fails 2 "this program reads standard input" "an argument too many" ck-info FILE
fails 1 "a file of this name is in the way" "--npy under a file" bash -c "ck-info --npy '$tmp/a.ck/x' < '$tmp/a.ck'"

ok "planes are dumped" bash -c "ck-info --npy '$tmp/pl änes' < '$tmp/a.ck'"
is "and nothing is printed" "$(cat "$tmp/.out")" ""
is "a file a plane and frame" "$(ls "$tmp/pl änes" | tr '\n' ' ')" \
    "alpha.001001.npy alpha.001002.npy alpha.001003.npy rgb.001001.npy rgb.001002.npy rgb.001003.npy weird.001001.npy weird.001002.npy weird.001003.npy "
is "the header is NumPy's" "$(head -c 127 "$tmp/pl änes/rgb.001002.npy" | tail -c +11 | sed 's/ *$//')" \
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 18, 32), }"
is "the data are the plane's" "$(tail -c +129 "$tmp/pl änes/rgb.001001.npy" | sha256sum)" \
    "$(tail -c +$(($(head_size "$tmp/a.ck") + 64 + 64 + 3 * 128 + 1)) "$tmp/a.ck" | head -c 1728 | sha256sum)"
done_testing
