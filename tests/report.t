#!/bin/bash
# ck key --report, ck report: the figures of frames in ck-job.json, the frames that differ, the page.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1

key() { ck key --classical --screen green -t 1 --fg off --processed off --matte png8 "$@"; }
record() { # OUT PYTHON: the expression holds; rows: lines with a frame, by number
    python3 - "$1" "$2" <<'P'
import json, sys
lines = json.load(open(sys.argv[1] + "/ck-job.json"))
rows = {}
for l in lines:
    if "frame" in l:
        rows[l["frame"]] = l
lists = [l for l in lines if "outliers" in l]
failures = [l for l in lines if "failure" in l]
if not eval(sys.argv[2]):
    print(lists, failures, file=sys.stderr)
    sys.exit(1)
P
}
page() { # FILE PYTHON: the page is well formed, needs nothing else, and the expression holds
    python3 - "$@" <<'P'
import base64, html.parser, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
void = {"meta", "img", "path"}
class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.words, self.frames, self.images, self.pre, self.seen = [], [], [], [], [], set()
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self.seen.add(tag)
        if tag not in void:
            self.open.append((tag, a.get("class", "") or ""))
        if tag == "img":
            self.images.append(a["src"])
    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)
    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, (tag, self.open)
        self.open.pop()
    def handle_data(self, data):
        if self.open and self.open[-1][0] == "pre":
            self.pre.append(data)
        if self.open and self.open[-1][1] in ("n", "n bad"):
            self.frames.append(data)
        if self.open and self.open[-1][0] != "style":
            self.words.append(data)
r = Reader()
r.feed(text)
r.close()
assert not r.open, r.open
assert not r.seen & {"script", "link", "iframe", "object", "b<"}, r.seen
assert not re.search(r"(src|href)=\"(?!data:image/jpeg;base64,)", text) and "url(" not in text and "@import" not in text
frames = [w for w in r.frames if w != "frame"]
images = [base64.b64decode(i.split(",", 1)[1], validate=True) for i in r.images]
assert all(i[:2] == b"\xff\xd8" and i[-2:] == b"\xff\xd9" for i in images)
words, pre, size = " ".join(r.words), r.pre, len(text)
if not eval(sys.argv[2]):
    print(frames, len(images), pre, size, words[:500], file=sys.stderr)
    sys.exit(1)
P
}

ck-synth -n 24 -g 320x180 | ck-encode --plane rgb=png --fg off --matte off --processed off synth
mkdir plates
for i in {0..23}; do mv "synth/rgb/$(printf %05d "$i").png" "plates/shot.$((i + 1001)).png"; done

# ---- a clean shot ----

ok "a run with --report" key --report clean.html plates clean
ok "each frame has its figures" record clean 'sorted(rows) == list(range(1001, 1025)) and all(
    0.1 < r["coverage"] < 0.3 and 1 < r["edge"] < 5 and 150 < r["screen"][1] < 200 and 1 < r["noise"] < 4
    and len(r["cells"]) == 576 and list(r["ms"]) == ["ck-decode", "ck-hint", "ck-matte", "ck-post", "ck-encode"]
    for r in rows.values())'
ok "nothing differs on a clean shot" record clean 'not lists and not failures'
ok "the page says so, and has twelve pictures" page clean.html \
    '"All 24 frames are finished." in words and "None differs" in words and len(images) == 12 and not frames'
ok "ck report writes the same page" cmp clean.html <(ck report clean)
ok "verify takes no notice of the pictures" ck verify clean
ok "a run without --report" key plates plain
ok "has the figures too" record plain 'all("coverage" in r and "picture" not in r for r in rows.values())'
is "and keeps no pictures" "$(ls -A plain)" "$(printf '.ck-lock\nComp\nMatte\nck-job.json')"
ok "its page says that there are none" page <(ck report plain) '"kept by ck key --report" in words and not images'

# ---- chunks and resume: every figure is that of one run ----

for i in 3 1 2; do ok "chunk $i of 3" key --resume --chunk $i/3 --report chunks.html plates chunks; done
ok "chunks have the figures of one run" python3 - <<'P'
import json
def rows(d):
    keys = ("frame", "coverage", "edge", "screen", "noise", "cells")
    return sorted([r[k] for k in keys] for r in json.load(open(d + "/ck-job.json")) if "frame" in r)
assert rows("chunks") == rows("clean")
P
ok "the last chunk's page is of the whole shot" page chunks.html \
    '"All 24 frames are finished." in words and len(images) == 12 and "shot.#.png" in words'
rm chunks/Matte/shot.1010.png
ok "a frame is keyed again" key --resume --report chunks.html plates chunks
ok "and its figures stay the same" record chunks \
    'sum(l.get("frame") == 1010 for l in lines) == 2 and len(set(l["coverage"] for l in lines if l.get("frame") == 1010)) == 1'
ok "nothing is left: the page is made anyway" key --resume --report again.html plates chunks
ok "and is the same" cmp chunks.html again.html

# ---- planted faults ----

if command -v ffmpeg >/dev/null; then
    shot='a <b>"&'\''$x'
    cp -r plates "$shot"
    ffmpeg -v error -y -i plates/shot.1008.png -vf drawbox=x=160:y=145:w=18:h=18:color=0x30AD44:t=fill "$shot/shot.1008.png"
    ffmpeg -v error -y -i plates/shot.1016.png -vf 'lutrgb=r=val*1.3:g=val*1.3:b=val*1.3' "$shot/shot.1016.png"
    truncate -s 9000 "$shot/shot.1012.png"
    fails 3 "shot.1012.png" "a shot with a hole, a flash and a corrupt frame" \
        key --keep-going --chunk 1/1 --report bad.html "$shot" bad
    ok "the record lists the two, and why" record bad \
        'sorted(x["frame"] for x in lists[-1]["outliers"]) == [1008, 1016] and all(x["score"] >= 1 for x in lists[-1]["outliers"])'
    ok "as a hole and as a flash" record bad '{x["frame"]: x["text"].split(",")[0].split(" ")[0] for x in lists[-1]["outliers"]} == {1008: "hole", 1016: "screen"}'
    ok "and the frame that failed" record bad \
        '[f["failure"] for f in failures] == [1012] and "shot.1012.png" in failures[0]["text"]'
    ok "the page has the three first, with pictures" page bad.html \
        'frames[0] == "1012" and set(frames[1:]) == {"1008", "1016"} and len(images) == 14 and "1 failed." in words'
    ok "with the name of the shot as it is" page bad.html "'''a <b>\"&'\$x, shot.#.png''' in words"
    # The command in the page, run as it stands.
    cp plates/shot.1012.png "$shot/shot.1012.png"
    command=$(python3 -c 'import html, re; print(html.unescape(re.search("<pre>(cd .*?)</pre>", open("bad.html").read(), re.S)[1]))')
    ok "the page's command mends it" bash -c "$command"
    ok "after which nothing has failed" page bad.html '"1 failed." not in words and set(frames) == {"1008", "1016"}'
    for n in 08 16; do cp plates/shot.10$n.png "$shot"; rm bad/Matte/shot.10$n.png; done
    ok "the other two are keyed again" bash -c "$command"
    ok "and the last list is empty" record bad 'lists[-1]["outliers"] == []'
else
    skip "planted faults" "ffmpeg is not installed"
fi

# Without --keep-going the run ends at the bad frame; the page has what is left, and the command.
cp -r plates cut
truncate -s 9000 cut/shot.1012.png
fails 1 "shot.1012.png" "a run that ends early" key --report cut.html cut cutout
ok "has its page" page cut.html '"of 24 frames are finished" in words and "shot.1012.png" in words and any("ck key --resume" in p and "--report" in p for p in pre)'

# ---- stills of different sizes ----

mkdir photos
cp plates/shot.1001.png photos/a.png
ck-synth -n 1 -g 160x120 | ck-encode --plane rgb=png --fg off --matte off --processed off small
cp small/rgb/00000.png photos/b.png
ok "stills one by one" key --report photos.html photos photosout
ok "are named, and not compared" page photos.html \
    '"All 2 stills are finished." in words and "Matte/a.png" in words and "Over time" not in words and len(images) == 2'

# ---- size ----

ok "a page of 10,000 frames has less than 3 MB" python3 - <<'P'
import json, os, subprocess
rows = [l for l in json.load(open("clean/ck-job.json")) if "frame" in l]
run = [l for l in json.load(open("clean/ck-job.json")) if "chunks" in l][0]
run["frames"] = "1-10000"
os.makedirs("big/.ck-report")
picture = b"\xff\xd8" + os.urandom(12000) + b"\xff\xd9"
open("big/.ck-report/1.0", "wb").write(picture)
with open("big/ck-job.json", "w") as f:
    f.write("[\n" + json.dumps(run))
    for i in range(1, 10001):
        r = dict(rows[i % 24], frame=i, picture={"file": ".ck-report/1.0", "at": 0, "size": len(picture)})
        r["coverage"] = 0.2 + i % 7 / 1000 + (0.1 if i % 50 == 0 else 0)
        f.write(",\n" + json.dumps(r))
    for i in range(9001, 9501):
        f.write(",\n" + json.dumps({"failure": i, "job": run["job"], "text": "reason %d" % i}))
    f.write("\n]\n")
page = subprocess.run(["ck", "report", "big"], stdout=subprocess.PIPE, check=True).stdout
print(len(page))
assert 300_000 < len(page) < 3_000_000, len(page)
assert b"500 failed" in page and b"And 476 more" in page
P

# ---- errors ----

fails 2 "one argument is needed" "ck report needs OUT" ck report
fails 1 "no ck-job.json" "ck report of a folder without a record" ck report plates
fails 2 "--report needs OUT" "--report needs OUT" ck key --report x.html --comp=- --fg off --matte off --processed off plates
fails 2 "is a folder" "--report of a folder" key --report plates plates other
echo "plates other" >list
fails 2 "--report is about one shot" "--report beside --jobs" ck key --report x.html --jobs list
sed 's/"coverage": 0/"coverage": x/' clean/ck-job.json >plain/ck-job.json
fails 1 "not a number" "a damaged record" ck report plain
done_testing
