#include "io/av_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "stream/fdio.h"

#define MAGIC "ck-seg2\n"
#define MARK 0x4b434150u       /* "PACK" */
#define MOST_HEADER (1u << 20) /* bytes */
#define MOST_PACKET (1u << 30) /* bytes */
#define TAG "tag."             /* before the keys of container metadata */
static const char no_memory[] = "out of memory for a segment of video";

typedef struct record {
    uint32_t mark, flags;
    int64_t number, pts, dts, duration;
    uint64_t size, extra;
} record;

ck_status ck_segment_put_header(int fd, const ck_meta *about, ck_error *e)
{
    uint32_t n = 0;
    for (size_t i = 0; i < about->n; i++)
        n += (uint32_t)(strlen(about->pairs[i].key) + strlen(about->pairs[i].value) + 2);
    struct iovec head[] = {ck_iovec(MAGIC, strlen(MAGIC)), ck_iovec(&n, sizeof n)};
    ck_status s = ck_fd_writev(fd, head, 2, 0, e);
    for (size_t i = 0; i < about->n && s == CK_OK; i++) {
        const ck_pair *p = &about->pairs[i];
        struct iovec pair[] = {ck_iovec(p->key, strlen(p->key) + 1), ck_iovec(p->value, strlen(p->value) + 1)};
        s = ck_fd_writev(fd, pair, 2, 0, e);
    }
    return s;
}

ck_status ck_segment_put(int fd, const ck_segment_packet *p, const void *data, const void *extra, ck_error *e)
{
    record r = {MARK, p->flags, p->number, p->pts, p->dts, p->duration, p->size, p->extra};
    struct iovec v[] = {ck_iovec(&r, sizeof r), ck_iovec(data, p->size), ck_iovec(extra, p->extra)};
    return ck_fd_writev(fd, v, 3, 0, e);
}

/* n bytes at `at`; false at the end of the file or on an error. */
static bool read_at(int fd, void *to, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = pread(fd, (char *)to + done, n - done, at + (int64_t)done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        done += (size_t)k;
    }
    return true;
}

bool ck_segment_get(int fd, const ck_segment_packet *p, void *to)
{
    return read_at(fd, to, p->size + p->extra, p->at);
}

static ck_status read_pairs(ck_meta *about, const char *text, size_t n, ck_error *e)
{
    ck_status s = CK_OK;
    for (const char *p = text, *end = text + n; p < end && s == CK_OK;) {
        const char *value = p + strnlen(p, (size_t)(end - p)) + 1;
        const char *next = value < end ? value + strnlen(value, (size_t)(end - value)) + 1 : end + 1;
        if (next > end)
            return ck_fail(e, CK_ERR_FORMAT, "its header is damaged");
        s = ck_meta_set(about, p, value, e);
        p = next;
    }
    return s;
}

static ck_status read_header(int fd, ck_segment *out, int64_t *at, ck_error *e)
{
    char magic[sizeof MAGIC - 1];
    uint32_t n;
    if (!read_at(fd, magic, sizeof magic, 0) || memcmp(magic, MAGIC, sizeof magic) ||
        !read_at(fd, &n, sizeof n, sizeof magic) || n > MOST_HEADER)
        return ck_fail(e, CK_ERR_FORMAT, "not a segment of video");
    char *text = malloc(n + 1);
    if (!text)
        return ck_fail(e, CK_ERR_MEMORY, no_memory);
    *at = (int64_t)(sizeof magic + sizeof n + n);
    ck_status s = read_at(fd, text, n, (int64_t)(sizeof magic + sizeof n))
                      ? read_pairs(&out->about, text, n, e)
                      : ck_fail(e, CK_ERR_FORMAT, "its header is incomplete");
    free(text);
    return s;
}

static ck_status read_packets(int fd, ck_segment *out, int64_t at, int64_t size, ck_error *e)
{
    record r;
    while (!out->ended && read_at(fd, &r, sizeof r, at) && r.mark == MARK && r.size <= MOST_PACKET &&
           r.extra <= MOST_PACKET && (int64_t)(r.size + r.extra) <= size - at - (int64_t)sizeof r) {
        at += (int64_t)sizeof r;
        if (r.flags & CK_SEGMENT_END) {
            out->ended = true;
            break;
        }
        ck_segment_packet *grown = ck_grown(out->packets, out->n, &out->cap, sizeof *grown);
        if (!grown)
            return ck_fail(e, CK_ERR_MEMORY, no_memory);
        out->packets = grown;
        grown[out->n++] = (ck_segment_packet){r.flags, r.number, r.pts, r.dts, r.duration, r.size, r.extra, at};
        at += (int64_t)(r.size + r.extra);
    }
    return CK_OK;
}

ck_status ck_segment_read(const char *path, ck_segment *out, ck_error *e)
{
    *out = (ck_segment){.path = strdup(path)};
    struct stat st;
    int fd = out->path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    int64_t at = 0;
    ck_status s = fd < 0 || fstat(fd, &st) ? ck_fail_errno(e, "cannot open") : read_header(fd, out, &at, e);
    if (s == CK_OK)
        s = read_packets(fd, out, at, st.st_size, e);
    const char *codec = ck_meta_get(&out->about, "codec");
    int code = codec ? atoi(codec) : 0;
    out->intra = code >= 0 && code <= CK_AV_RAW && ck_av_coding_of((ck_av_codec)code)->intra;
    if (fd >= 0)
        close(fd);
    return s == CK_OK ? s : ck_fail_in(e, s, path);
}

void ck_segment_free(ck_segment *s)
{
    free(s->path);
    free(s->packets);
    ck_meta_free(&s->about);
    *s = (ck_segment){0};
}

/* The numbers of a spec, by their names in the header. */
static const struct {
    const char *key;
    size_t offset;
} numbers[] = {{"w", offsetof(ck_av_spec, w)},
               {"h", offsetof(ck_av_spec, h)},
               {"rate.num", offsetof(ck_av_spec, rate_num)},
               {"rate.den", offsetof(ck_av_spec, rate_den)},
               {"sar.num", offsetof(ck_av_spec, sar_num)},
               {"sar.den", offsetof(ck_av_spec, sar_den)},
               {"primaries", offsetof(ck_av_spec, primaries)},
               {"transfer", offsetof(ck_av_spec, transfer)},
               {"matrix", offsetof(ck_av_spec, matrix)},
               {"codec", offsetof(ck_av_spec, codec)}};
#define NUMBERS (sizeof numbers / sizeof *numbers)

ck_status ck_segment_describe(const ck_av_spec *spec, const char *job, ck_meta *about, ck_error *e)
{
    ck_status s = ck_meta_set(about, "job", job, e);
    if (s == CK_OK)
        s = ck_meta_set(about, "container", spec->container, e);
    if (s == CK_OK)
        s = ck_meta_set(about, "format", av_get_pix_fmt_name(spec->format), e);
    if (s == CK_OK)
        s = ck_meta_set(about, "args", spec->args, e);
    if (s == CK_OK)
        s = ck_meta_set(about, "timecode", spec->timecode, e);
    if (s == CK_OK)
        s = ck_meta_set(about, "sound", spec->sound, e);
    if (s == CK_OK && spec->sound)
        s = ck_meta_setf(about, e, "sound.start", "%.6f", spec->sound_start);
    for (size_t i = 0; i < NUMBERS && s == CK_OK; i++)
        s = ck_meta_setf(about, e, numbers[i].key, "%d", *(const int *)((const char *)spec + numbers[i].offset));
    for (size_t i = 0; spec->tags && i < spec->tags->n && s == CK_OK; i++) {
        char key[256];
        snprintf(key, sizeof key, TAG "%s", spec->tags->pairs[i].key);
        s = ck_meta_set(about, key, spec->tags->pairs[i].value, e);
    }
    return s;
}

ck_status ck_segment_spec(const ck_segment *s, ck_av_spec *spec, ck_meta *tags, ck_error *e)
{
    const char *format = ck_meta_get(&s->about, "format");
    *spec = (ck_av_spec){.container = ck_meta_get(&s->about, "container"),
                         .args = ck_meta_get(&s->about, "args"),
                         .timecode = ck_meta_get(&s->about, "timecode"),
                         .sound = ck_meta_get(&s->about, "sound"),
                         .threads = 1,
                         .tags = tags};
    const char *start = ck_meta_get(&s->about, "sound.start");
    spec->sound_start = start ? strtod(start, NULL) : 0;
    spec->format = av_get_pix_fmt(format ? format : "");
    bool good = spec->container && spec->format != AV_PIX_FMT_NONE;
    for (size_t i = 0; i < NUMBERS; i++) {
        const char *value = ck_meta_get(&s->about, numbers[i].key);
        good &= value != NULL;
        *(int *)((char *)spec + numbers[i].offset) = value ? atoi(value) : 0;
    }
    if (!good || (unsigned)spec->codec > CK_AV_RAW || spec->w < 1 || spec->h < 1 || spec->rate_num < 1 ||
        spec->rate_den < 1)
        return ck_fail(e, CK_ERR_FORMAT, "%s: its header is damaged: remove it and run again", s->path);
    ck_status st = CK_OK;
    for (size_t i = 0; i < s->about.n && st == CK_OK; i++) {
        const ck_pair *p = &s->about.pairs[i];
        if (!strncmp(p->key, TAG, strlen(TAG)))
            st = ck_meta_set(tags, p->key + strlen(TAG), p->value, e);
    }
    return st;
}
