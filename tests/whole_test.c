/* Containers that declare their length, built byte by byte, whole and cut; JPEG files likewise. */
#include "io/whole.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/jpeg.h"
#include "tap.h"

typedef struct file {
    uint8_t b[200000];
    size_t n;
} file;

static file f;

static void add(const void *data, size_t n)
{
    memcpy(f.b + f.n, data, n);
    f.n += n;
}

static void text(const char *s)
{
    add(s, strlen(s));
}

static void big(uint64_t v, int n)
{
    while (n--) {
        uint8_t b = (uint8_t)(v >> 8 * n);
        add(&b, 1);
    }
}

static void little(uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 8)
        add(&v, 1);
}

static void zeros(size_t n)
{
    memset(f.b + f.n, 0, n);
    f.n += n;
}

static bool whole(size_t n)
{
    FILE *t = tmpfile();
    ck_error e = {{0}};
    fwrite(f.b, 1, n, t);
    fflush(t);
    ck_status s = ck_whole_check(fileno(t), NULL, 0, (int64_t)n, &e);
    fclose(t);
    return s == CK_OK;
}

static bool whole_pipe(size_t n)
{
    return ck_whole_check(-1, f.b, n < CK_WHOLE_HEAD ? n : CK_WHOLE_HEAD, (int64_t)n, NULL) == CK_OK;
}

/* The complete file passes; every shorter length from `least` on is refused. */
static void check(const char *what, size_t least, bool pipe)
{
    int missed = 0;
    bool complete = whole(f.n) && whole_pipe(f.n);
    for (size_t n = least; n < f.n; n += n + 7 < f.n && n > 600 ? 7 : 1)
        missed += whole(n) || (pipe && whole_pipe(n));
    ok(complete && missed == 0, "%s: whole passes, cut fails", what);
    if (missed || !complete)
        printf("# %s, %d lengths passed\n", complete ? "whole passed" : "whole failed", missed);
}

static void box(const char *type, size_t payload)
{
    big(payload + 8, 4);
    text(type);
    zeros(payload);
}

static void iso(void)
{
    f.n = 0;
    box("ftyp", 16);
    box("moov", 300);
    box("free", 0);
    size_t boxes = f.n; /* before this, a cut between two boxes cannot be detected */
    big(1, 4);
    text("mdat");
    big(16 + 500, 8);
    zeros(500);
    check("MP4 with a 64-bit box", boxes + 1, false);
    size_t end = f.n;
    zeros(20);
    ok(whole(f.n), "something that is no box may follow");
    f.n = end;
    box("moof", 50);
    box("mdat", 70);
    check("fragments", end + 1, false);
    f.n = 0;
    box("ftyp", 16);
    big(0, 4);
    text("mdat");
    zeros(100);
    ok(whole(f.n) && whole(f.n - 50), "a box to the end of the file declares nothing");
    f.n = 0;
    box("ftyp", 16);
    big(3, 4);
    text("moov");
    zeros(20);
    ok(!whole(f.n), "a box smaller than its own header is damage");
}

static void matroska(void)
{
    f.n = 0;
    add("\x1a\x45\xdf\xa3\x84\0\0\0\0", 9);
    add("\x18\x53\x80\x67\x01", 5);
    big(1000, 7);
    zeros(1000);
    check("Matroska", 21, true);
    memset(f.b + 14, 0xff, 7); /* the length is at 13, its value at 14 */
    ok(whole(f.n) && whole(500), "a segment of unknown length declares nothing");
}

static void avi(void)
{
    f.n = 0;
    text("RIFF");
    little(4 + 301);
    text("AVI ");
    zeros(302); /* odd chunks are padded */
    text("RIFF");
    little(4 + 100);
    text("AVIX");
    zeros(100);
    size_t second = 12 + 302;
    check("the second RIFF chunk of an AVI", second + 12, false);
    int missed = 0;
    for (size_t n = 12; n < second - 1; n++)
        missed += whole(n) || whole_pipe(n);
    ok(!missed, "and its first");
    memset(f.b + 4, 0, 4);
    ok(whole(100), "an AVI that was never finished declares nothing");
}

static void ts(void)
{
    for (int packet = 188; packet <= 192; packet += 4) {
        f.n = 0;
        for (int i = 0; i < 6; i++) {
            zeros((size_t)packet);
            f.b[i * packet + packet - 188] = 0x47;
        }
        int missed = 0;
        for (size_t n = 4 * (size_t)packet; n < f.n; n++)
            missed += (whole(n) || whole_pipe(n)) != (n % (size_t)packet == 0);
        ok(whole(f.n) && !missed, "MPEG-TS in packets of %d bytes", packet);
    }
}

static void page(int flags, int segments, int last)
{
    text("OggS");
    big((uint64_t)flags, 2);
    zeros(20);
    big((uint64_t)segments, 1);
    for (int i = 0; i < segments; i++)
        big(i == segments - 1 ? (uint64_t)last : 255, 1);
    zeros((size_t)(segments - 1) * 255 + (size_t)last);
}

static void ogg(void)
{
    f.n = 0;
    page(2, 1, 40);
    for (int i = 0; i < 3; i++)
        page(0, 255, 255);
    page(4, 3, 17);
    check("Ogg", 12, false);
    page(0, 1, 5);
    ok(!whole(f.n), "a last page that does not say it is the last");
}

static void others(void)
{
    f.n = 0;
    text("whatever this may be");
    ok(whole(f.n) && whole(3) && whole(0), "what we do not know passes");
}

static void jpeg(void)
{
    f.n = 0;
    add("\xff\xd8\xff\xe0\0\x06JFIF", 10);
    add("\xff\xff\xff\xdb\0\x04\0\0", 8);
    add("\xff\xda\0\x04\x01\x02\x12\x34\xff\0\x56\xff\xd3\x78\xff\xff\0", 17);
    add("\xff\xda\0\x04\x01\x02\x9a\xbc", 8);
    add("\xff\xd9", 2);
    int missed = 0;
    for (size_t n = 0; n < f.n; n++)
        missed += ck_jpeg_check(f.b, n, NULL) == CK_OK;
    ok(ck_jpeg_check(f.b, f.n, NULL) == CK_OK && !missed, "JPEG: whole passes, cut fails at every byte");
    zeros(9);
    ok(ck_jpeg_check(f.b, f.n, NULL) == CK_OK, "something may follow its end");
    f.b[10] = 0;
    ok(ck_jpeg_check(f.b, f.n, NULL) != CK_OK, "a missing marker is damage");
}

int main(void)
{
    iso();
    matroska();
    avi();
    ts();
    ogg();
    others();
    jpeg();
    return done_testing();
}
