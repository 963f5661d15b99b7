#!/bin/bash
# ck key --resume and --chunk, ck-job.json, ck verify.
. "$(dirname "$0")/tap.sh"

key() { ck key --classical --screen green -t 1 "$@"; }
same() { # A B: equal but for the record and the lock
    diff -r -x ck-job.json -x .ck-lock "$1" "$2" >&2
}
rows() { grep -c '^{"frame"' "$1/ck-job.json"; } # frames that were finished, all runs together

# A clip of 40 frames as a sequence from 1001 on and as video.
ck-synth -n 40 -g 96x64 | ck-encode --plane rgb=png --fg off --matte off --processed off "$tmp/synth"
mkdir "$tmp/plates"
for i in {0..39}; do mv "$tmp/synth/rgb/$(printf %05d "$i").png" "$tmp/plates/shot.$((i + 1001)).png"; done
ck-synth -n 40 -g 96x64 | ck-encode --plane rgb=mov --fg off --matte off --processed off "$tmp/synth"
video=$tmp/synth/rgb.mov

# ---- every run writes the record ----

formats=(--fg exr --matte png16 --processed off --comp mov)
ok "a plain run" key "$tmp/plates" "$tmp/plain" "${formats[@]}"
ok "ck-job.json is JSON, and says what changes pixels" python3 - "$tmp/plain/ck-job.json" <<'P'
import json, sys
lines = json.load(open(sys.argv[1]))
run, video = lines[0], lines[-1]
assert run["frames"] == "1001-1040" and run["screen"] == "green" and run["version"], run
assert run["input"] == "plates, shot.#.png" and run["chunks"] == "1" and "--comp mov" in run["ck-encode"], run
assert not any(word in value for value in run.values() for word in ("--threads", "--frames", "/")), run
rows = [l for l in lines if "frame" in l]
assert [r["frame"] for r in rows] == list(range(1001, 1041))
assert [f["name"] for f in rows[0]["files"]] == ["FG/shot.1001.exr", "Matte/shot.1001.png"]
assert rows[0]["videos"] == ["comp.mov"] and all(r["job"] == run["job"] for r in rows)
assert video["video"] == "comp.mov" and video["frames"] == "1001-1040" and video["failed"] == ""
P
ok "verify after a plain run" ck verify "$tmp/plain"

# ---- resume ----

ok "--resume may be the first run" key --resume "$tmp/plates" "$tmp/resumed" "${formats[@]}"
ok "its files are those of a plain run, the joined video too" same "$tmp/plain" "$tmp/resumed"
is "no segment is left" "$(ls -A "$tmp/resumed")" "$(printf '.ck-lock\nFG\nMatte\nck-job.json\ncomp.mov')"
is "a second --resume has nothing to do" "$(key --resume "$tmp/plates" "$tmp/resumed" "${formats[@]}" 2>&1 |
    sed 's/.*: //')" "40"
is "and has done nothing" "$(rows "$tmp/resumed")" 40

rm "$tmp/resumed/FG/shot.1003.exr"
truncate -s 20 "$tmp/resumed/Matte/shot.1010.png"
touch "$tmp/resumed/FG/shot.1030.exr"
is "verify lists what is missing, cut or changed" "$(ck verify "$tmp/resumed" 2>"$tmp/said")" "1003,1010,1030"
is "and says why" "$(sed 's/.*resumed.//' "$tmp/said")" "FG/shot.1003.exr: missing: No such file or directory
Matte/shot.1010.png: has 20 bytes, was written with $(stat -c %s "$tmp/plain/Matte/shot.1010.png")
FG/shot.1030.exr: was changed after it was written"
fails 1 "" "with status 1" ck verify "$tmp/resumed"
ok "--resume mends them" key --resume "$tmp/plates" "$tmp/resumed" "${formats[@]}"
is "and nothing else" "$(rows "$tmp/resumed")" 43
ok "to the same files" same "$tmp/plain" "$tmp/resumed"
ok "verify finds nothing" ck verify "$tmp/resumed"
rm "$tmp/resumed/comp.mov"
is "without its video every frame is to be done" "$(ck verify "$tmp/resumed" 2>"$tmp/said")" 1001-1040
ok "and is" key --resume "$tmp/plates" "$tmp/resumed" "${formats[@]}"
ok "to the same video" same "$tmp/plain" "$tmp/resumed"

# A plain run that covered a part is continued.
ok "a plain run of ten frames" key --frames 1011-1020 "$tmp/plates" "$tmp/part" --fg off --processed off --matte png --comp off
ok "is completed by --resume" key --resume "$tmp/plates" "$tmp/part" --fg off --processed off --matte png --comp off
is "without the ten frames" "$(rows "$tmp/part")" 40

# Segments that were not joined, as after a kill in the last moment: the last stage alone, told of the job.
job=$(sed -n '2s/,$//p' "$tmp/resumed/ck-job.json")
ck-decode "$tmp/plates" | ck-hint --screen green --method key | ck-matte --from hint | ck-post --depth 16 --screen green --unmix --despeckle off |
    CK_JOB=$job CK_JOB_SEGMENTS=1 ck-encode "${formats[@]}" "$tmp/apart"
is "verify finds segments that are not joined" "$(ck verify "$tmp/apart" 2>&1)" \
    "ck verify: $tmp/apart/comp.mov: its segments are not joined yet: give --join"
ok "--join joins them" ck verify --join "$tmp/apart"
ok "to the same video" same "$tmp/plain" "$tmp/apart"

# A folder of stills of different sizes is keyed one by one, and recorded too.
mkdir "$tmp/photos"
ck-synth -n 1 -g 64x48 | ck-encode --plane rgb=png --fg off --matte off --processed off "$tmp/synth/a"
cp "$tmp/synth/a/rgb/00000.png" "$tmp/photos/a.png"
cp "$tmp/plates/shot.1001.png" "$tmp/photos/b.png"
ok "photos" key "$tmp/photos" "$tmp/album"
rm "$tmp/album/Matte/b.exr"
is "verify names the file that is missing" "$(ck verify "$tmp/album" 2>&1 >/dev/null)" \
    "ck verify: $tmp/album/Matte/b.exr: missing: No such file or directory"

# ---- settings ----

refused() { # NAME TEXT OPTION...
    local name=$1 text=$2
    shift 2
    fails 2 "$text" "$name" key --resume "$@"
}
mkdir "$tmp/letters"
cp "$tmp/plates/shot.1001.png" "$tmp/letters/a.png"
cp "$tmp/plates/shot.1002.png" "$tmp/letters/b.png"
refused "another option" "ck-matte was '--from hint', now '--from hint --grow 1'" "$tmp/plates" "$tmp/resumed" "${formats[@]}" --grow 1
refused "another format" "ck-encode was '--fg exr --matte png16 --processed off --comp mov', now '--fg exr --comp mov'" "$tmp/plates" "$tmp/resumed" --fg exr --comp mov
refused "another screen" "screen was 'green', now 'blue'" --screen blue "$tmp/plates" "$tmp/resumed" "${formats[@]}"
cp -r "$tmp/plates" "$tmp/others"
refused "another input" "input was 'plates, shot.#.png', now 'others, shot.#.png'" "$tmp/others" "$tmp/resumed" "${formats[@]}"
touch -r "$tmp/plates/shot.1020.png" "$tmp/time"
touch -d 2020-01-01 "$tmp/plates/shot.1020.png"
refused "a file that changed" "shot.1020.png: has changed since frame 1020 was finished" "$tmp/plates" "$tmp/resumed" "${formats[@]}"
mv "$tmp/resumed/FG/shot.1020.exr" "$tmp/kept.exr"
refused "its picture in the video stays wrong without its stills" "finished: choose another OUT" "$tmp/plates" "$tmp/resumed" "${formats[@]}"
mv "$tmp/kept.exr" "$tmp/resumed/FG/shot.1020.exr"
touch -r "$tmp/time" "$tmp/plates/shot.1020.png"
ok "options that change no pixel are no difference" key --resume -v --threads 2 --timeout 60 "$tmp/plates" "$tmp/resumed" "${formats[@]}"
refused "--existing" "leave out --existing" --existing skip "$tmp/plates" "$tmp/resumed" "${formats[@]}"
refused "standard input" "to read it again" - "$tmp/other"
refused "no numbers" "have no numbers" "$tmp/letters" "$tmp/other"
refused "frames that do not exist" "1041-1050" --frames 1031-1050 "$tmp/plates" "$tmp/other"
refused "frames past a video's end" "40-49" --frames 30-49 "$video" "$tmp/other"
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$tmp/model.safetensors"
fails 2 "needs --refresh K" "sparse without --refresh" ck key -m "$tmp/model.safetensors" --mode sparse --screen green --resume "$video" "$tmp/other"
refused "a stream" "cannot be joined" --comp=- "$video" "$tmp/other"
ok "nothing was made of these" test ! -e "$tmp/other"
netted() { ck key -m "$tmp/model.safetensors" -s 96 --screen green --chunk "$@" --frames 1001,1002 "$tmp/plates" "$tmp/netted"; }
ok "a chunk keyed by the network" netted 1/2 -d cpu
fails 2 "now '--model model.safetensors --device ref" "another device is another setting" netted 2/2 -d ref
ok "the same is not" netted 2/2 -d cpu

# ---- chunks ----

chunk() { key --chunk "$@" "$tmp/plates" "$tmp/chunks" "${formats[@]}"; }
ok "the third chunk" chunk 3/4
is "ten frames" "$(ls "$tmp/chunks/FG" | tr '\n' ' ')" "$(seq -f 'shot.%g.exr' 1021 1030 | tr '\n' ' ')"
chunk 1/4 & first=$!
chunk 4/4 & fourth=$!
ok "the first and the fourth at once" bash -c 'exit 0'
wait $first
is "the first has finished" $? 0
wait $fourth
is "the fourth has finished" $? 0
is "the video waits for the second" "$(test -e "$tmp/chunks/comp.mov" || ls -A "$tmp/chunks")" \
    "$(printf '.ck-lock\n.ck-segments\nFG\nMatte\nck-job.json')"
is "verify names the second" "$(ck verify "$tmp/chunks" 2>"$tmp/said")" 1011-1020
# The second dies after its first frame, and is continued.
for _ in 1 2 3; do
    chunk 2/4 --resume >/dev/null 2>&1 & second=$!
    while kill -0 $second 2>/dev/null && [ "$(rows "$tmp/chunks")" = 30 ]; do sleep 0.01; done
    pkill -KILL -P $second
    wait $second
done 2>/dev/null
ok "the second is continued" chunk 2/4 --resume
ok "the files are those of one run" same "$tmp/plain" "$tmp/chunks"
is "no segment is left" "$(ls -A "$tmp/chunks")" "$(ls -A "$tmp/resumed")"
ok "verify finds nothing" ck verify "$tmp/chunks"
fails 2 "--chunk '5/4' is not I/N" "a chunk beyond the last" chunk 5/4
fails 2 "was 'green', now 'blue'" "a chunk with other settings" chunk 1/4 --screen blue
mkdir -p "$tmp/chunks/.ck-segments/comp.mov"
ok "a chunk is done again" chunk 2/4
ok "to the same files" same "$tmp/plain" "$tmp/chunks"

# ---- video in, H.264 out: segments of 250 frames ----

ck-synth -n 300 -g 64x48 | ck-encode --plane rgb=mov --fg off --matte off --processed off "$tmp/long"
h264=(--frames 5- --fg off --matte off --processed off --comp mp4 --encode:threads 1 "$tmp/long/rgb.mov")
ok "an undisturbed job" key --resume "${h264[@]}" "$tmp/whole"
is "its video is whole" "$(ck-decode "$tmp/whole/comp.mp4" | ck-info | grep -c ^FRAME)" 295
export MALLOC_PERTURB_=85 # x264 must not depend on memory that was never written
ok "the second half" key --chunk 2/2 "${h264[@]}" "$tmp/halves"
is "is the second segment" "$(ls "$tmp/halves/.ck-segments/comp.mp4")" 255.0
ok "the first half" key --chunk 1/2 "${h264[@]}" "$tmp/halves"
ok "the video is that of one run" cmp "$tmp/whole/comp.mp4" "$tmp/halves/comp.mp4"
unset MALLOC_PERTURB_
is "a third of it has no frames" "$(key --chunk 1/3 "${h264[@]}" "$tmp/thirds" 2>&1 | sed 's/.*: //')" \
    "chunks begin at multiples of 250 frames"

# ---- frames that fail ----

cp -r "$tmp/plates" "$tmp/bad"
head -c 500 "$tmp/plates/shot.1020.png" >"$tmp/bad/shot.1020.png"
fails 3 "shot.1020.png" "a frame that fails" key --keep-going --resume "$tmp/bad" "$tmp/failed" --fg off --matte png --processed off --comp mov
is "verify names it" "$(ck verify "$tmp/failed" 2>"$tmp/said")" 1020
rgb_of() { ck-decode --frames 19 "$1" | ck-info --npy "$tmp/npy" && tail -c +129 "$tmp/npy/rgb.000019.npy" | tr -d '\000' | wc -c; }
is "its picture is black" "$(rgb_of "$tmp/failed/comp.mov")" 0
cp -p "$tmp/plates/shot.1020.png" "$tmp/bad/"
ok "the file is mended, and the job resumed" key --keep-going --resume "$tmp/bad" "$tmp/failed" --fg off --matte png --processed off --comp mov
is "one frame more" "$(rows "$tmp/failed")" 40
key "$tmp/bad" "$tmp/mended" --fg off --matte png --processed off --comp mov
ok "the files are those of a run without failures" same "$tmp/mended" "$tmp/failed"
ok "verify finds nothing" ck verify "$tmp/failed"

# ---- a run that did not know its last frame, and was interrupted ----

mkdir "$tmp/open"
sed -n '1,12p' "$tmp/part/ck-job.json" | sed '2s/"frames": "[^"]*"/"frames": "0-"/; 12s/,$//' >"$tmp/open/ck-job.json"
echo ']' >>"$tmp/open/ck-job.json"
cp -rp "$tmp/part/Matte" "$tmp/open"
fails 1 "the last run did not finish" "verify does not call it whole" ck verify "$tmp/open"
echo 'hello' >"$tmp/open/ck-job.json"
fails 1 "was not written by ck key: move it away" "a file of that name that is not ours stays" \
    key --frames 1001 "$tmp/plates" "$tmp/open" --fg off --processed off --comp off
is "as it was" "$(cat "$tmp/open/ck-job.json")" hello

# ---- a sequence that grows ----

mkdir "$tmp/grown"
cp -p "$tmp"/plates/shot.100?.png "$tmp/grown"
ok "nine frames are there" key --resume "$tmp/grown" "$tmp/growing" --fg off --matte png --processed off --comp off
cp -p "$tmp"/plates/shot.101?.png "$tmp/grown"
ok "ten more" key --resume "$tmp/grown" "$tmp/growing" --fg off --matte png --processed off --comp off
is "only they are done" "$(rows "$tmp/growing")" 19
done_testing
