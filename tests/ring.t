#!/bin/bash
# Planes by reference: the same results, the same memory in every stage, little data in the pipe, and inline if
# required.
. "$(dirname "$0")/tap.sh"

shot() { ck-synth -g 320x180 -n 30 --seed 3; }
key() { # OUT
    shot | ck-hint --method key | ck-post --classical | ck-encode "$1"
}
ok "a pipeline over rings" key "$tmp/ring"
CK_RING=off ok "and inline" key "$tmp/inline"
ok "write the same files" diff -r "$tmp/ring" "$tmp/inline"

# ck-info --pass, itself a stage, shows the planes after every stage.
shot | ck-info --pass 2>"$tmp/1" | ck-hint --method key | ck-info --pass 2>"$tmp/2" | ck-post --classical |
    ck-info --pass 2>"$tmp/3" | ck-encode --fg off --processed off "$tmp/o"
places() { grep '^FRAME' "$tmp/$1" | tail -20 | grep -o " rgb:[^ ]*" | sed 's/.*://'; }
is "rgb is in a ring when frames flow" "$(places 1 | grep -c '^ring[0-9]*/[0-9]*$')" 20
is "at the same place behind ck-hint" "$(places 2)" "$(places 1)"
is "and behind ck-post" "$(places 3)" "$(places 1)"

shot | ck-encode --plane rgb=png "$tmp/stills"
is "stills are in a ring, too, though the first is read early" \
    "$(ck-decode "$tmp/stills/rgb" 2>/dev/null | ck-info | tail -21 | grep -c ':ring[0-9]*/[0-9]*$')" 20

# Bytes that a program wrote, by the kernel's count.
n=20
"$helpers/written" "$tmp/first" ck-synth -g 320x180 -n 1 | ck-info >"$tmp/info"
"$helpers/written" "$tmp/bytes" ck-synth -g 320x180 -n $n | ck-info >"$tmp/info"
inline=$(grep '^FRAME' "$tmp/info" | grep -c 'rgb:[^ ]*:inline')
total=$(cat "$tmp/bytes") one=$(cat "$tmp/first")
each=$(((total - inline * one) / (n - inline)))
ok "a frame by reference takes $each bytes of the pipe ($inline of $n were inline)" [ "$each" -lt 8192 ]

# Except for RING, inline streams equal those of CK_RING=off.
shot | cat >"$tmp/offered.ck"
CK_RING=off ck-synth -g 320x180 -n 30 --seed 3 >"$tmp/plain.ck"
ok "behind cat all is inline" bash -c 'ck-info <"$1" | grep -c ":inline" | grep -qx 30' _ "$tmp/offered.ck"
without_ring() {
    perl -e '
        local $/;
        binmode STDIN;
        my ($data, $at) = (scalar(<STDIN>), 0);
        while ($at < length $data) {
            my $size = 64 + unpack "Q<", substr($data, $at + 24, 8);
            print substr($data, $at, $size) unless substr($data, $at + 4, 4) eq "RING";
            $at += $size;
        }' <"$1"
}
is "with the bytes of CK_RING=off, but for the record RING" \
    "$(without_ring "$tmp/offered.ck" | md5sum)" "$(md5sum <"$tmp/plain.ck")"
is "the record is there" "$(grep -ac 'ckf1RING' "$tmp/offered.ck")" 1

shot | tee "$tmp/tee.ck" | ck-info -v >"$tmp/info" 2>"$tmp/err"
is "behind tee all is inline" "$(grep -c 'rgb:[^ ]*:inline' "$tmp/info")" 30
ok "--verbose says why" grep -q 'frames arrive inline: another program is between it and standard input' "$tmp/err"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$tmp"
    shot | setpriv --reuid=65534 --clear-groups ck-info -v >"$tmp/info" 2>"$tmp/err"
    is "to another user all goes inline" "$(grep -c 'rgb:[^ ]*:inline' "$tmp/info")" 30
    ok "and --verbose says why" grep -q 'frames arrive inline: shared memory is unreachable' "$tmp/err"
else
    skip "to another user all goes inline" "needs root and setpriv"
fi

# A reader that opens a named pipe late delays the writer only once the pipe is full.
mkfifo "$tmp/fifo"
shot >"$tmp/fifo" &
sleep 0.3
ck-info <"$tmp/fifo" >"$tmp/info"
wait $!
is "a late reader gets all frames" "$(tail -1 "$tmp/info")" "END 30 frames"

# Two slots of 0.4 MB and more do not fit.
ck-synth -g 320x180 -n 9 --ring-bytes 256K 2>"$tmp/err" | ck-info >"$tmp/info"
is "where two frames do not fit all goes inline" "$(grep -c ':inline' "$tmp/info")" 9
is "which is said in one line" "$(grep -c 'frames are sent inline: .*--ring-bytes' "$tmp/err")-$(wc -l <"$tmp/err")" 1-1
ck-synth -g 320x180 -n 30 --ring-bytes 2560K | ck-info >"$tmp/info"
is "two slots are enough for a pipeline" "$(tail -1 "$tmp/info")" "END 30 frames"
few() { # RING-BYTES-OF-CK-HINT OUT
    ck-synth -g 320x180 -n 30 --ring-bytes 3M | ck-hint --method key --ring-bytes "$1" |
        ck-post --classical --ring-bytes 7680K | ck-encode --fg off --processed off "$2"
}
ok "two slots everywhere: no deadlock" few 3M "$tmp/few"
ok "nor where one stage has none and hands others' on" few 1536K "$tmp/none"
pixels() { ck-decode "$1/Comp" | ck-info --npy "$1/npy" && cat "$1"/npy/* | md5sum && ls "$1/npy" | wc -l; }
CK_RING=off few 3M "$tmp/off"
is "thirty pictures" "$(pixels "$tmp/off" | tail -1)" 30
is "the pictures are those of CK_RING=off" "$(pixels "$tmp/few")" "$(pixels "$tmp/off")"
is "in both cases" "$(pixels "$tmp/none")" "$(pixels "$tmp/off")"
# Stages that edit in place get a copy if the data belong to an upstream stage, else the plane itself.
edited() { # KEPT-STREAM
    "$helpers/teststage" fill -g 320x180 -n 30 2>/dev/null | tee "$1" | "$helpers/teststage" edit 2>/dev/null |
        "$helpers/teststage" edit 2>/dev/null | "$helpers/teststage" sum --skip 1 2>&1 | cut -d ' ' -f 5
}
direct() {
    "$helpers/teststage" fill -g 320x180 -n 30 2>/dev/null | "$helpers/teststage" edit 2>/dev/null |
        "$helpers/teststage" edit 2>/dev/null | "$helpers/teststage" sum --skip 1 2>&1 | cut -d ' ' -f 5
}
by_hand=$(perl -e '
    use integer;
    my $sum = 0;
    for my $frame (0 .. 29) {
        my $byte = ($frame + 2) & 255;
        my $word = 0;
        $word = ($word << 8) | $byte for 1 .. 8;
        $sum += $word * (320 * 180 * 8 / 8);
    }
    printf "%llu", $sum;')
is "planes edited in place, by reference" "$(direct)" "$by_hand"
is "and behind tee" "$(edited "$tmp/before.ck")" "$by_hand"
is "the upstream stage's data stay" "$("$helpers/teststage" sum --skip 1 <"$tmp/before.ck" 2>&1 | cut -d ' ' -f 5)" \
    "$(CK_RING=off "$helpers/teststage" fill -g 320x180 -n 30 2>/dev/null | "$helpers/teststage" sum --skip 1 2>&1 | cut -d ' ' -f 5)"

is "nothing in /dev/shm" "$(find /dev/shm -name '*ck*' 2>/dev/null | wc -l)" 0
done_testing
