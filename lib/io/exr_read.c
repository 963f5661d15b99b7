#include "io/exr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/exr_core.h"
#include "io/exr_decode.h"
#include "io/exr_facts.h"

typedef struct reader {
    int fd;
    int64_t file_bytes;
    atomic_int read_errno; /* errno of a failed read, 0 = none */
    ck_exr_part part;
    char encoding[CK_PLANE_TAG];
    ck_error *e;
} reader;

static int64_t on_read(exr_const_context_t ctx, void *user, void *buf, uint64_t n, uint64_t offset,
                       exr_stream_error_func_ptr_t error)
{
    (void)ctx;
    (void)error;
    reader *r = user;
    uint64_t done = 0;
    while (done < n) {
        ssize_t k = pread(r->fd, (char *)buf + done, n - done, (off_t)(offset + done));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0) {
            r->read_errno = errno;
            return -1;
        }
        if (!k)
            break;
        done += (uint64_t)k;
    }
    return (int64_t)done;
}

static int64_t on_size(exr_const_context_t ctx, void *user)
{
    (void)ctx;
    return ((reader *)user)->file_bytes;
}

static ck_status fail(reader *r, exr_result_t code)
{
    if (r->read_errno) {
        errno = r->read_errno;
        return ck_fail_errno(r->e, "cannot read");
    }
    return ck_exr_fail(r->e, code, "damaged or truncated EXR", "copy or render it again");
}

static ck_status open_file(reader *r, const char *path)
{
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (r->fd < 0 || fstat(r->fd, &st))
        return ck_fail_errno(r->e, "cannot open");
    if (!S_ISREG(st.st_mode))
        return ck_fail(r->e, CK_ERR_UNSUPPORTED, "not a regular file: EXR cannot be read from pipes or devices");
    r->file_bytes = st.st_size;
    exr_context_initializer_t init = EXR_DEFAULT_CONTEXT_INITIALIZER;
    init.error_handler_fn = ck_exr_on_error;
    init.user_data = r;
    init.read_fn = on_read;
    init.size_fn = on_size;
    init.max_image_width = init.max_image_height = CK_MAX_SIDE;
    init.max_tile_width = init.max_tile_height = CK_MAX_SIDE;
    /* A wrong chunk table means that the writer did not finish.  Reconstructing it would turn half a picture into
     * success. */
    init.flags = EXR_CONTEXT_FLAG_DISABLE_CHUNK_RECONSTRUCTION;
    exr_result_t rv = exr_start_read(&r->part.ctx, "exr", &init);
    return rv ? fail(r, rv) : CK_OK;
}

/* Only our own files state how samples are encoded; all others are linear, as the format requires. */
static ck_status read_encoding(reader *r)
{
    int32_t n = 0;
    const char *s = "linear";
    if (exr_attr_get_string(r->part.ctx, r->part.choice.part, "ck:transfer", &n, &s))
        s = "linear";
    ck_exr_listen(); /* a missing attribute is not an error */
    size_t len = strlen(s);
    if (len >= sizeof r->encoding || !ck_name_valid(s, len))
        return ck_fail(r->e, CK_ERR_FORMAT, "EXR attribute ck:transfer is not an encoding: make it srgb or linear");
    memcpy(r->encoding, s, len + 1);
    return CK_OK;
}

static int64_t area(const exr_attr_box2i_t *b)
{
    return ((int64_t)b->max.x - b->min.x + 1) * ((int64_t)b->max.y - b->min.y + 1);
}

/* Memory depends on the display window, the file's size on the data window.  So a display window above this size must
 * not be more than 16 data windows. */
#define PLAUSIBLE ((int64_t)64 << 20) /* pixels: 8192 x 8192 */

static ck_status check_windows(reader *r)
{
    const exr_attr_box2i_t *d = &r->part.data, *s = &r->part.display;
    if (area(s) <= PLAUSIBLE || area(s) / 16 <= area(d))
        return CK_OK;
    return ck_fail(r->e, CK_ERR_FORMAT,
                   "implausible EXR: a display window of %lld x %lld around a data window of %d x %d: crop it",
                   (long long)s->max.x - s->min.x + 1, (long long)s->max.y - s->min.y + 1, d->max.x - d->min.x + 1,
                   d->max.y - d->min.y + 1);
}

static ck_status read_header(reader *r, const ck_still_select *select, ck_want want)
{
    ck_exr_part *p = &r->part;
    ck_status s = ck_exr_choose(p->ctx, select, want, &p->choice, r->e);
    if (s != CK_OK)
        return s;
    int part = p->choice.part;
    exr_result_t rv = exr_get_storage(p->ctx, part, &p->storage);
    if (!rv)
        rv = exr_get_compression(p->ctx, part, &p->compression);
    if (!rv)
        rv = exr_get_data_window(p->ctx, part, &p->data);
    if (!rv)
        rv = exr_get_display_window(p->ctx, part, &p->display);
    if (!rv)
        rv = exr_get_channels(p->ctx, part, &p->list_view);
    if (rv)
        return fail(r, rv);
    int64_t w = (int64_t)p->display.max.x - p->display.min.x + 1, h = (int64_t)p->display.max.y - p->display.min.y + 1;
    if (w < 1 || h < 1 || w > CK_MAX_SIDE || h > CK_MAX_SIDE)
        return ck_fail(r->e, CK_ERR_FORMAT, "EXR display window of %lld x %lld: sides go from 1 to %d", (long long)w,
                       (long long)h, CK_MAX_SIDE);
    s = check_windows(r);
    if (s == CK_OK)
        s = read_encoding(r);
    return s;
}

/* libOpenEXR's C interface gives only half RGBA of the first part's channels without a prefix. */
static ck_status check_chroma(reader *r)
{
    const ck_exr_choice *c = &r->part.choice;
    if (c->type != CK_F16)
        return ck_fail(r->e, CK_ERR_UNSUPPORTED, "EXR luminance and chroma are read as half only: write R, G and B");
    if (c->part || strcmp(r->part.list_view->entries[c->index[0]].name.str, "Y") != 0)
        return ck_fail(r->e, CK_ERR_UNSUPPORTED,
                       "EXR luminance and chroma are read without layers and of the first part only: write R, G and B");
    return CK_OK;
}

/* For the user: what else there is, and what was cropped. */
static ck_status note(const ck_exr_part *p, ck_frame *f, ck_error *e)
{
    char there[1300];
    const exr_attr_box2i_t *d = &p->data, *s = &p->display;
    ck_exr_describe(p->ctx, &p->choice, there, sizeof there);
    if (d->min.x >= s->min.x && d->min.y >= s->min.y && d->max.x <= s->max.x && d->max.y <= s->max.y)
        return *there ? ck_meta_set(&f->meta, CK_STILL_NOTE, there, e) : CK_OK;
    return ck_meta_setf(
        &f->meta, e, CK_STILL_NOTE,
        "%s%sits data window (%d,%d)-(%d,%d) reaches beyond its display window (%d,%d)-(%d,%d): cropped", there,
        *there ? "; " : "", d->min.x, d->min.y, d->max.x, d->max.y, s->min.x, s->min.y, s->max.x, s->max.y);
}

/* Read the chunk table: a header that promises more than the file holds fails before memory is allocated. */
static ck_status check_first_chunk(reader *r)
{
    exr_chunk_info_t chunk;
    const ck_exr_part *p = &r->part;
    exr_result_t rv = p->storage == EXR_STORAGE_TILED
                          ? exr_read_tile_chunk_info(p->ctx, p->choice.part, 0, 0, 0, 0, &chunk)
                          : exr_read_scanline_chunk_info(p->ctx, p->choice.part, p->data.min.y, &chunk);
    return rv ? fail(r, rv) : CK_OK;
}

/* Pixels outside the data window are 0. */
static void clear_surroundings(const ck_exr_part *p, const ck_plane *plane)
{
    if (p->data.min.x > p->display.min.x || p->data.min.y > p->display.min.y || p->data.max.x < p->display.max.x ||
        p->data.max.y < p->display.max.y)
        memset(ck_plane_data(plane), 0, plane->bytes);
}

static ck_status read_pixels(reader *r, const char *path, int threads, ck_want want, const char *name, ck_frame *f)
{
    ck_exr_part *p = &r->part;
    ck_status s = p->choice.chroma ? check_chroma(r) : CK_OK;
    if (s == CK_OK)
        s = check_first_chunk(r);
    if (s != CK_OK)
        return s;
    ck_pick pick;
    int channels = (p->choice.n == 3 || p->choice.chroma ? 3 : 1) + (p->choice.alpha >= 0);
    s = ck_pick_open(&pick, f, name, want, p->choice.type, channels, p->display.max.x - p->display.min.x + 1,
                     p->display.max.y - p->display.min.y + 1, r->encoding, r->e);
    if (s != CK_OK)
        return s;
    clear_surroundings(p, ck_frame_plane(f, name));
    if (p->choice.chroma) {
        s = ck_exr_decode_rgba(path, p, &pick, r->e);
    } else {
        exr_result_t rv = ck_exr_decode(p, &pick, threads);
        s = rv ? fail(r, rv) : CK_OK;
    }
    if (s == CK_OK && !ck_want_is_mask(want))
        s = ck_exr_read_facts(p->ctx, p->choice.part, r->encoding, f, r->e);
    if (s == CK_OK)
        s = note(p, f, r->e);
    return ck_pick_end(&pick, f, name, s, r->e);
}

ck_status ck_exr_read_selected(const char *path, const ck_still_select *select, ck_want want, const char *name,
                               ck_frame *f, ck_error *e)
{
    reader r = {.fd = -1, .e = e};
    ck_exr_listen();
    ck_status s = open_file(&r, path);
    if (s == CK_OK)
        s = read_header(&r, select, want);
    if (s == CK_OK)
        s = read_pixels(&r, path, select->threads, want, name, f);
    if (r.part.ctx)
        exr_finish(&r.part.ctx);
    if (r.fd >= 0)
        close(r.fd);
    return s;
}

ck_status ck_exr_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e)
{
    return ck_exr_read_selected(path, &(ck_still_select){.threads = 1}, want, name, f, e);
}
