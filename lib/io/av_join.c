#include "io/av_join.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/timecode.h"

/* The least time of the packets: when the video begins. */
static int64_t beginning(const ck_segment *segments, const ck_segment_ref *refs, size_t n)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        int64_t pts = segments[refs[i].segment].packets[refs[i].packet].pts;
        first = pts < first ? pts : first;
    }
    return first;
}

typedef struct source {
    size_t segment; /* SIZE_MAX: none */
    int fd;
    uint8_t *data;
    size_t cap;
} source;

/* Read the data of a packet; segments are opened one at a time. */
static ck_status fetch(source *from, const ck_segment *segments, const ck_segment_ref *r, ck_error *e)
{
    const ck_segment *s = &segments[r->segment];
    const ck_segment_packet *p = &s->packets[r->packet];
    if (from->segment != r->segment) {
        if (from->fd >= 0)
            close(from->fd);
        from->fd = open(s->path, O_RDONLY | O_CLOEXEC);
        from->segment = r->segment;
        if (from->fd < 0)
            return ck_fail_errno(e, "%s: cannot open", s->path);
    }
    size_t size = p->size + p->extra;
    if (size > from->cap) {
        free(from->data);
        from->data = malloc(size);
        from->cap = from->data ? size : 0;
        if (!from->data)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for a packet of %zu bytes", size);
    }
    return ck_segment_get(from->fd, p, from->data) ? CK_OK
                                                   : ck_fail(e, CK_ERR_IO, "%s: cannot read: it has changed", s->path);
}

static ck_status write_packets(ck_av_writer *w, const ck_segment *segments, const ck_segment_ref *refs, size_t n,
                               int64_t begin, ck_error *e)
{
    source from = {.segment = SIZE_MAX, .fd = -1};
    ck_status s = CK_OK;
    for (size_t i = 0; i < n && s == CK_OK; i++) {
        ck_segment_packet p = segments[refs[i].segment].packets[refs[i].packet];
        s = fetch(&from, segments, &refs[i], e);
        p.pts -= begin;
        p.dts -= begin;
        if (i && p.flags & CK_SEGMENT_HEADER)
            p.extra = 0; /* the same in all segments */
        if (s == CK_OK)
            s = ck_av_packet(w, &p, from.data, e);
    }
    if (from.fd >= 0)
        close(from.fd);
    free(from.data);
    return s;
}

/* The timecode of the first packet, `seconds` after the start of the shot. */
static void set_timecode(ck_av_spec *spec, double seconds, char buf[CK_TIMECODE])
{
    long frames = lround(seconds * spec->rate_num / spec->rate_den);
    if (spec->timecode)
        spec->timecode = ck_timecode_add(spec->timecode, spec->rate_num, spec->rate_den, frames, buf) ? buf : NULL;
}

ck_status ck_av_join(const ck_segment *segments, const ck_segment_ref *refs, size_t n, const char *path, char *note,
                     size_t note_size, ck_error *e)
{
    ck_av_spec spec;
    ck_meta tags = {0};
    ck_av_writer *w = NULL;
    char timecode[CK_TIMECODE];
    int64_t begin = beginning(segments, refs, n);
    const ck_segment_packet *first = &segments[refs[0].segment].packets[refs[0].packet];
    ck_status s = ck_segment_spec(&segments[refs[0].segment], &spec, &tags, e);
    /* Ticks as in ck_av_open: a frame lasts first->duration of them. */
    double seconds = s == CK_OK ? (double)begin / (double)first->duration * spec.rate_den / spec.rate_num : 0;
    if (s == CK_OK) {
        set_timecode(&spec, seconds, timecode);
        s = ck_av_open(&spec, path, 0, &w, e);
    }
    if (s == CK_OK) {
        snprintf(note, note_size, "%s", ck_av_note(w));
        ck_av_begin(w, seconds);
        s = write_packets(w, segments, refs, n, begin, e);
    }
    if (s == CK_OK)
        s = ck_av_finish(w, e);
    ck_av_free(w);
    ck_meta_free(&tags);
    return s;
}
