#!/usr/bin/env python3
"""Mutation fuzzing of picture and video files through ck-decode.

    python3 fuzz/files.py --bin build/asan/bin --seconds 600 --found build/fuzz/files.found [--seed 1]

Seeds are small files made by ffmpeg, oiiotool and ck's own programs. Each is mutated at random and decoded by an
instrumented ck-decode: videos singly, stills also in sequences of forty, since starting takes most of a run. A finding is
a signal, a sanitizer report, an exit status that is not ck's, a failure without a message, or ten seconds of computing
without an end. Its file and messages are kept. Exit status: 0 without findings. The last line has the numbers of files and
runs and the CPU seconds of ck-decode.
"""

import argparse
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

LIMIT_SECONDS = 10
LIMIT_MB = 4096

STILLS = [  # (name, ffmpeg's output options)
    ("rgb8.png", "-pix_fmt rgb24"), ("rgba16.png", "-pix_fmt rgba64be"), ("grey.png", "-pix_fmt gray"),
    ("pal.png", "-pix_fmt pal8"), ("mono.png", "-pix_fmt monob"), ("ya16.png", "-pix_fmt ya16be"),
    ("lines.png", "-pix_fmt rgb24 -pred mixed"), ("base.jpg", "-q:v 3"), ("j444.jpg", "-pix_fmt yuvj444p"),
    ("jgrey.jpg", "-pix_fmt gray"), ("z.tif", "-compression_algo deflate -pix_fmt rgb24"), ("lzw.tif", "-compression_algo lzw -pix_fmt rgb24"),
    ("pack.tif", "-compression_algo packbits -pix_fmt gray"), ("raw16.tif", "-compression_algo raw -pix_fmt rgb48le"),
    ("a.dpx", "-pix_fmt gbrp10be"), ("b.dpx", "-pix_fmt rgb48be"), ("c.dpx", "-pix_fmt gbrp12le"), ("w.webp", ""),
    ("i.bmp", ""), ("i.tga", ""), ("i.jp2", ""), ("i.hdr", "-pix_fmt gbrpf32"), ("i.sgi", ""), ("i.ppm", ""),
]
OIIO = [
    "--compression none -d half", "--compression rle -d float", "--compression zips -d half", "--compression zip -d float",
    "--compression piz -d half", "--compression pxr24 -d float", "--compression b44 -d half", "--compression b44a -d half",
    "--compression dwaa -d half", "--compression dwab -d half", "--compression zip -d uint32",
    "--tile 16 16 --compression zip -d half", "--tile 16 16 --compression piz -d float",
]
OIIO_TIFF = ["-d half", "-d float", "-d int16", "-d uint32", "--tile 16 16 -d uint8", "--planarconfig separate -d uint16",
             "--tile 16 16 --planarconfig separate -d float", "--attrib tiff:bigtiff 1 -d uint8", "-d uint10",
             "--attrib Orientation 6 -d uint8", "--compression jpeg -d uint8"]
VIDEOS = [
    ("h264.mp4", "-c:v libx264 -g 4 -bf 2"), ("h264.mkv", "-c:v libx264 -g 4"), ("hevc.mp4", "-c:v libx265 -x265-params log-level=0"),
    ("h264.ts", "-c:v libx264 -g 3"), ("mpeg2.ts", "-c:v mpeg2video"), ("mpeg4.avi", "-c:v mpeg4 -bf 2"), ("mj.avi", "-c:v mjpeg"),
    ("prores.mov", "-c:v prores_ks -profile:v 3"), ("pr4444.mov", "-c:v prores_ks -pix_fmt yuva444p10le"), ("qtrle.mov", "-c:v qtrle"),
    ("png.mov", "-c:v png"), ("dnx.mov", "-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p -s 256x120"), ("ffv1.mkv", "-c:v ffv1"),
    ("vp9.webm", "-c:v libvpx-vp9 -cpu-used 8"), ("vp8.webm", "-c:v libvpx"), ("v210.mov", "-c:v v210"), ("ut.avi", "-c:v utvideo"),
    ("raw.nut", "-c:v rawvideo"), ("i.y4m", ""), ("i.gif", ""), ("anim.apng", "-plays 0"), ("cfhd.mov", "-c:v cfhd"),
    ("mpeg2.mxf", "-c:v mpeg2video"), ("av1.mp4", "-c:v libaom-av1 -cpu-used 8"), ("flv.flv", "-c:v flv"), ("theora.ogv", "-c:v libtheora"),
]
STILL_SUFFIXES = {"." + n.split(".")[1] for n, _ in STILLS} | {".exr", ".tif"}
ALONE = 0.7  # share of the runs: one file, a video or the first still of its stream
BATCH = 40
AS_HINT = 0.1  # share of the single files
# Options of a run; half of the runs have none.
CALLS = [[], [], [], ["--keep-going"], ["--keep-going", "--repair"], ["-t", "1"], ["-v"]]
VIDEO_CALLS = CALLS + [["--frames", "1-2", "--missing", "black", "--keep-going"]]
NUMBERS = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]


def make_seeds(folder, programs):
    """All seeds that this machine's tools can make, as (suffix, bytes)."""
    def call(*words):
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def picture(name, options):
        call("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=48x36:r=24", "-frames:v", "1", *options.split(),
             os.path.join(folder, name))

    for name, options in STILLS:
        picture(name, options)
    source = os.path.join(folder, "rgba16.png")
    for i, options in enumerate(OIIO):
        call("oiiotool", source, *options.split(), "-o", os.path.join(folder, f"o{i}.exr"))
    for i, options in enumerate(OIIO_TIFF):
        call("oiiotool", source, *options.split(), "-o", os.path.join(folder, f"o{i}.tif"))
    call("oiiotool", source, "--ch", "Z.Z=R,A.A=A", source, "--siappend", "-o", os.path.join(folder, "parts.exr"))
    call("oiiotool", source, "--ch", "beauty.R=R,beauty.G=G,beauty.B=B", "-o", os.path.join(folder, "layer.exr"))
    call("oiiotool", source, "--origin", "+5+7", "--fullsize", "80x60+0+0", "-o", os.path.join(folder, "window.exr"))
    call("sh", "-c", f"{programs}/ck-synth -g 48x36 -n 1 | {programs}/ck-encode --plane rgb=exr {folder}/ck && "
                     f"mv {folder}/ck/rgb/*.exr {folder}/ck.exr")
    for name, options in VIDEOS:
        call("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=24", "-frames:v", "8", *options.split(),
             os.path.join(folder, name))
    seeds = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.path.getsize(path):
            with open(path, "rb") as f:
                seeds.append((os.path.splitext(name)[1], f.read()))
    return seeds


def mutate_once(data, other, rng):
    """Mutate a bytearray once; half of the mutations hit the first 600 bytes, where headers are."""
    size = len(data)
    if size < 8:
        return data
    at = rng.randrange(min(size, 600)) if rng.random() < 0.5 else rng.randrange(size)
    kind = rng.randrange(9)
    if kind == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at] = rng.randrange(256)
    elif kind in (2, 3):
        form = rng.choice(["<H", ">H", "<I", ">I"])
        n = struct.calcsize(form)
        data[at:at + n] = struct.pack(form, rng.choice(NUMBERS) & (2 ** (8 * n) - 1))
    elif kind == 4:
        del data[at:at + rng.choice([1, 2, 4, 16, rng.randrange(1, size)])]
    elif kind == 5:
        piece = data[at:at + rng.choice([1, 4, 16, 64])]
        data[at:at] = piece * rng.choice([1, 1, 2, 8])
    elif kind == 6:
        start = rng.randrange(len(other))
        n = rng.choice([4, 16, 64, 256])
        data[at:at + n] = other[start:start + n]
    elif kind == 7:
        del data[rng.randrange(size):]
    else:
        n = rng.choice([2, 8, 32])
        data[at:at + n] = bytes(rng.randrange(256) for _ in range(n))
    return data


def mend_png(data):
    """Correct the checksums, so that a mutation passes libpng's first check; sometimes mutate below zlib."""
    at = 8
    while at + 12 <= len(data):
        n, = struct.unpack_from(">I", data, at)
        if n > len(data) - at - 12:
            break
        struct.pack_into(">I", data, at + 8 + n, zlib.crc32(data[at + 4:at + 8 + n]))
        at += 12 + n
    return data


def mutate(seeds, rng):
    suffix, data = rng.choice(seeds)
    kin = [d for s, d in seeds if s == suffix]
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 3, 5, 10])):
        data = mutate_once(data, rng.choice(kin), rng)
    if suffix in (".png", ".apng") and rng.random() < 0.8:
        data = mend_png(data)
    return suffix, bytes(data)


def decode(program, options, paths):
    """Run ck-decode: (status, stderr, CPU seconds); status None: it did not end in time."""
    env = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1", ASAN_OPTIONS=(
        f"exitcode=99:allocator_may_return_null=1:hard_rss_limit_mb={LIMIT_MB}:max_allocation_size_mb={LIMIT_MB}"))
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([program, *options, *paths], stdout=subprocess.DEVNULL, stderr=said, env=env)
        late = threading.Timer(6 * LIMIT_SECONDS, os.kill, (child.pid, signal.SIGALRM))
        late.start()
        _, status, usage = os.wait4(child.pid, 0)
        late.cancel()
        child.returncode = 0
        said.seek(0)
        text = said.read(200000).decode("utf-8", "replace")
    cpu = usage.ru_utime + usage.ru_stime
    status = os.waitstatus_to_exitcode(status)
    if status == -signal.SIGALRM or cpu > LIMIT_SECONDS:
        text += f"\n{cpu:.1f} s of CPU\n"
        status = None
    return status, text, cpu


def wrong(status, text):
    """The fault in one line, or None.  Statuses 0 to 3 are valid; 1 and 2 need a message."""
    if status is None:
        return "no end in time"
    if status not in (0, 1, 2, 3):
        return f"status {status}"
    if "Sanitizer" in text or "runtime error" in text:
        return "a sanitizer's report"
    if status in (1, 2) and "ck-decode: " not in text:
        return "fails without a message"
    return None


class Fuzzer:
    """Runs ck-decode again and again and counts the results."""

    def __init__(self, program, folder, found, seeds, seed):
        self.program, self.folder, self.found, self.seeds = program, folder, found, seeds
        self.rng, self.seed = random.Random(seed), seed
        self.files, self.runs, self.finds, self.cpu, self.ends = 0, 0, 0, 0.0, {}

    def sums(self):
        return f"{self.files} files in {self.runs} runs, {self.finds} finds, {self.cpu:.0f} s of CPU, ends {self.ends}"

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def run(self, options, paths):
        status, text, spent = decode(self.program, options, paths)
        self.runs += 1
        self.cpu += spent
        self.ends[status] = self.ends.get(status, 0) + 1
        return wrong(status, text), text

    def keep(self, path, data, fault, text):
        self.finds += 1
        kept = os.path.join(self.found, f"{self.seed}-{self.files}{os.path.splitext(path)[1]}")
        with open(kept, "wb") as f:
            f.write(data)
        with open(kept + ".txt", "w", encoding="utf-8") as f:
            f.write(f"{fault}\n{text}")
        print(f"{kept}: {fault}", flush=True)

    def one(self):
        suffix, data = mutate(self.seeds, self.rng)
        path = self.write("x" + suffix, data)
        self.files += 1
        if self.rng.random() < AS_HINT:
            plate, good = self.rng.choice(self.seeds)
            fault, text = self.run(["--hint", path], [self.write("plate" + plate, good)])
        else:
            fault, text = self.run(self.rng.choice(CALLS if suffix in STILL_SUFFIXES else VIDEO_CALLS), [path])
        if fault:
            self.keep(path, data, fault, text)

    def batch(self, stills):
        """A sequence that starts with the unchanged seed.  The other files keep its first 12 bytes: one without a still's
        signature would end the sequence.  After a fault each file is run singly."""
        suffix, good = self.rng.choice(stills)
        kin = [s for s in stills if s[0] == suffix]
        paths = [self.write("a0" + suffix, good)]
        changed = [mutate([(suffix, good)] if self.rng.random() < 0.5 else kin, self.rng)[1] for _ in range(BATCH)]
        changed = [good[:12] + data[12:] for data in changed]
        paths += [self.write(f"a{i + 1}{suffix}", data) for i, data in enumerate(changed)]
        self.files += len(changed)
        fault, text = self.run(["--keep-going"], paths)
        if not fault:
            return
        finds = self.finds
        for path, data in zip(paths[1:], changed):
            alone, said = self.run(["--keep-going"], [paths[0], path])
            if alone:
                self.keep(path, data, alone, said)
        if self.finds == finds and fault != "no end in time":
            self.keep(paths[0], good, fault + ", in a sequence only", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", required=True, help="folder of instrumented programs")
    parser.add_argument("--seconds", type=float, default=600, help="how long")
    parser.add_argument("--found", required=True, help="folder of what is found")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    parser.add_argument("--kind", default="", help="suffixes of the seeds to use, as in .png,.apng (default: all)")
    a = parser.parse_args()
    os.makedirs(a.found, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "seeds"))
        seeds = make_seeds(os.path.join(folder, "seeds"), a.bin)
        if a.kind:
            seeds = [s for s in seeds if s[0] in a.kind.split(",")]
        print(f"{len(seeds)} seeds: {' '.join(sorted({s for s, _ in seeds}))}", flush=True)
        stills = [s for s in seeds if s[0] in STILL_SUFFIXES]
        fuzzer = Fuzzer(os.path.join(a.bin, "ck-decode"), folder, a.found, seeds, a.seed)
        until, next_words = time.monotonic() + a.seconds, time.monotonic() + 60
        while time.monotonic() < until:
            if stills and fuzzer.rng.random() >= ALONE:
                fuzzer.batch(stills)
            else:
                fuzzer.one()
            if time.monotonic() > next_words:
                next_words += 60
                print(fuzzer.sums(), flush=True)
    print(fuzzer.sums())
    return 1 if fuzzer.finds else 0


if __name__ == "__main__":
    sys.exit(main())
