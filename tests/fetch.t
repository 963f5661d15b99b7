#!/bin/bash
# ck model fetch: against a server on loopback.
. "$(dirname "$0")/tap.sh"
if ! ldconfig -p 2>/dev/null | grep -q 'libcurl.*\.so\.4' && ! /sbin/ldconfig -p | grep -q 'libcurl.*\.so\.4'; then
    skip "ck model fetch" "no libcurl"
    done_testing
fi
head -c 3000000 /dev/urandom >"$tmp/file"
sum=$(sha256sum <"$tmp/file" | cut -d' ' -f1)
python3 "$here/helpers/fetchserver.py" "$tmp/file" "$tmp/port" >>"$tmp/requests" 2>"$tmp/server.err" &
server=$!
trap 'kill $server 2>/dev/null; [ "$BASHPID" != $$ ] || rm -rf "$tmp"' EXIT
for _ in $(seq 100); do [ -s "$tmp/port" ] || sleep 0.1; done
base=http://127.0.0.1:$(cat "$tmp/port")
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
folder=$XDG_DATA_HOME/ck
blue=$folder/CorridorKeyBlue_1.0.safetensors
green=$folder/CorridorKey_v1.0.pth
try() { # WAY SCREEN
    CK_MODEL_URL=$base/$1 ck model fetch "$2"
}

ok "a file without a published checksum" try plain blue
ok "is whole" cmp "$blue" "$tmp/file"
is "its checksum is kept in the format of sha256sum" "$(cat "$blue.sha256")" "$sum  CorridorKeyBlue_1.0.safetensors"
ok "and known to sha256sum" bash -c "cd '$folder' && sha256sum -c --quiet CorridorKeyBlue_1.0.safetensors.sha256"
is "path on standard output, name, address and licence before it" \
    "$(try plain blue 2>"$tmp/err") $(grep -c 'CC BY-NC-SA' "$tmp/err") $(grep -c "$base/plain/CorridorKeyBlue_1.0.safetensors" "$tmp/err")" "$blue 1 1"
ok "a file that is there is not fetched again" grep -q 'is there already' "$tmp/err"
is "so the server was asked once" "$(wc -l <"$tmp/requests")" 1

rm "$blue"
fails 1 "not the file that is expected" "wrong bytes, by the kept checksum" try wrong blue
is "leave nothing behind" "$(ls "$folder")" "CorridorKeyBlue_1.0.safetensors.sha256"
fails 1 "goes on with what has arrived" "a connection that is cut" try cut blue
ok "leaves a part" test -s "$blue.part"
had=$(stat -c %s "$blue.part")
: >"$tmp/requests"
ok "which is completed" try cut blue
is "from where it stopped" "$(cat "$tmp/requests")" "/cut/CorridorKeyBlue_1.0.safetensors bytes=$had-"
ok "and is whole" cmp "$blue" "$tmp/file"
for way in norange plain; do
    mv "$blue" "$blue.part"
    [ $way = plain ] || truncate -s 1000000 "$blue.part"
    ok "$way: a part of $(stat -c %s "$blue.part") bytes" try $way blue
    ok "$way: is completed" cmp "$blue" "$tmp/file"
done
rm "$blue"
ok "a redirect is followed" try moved blue
ok "to the file" cmp "$blue" "$tmp/file"
rm "$blue"
fails 1 "Unsupported protocol" "a redirect to another protocol is not" try far blue
fails 1 "put the file there yourself as $blue" "a server that is not reached" env CK_MODEL_URL=http://127.0.0.1:1 ck model fetch blue
fails 1 "404" "a file that does not exist" try none blue
fails 1 "MB are free" "a file larger than the disk" try large blue
rm -f "$blue.part"
(
    ulimit -f 1000 # KiB: writing fails as on a full disk
    trap '' XFSZ
    try plain blue 2>"$tmp/err" >"$tmp/out"
)
is "writing fails, and the message names the file" "$? $(tail -1 "$tmp/err" | grep -c "$blue: cannot write: .*large")" "1 1"
rm -f "$blue.part"
(
    flock -n 9 && CK_MODEL_URL=$base/plain ck model fetch blue 2>"$tmp/err" 9>&-
    echo $? >"$tmp/code"
) 9>"$blue.part"
is "two at once" "$(cat "$tmp/code") $(grep -c 'another download' "$tmp/err")" "1 1"
rm -f "$blue.part"
fails 1 "Could" "no server" env CK_MODEL_URL=http://127.0.0.1:1 ck model fetch blue

fails 1 "a03827f58e8c79b2ca26031bf67c77db5390dc1718c1ffc5b7aed8b57315788f" "green has a checksum" try plain green
ok "wrong bytes of it are removed" test ! -e "$green" -a ! -e "$green.part"
echo mine >"$green"
fails 1 "another file" "a file of that name that is another is left alone" try plain green
is "as it was" "$(cat "$green")" mine
mkdir -p "$tmp/where/ck"
export XDG_DATA_HOME=$tmp/where
is "where: none" "$(ck model where)" "folder: $tmp/where/ck
green: none: ck model fetch
blue: none: ck model fetch blue"
touch "$tmp/where/ck/green.pth"
is "where: a green one serves both" "$(ck model where | sed 1d)" "green: $tmp/where/ck/green.pth
blue: $tmp/where/ck/green.pth"
is "where: named" "$(CK_MODEL=/x.pth ck model where | sed -n 2p)" "green: /x.pth (by \$CK_MODEL)"
ok "ck model check is ck-model check" bash -c "ck model check '$tmp/none.pth' 2>&1 | grep -q '^ck-model: .*none.pth'"
fails 2 "green or blue" "another screen" ck model fetch red
fails 1 "HOME" "no folder" env -u HOME -u XDG_DATA_HOME ck model fetch
done_testing
