/* ck-info: show a stream's contents. */
#include <stdio.h>
#include <stdlib.h>

#include "ck-info/npy.h"
#include "ck-info/options.h"
#include "ck-info/sheet.h"
#include "base/outfile.h"
#include "shared/inputs.h"
#include "stream/lease.h"
#include "stream/stage.h"

typedef struct info {
    const ck_info_options *opts;
    ck_meta head; /* a copy, for the inputs */
    FILE *out;    /* NULL: print nothing */
    uint64_t frames, failed;
    ck_sheet sheet;
} info;

/* Print a value on one line, escaping what would break it. */
static void print_value(FILE *f, const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 32 || *s == 127)
            fprintf(f, "\\x%02x", (unsigned char)*s);
        else
            fputc(*s, f);
    }
}

static void print_meta(FILE *f, const ck_meta *m)
{
    for (size_t i = 0; i < m->n; i++) {
        fprintf(f, " %s=", m->pairs[i].key);
        print_value(f, m->pairs[i].value);
    }
}

static ck_status flush(info *s, ck_error *e)
{
    if (s->out && (fflush(s->out) || ferror(s->out)))
        return ck_fail_errno(e, "cannot print");
    return CK_OK;
}

static ck_status open_info(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                           ck_error *e)
{
    (void)first;
    (void)args;
    const ck_info_options *o = opts;
    if (o->npy) {
        ck_status s = ck_mkdirs(o->npy, e);
        if (s != CK_OK)
            return ck_fail_in(e, s, o->npy);
    }
    info *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = o;
    ck_status copied = ck_meta_copy(&s->head, head, e);
    if (copied != CK_OK)
        return copied;
    s->out = o->pass ? stderr : o->npy || o->sheet ? NULL : stdout;
    if (s->out) {
        fprintf(s->out, "HEAD");
        print_meta(s->out, head);
        fputc('\n', s->out);
    }
    return flush(s, e);
}

/* "inline", or the ring and slot of shared memory that held the data on arrival. */
static void print_place(FILE *f, const ck_frame *frame, const ck_plane *p)
{
    const ck_lease *l = ck_lease_of(p->buf);
    if (l && l != frame->lease)
        fprintf(f, ":ring%llu/%d", (unsigned long long)ck_ring_id_view(ck_lease_ring(l))->ino, ck_lease_slot(l));
    else
        fprintf(f, ":inline");
}

static void print_frame(FILE *f, const ck_frame *frame)
{
    fprintf(f, "FRAME %llu", (unsigned long long)frame->seq);
    print_meta(f, &frame->meta);
    for (int i = 0; i < frame->n; i++) {
        const ck_plane *p = &frame->planes[i];
        fprintf(f, " %s:%s:%dx%dx%d%s%s", p->name, p->type_name, p->c, p->h, p->w, *p->encoding ? ":" : "",
                p->encoding);
        print_place(f, frame, p);
    }
    fputc('\n', f);
}

static ck_status dump(void *state, ck_frame *f, ck_error *e)
{
    info *s = state;
    for (int i = 0; s->opts->npy && i < f->n; i++) {
        char *path;
        if (asprintf(&path, "%s/%s.%06ld.npy", s->opts->npy, f->planes[i].name, ck_frame_number(f)) < 0)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory");
        ck_status st = ck_npy_write(path, &f->planes[i], e);
        if (st != CK_OK)
            ck_fail_in(e, st, path);
        free(path);
        if (st != CK_OK)
            return st;
    }
    return CK_OK;
}

/* A sheet must not replace a file that a frame was read from. */
static ck_status check_sheet(const info *s, const ck_frame *f, ck_error *e)
{
    const char *sheet = s->opts->sheet;
    if (!sheet || !ck_inputs_local(&s->head) || !(ck_inputs_have(&s->head, sheet) || ck_inputs_have(&f->meta, sheet)))
        return CK_OK;
    const char *source = ck_meta_get(&s->head, "source");
    return ck_fail(e, CK_ERR_ARGUMENT, "%s: this sheet would overwrite its input (%s): choose another name", sheet,
                   source ? source : "of a frame");
}

static ck_status show(void *state, ck_frame *f, ck_error *e)
{
    info *s = state;
    s->frames++;
    s->failed += ck_frame_error(f) != NULL;
    if (s->out)
        print_frame(s->out, f);
    ck_status st = check_sheet(s, f, e);
    if (st == CK_OK && s->opts->sheet)
        st = ck_sheet_add(&s->sheet, f, e);
    return st == CK_OK ? flush(s, e) : st;
}

static ck_status finish(void *state, ck_error *e)
{
    info *s = state;
    if (s->out) {
        fprintf(s->out, "END %llu frames", (unsigned long long)s->frames);
        if (s->failed)
            fprintf(s->out, ", %llu failed", (unsigned long long)s->failed);
        fputc('\n', s->out);
    }
    ck_status st = s->opts->sheet ? ck_sheet_write(&s->sheet, s->opts->sheet, e) : CK_OK;
    return st == CK_OK ? flush(s, e) : st;
}

static void close_info(void *state)
{
    info *s = state;
    ck_sheet_free(&s->sheet);
    ck_meta_free(&s->head);
    free(s);
}

static bool sink(const void *opts)
{
    return !((const ck_info_options *)opts)->pass;
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_info_program,
                                   .open = open_info,
                                   .frame = dump,
                                   .consume = show,
                                   .finish = finish,
                                   .close = close_info,
                                   .sink = sink};
    return ck_stage_main(&stage, argc, argv);
}
