#include "ck-refine/sparse.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "greenformer/input.h"
#include "nn/nn.h"

#define TILE 64
#define MARGIN 4 /* bench/results/refine.md: the fastest setting within 4/255, and 0.02/255 in the mean */
/* A frame that differs from the last whole one in more than this share of samples counts as a cut. */
#define CUT 0.25

ck_status ck_sparse_open(sparse *s, const ck_refine_options *o, int h, int w, ck_error *e)
{
    int tile = o->tile ? ck_nn_blocks(o->tile) * CK_NN_BLOCK : TILE;
    *s = (sparse){.places = {.h = h, .w = w, .tile = tile, .margin = MARGIN}, .refresh = o->refresh, .map = o->map};
    ck_status st = ck_refine_band(o, &s->places.lo, &s->places.hi, e);
    if (st != CK_OK)
        return st;
    s->blocks = calloc((size_t)ck_tile_select_all(&s->places), 1);
    return s->blocks ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for the tile map");
}

void ck_sparse_close(sparse *s)
{
    free(s->blocks);
    s->blocks = NULL;
}

void ck_sparse_forget(sparse *s)
{
    s->settled = false;
}

/* The reason to refine the frame whole, or NULL. */
static const char *reason(sparse *s, uint64_t seq, const ck_histogram *now, const ck_crop *region, double *moved)
{
    *moved = s->settled ? ck_histogram_distance(now, &s->whole) : 0;
    if (!s->settled)
        return "no statistics yet";
    if (memcmp(region, &s->region, sizeof *region))
        return "another region";
    if (*moved > CUT)
        return "a cut";
    return s->refresh && seq % (uint64_t)s->refresh == 0 ? "--refresh" : NULL;
}

static ck_status by_hint(sparse *s, ck_frame *f, const float *alpha_logits, ck_error *e)
{
    const ck_plane *hint = ck_frame_plane(f, "hint");
    int h = s->places.h / CK_LOGIT_STRIDE, w = s->places.w / CK_LOGIT_STRIDE;
    ck_buffer *small = hint ? ck_buffer_new((size_t)h * (size_t)w * sizeof(float)) : NULL;
    if (hint && !small)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane 'hint'");
    ck_status st = hint ? ck_input_hint(hint, h, w, small->data, e) : CK_OK;
    if (st == CK_OK)
        ck_tile_select_undecided(&s->places, alpha_logits, small ? small->data : NULL, s->blocks);
    ck_buffer_unref(small);
    return st;
}

static ck_status add_map(const sparse *s, ck_frame *f, bool all, ck_error *e)
{
    ck_plane *p;
    ck_status st =
        ck_frame_add(f, "refine_map", CK_U8, 1, ck_nn_blocks(s->places.h), ck_nn_blocks(s->places.w), "", &p, e);
    unsigned char *to = st == CK_OK ? ck_plane_data(p) : NULL;
    for (int i = 0; to && i < ck_tile_select_all(&s->places); i++)
        to[i] = all || s->blocks[i] ? 255 : 0;
    return st;
}

static void say(const sparse *s, long number, const char *why, double moved)
{
    int all = ck_tile_select_all(&s->places), n = why ? all : ck_tile_select_count(&s->places, s->blocks);
    ck_log_info("frame %ld: %.1f %% skipped%s%s (distance %.3f from the last fully refined frame)", number,
                100.0 * (all - n) / all, why ? ", fully refined: " : "", why ? why : "", moved);
}

ck_status ck_sparse_choose(sparse *s, ck_frame *f, const float *rgb, const float *alpha_logits,
                           const unsigned char **blocks, ck_error *e)
{
    ck_histogram now = ck_histogram_of(rgb, alpha_logits, s->places.h, s->places.w);
    double moved;
    ck_crop region = {0};
    const char *of_plate = ck_meta_get(&f->meta, CK_CROP_REGION);
    if (of_plate && !ck_crop_parse(of_plate, &region))
        region = (ck_crop){0}; /* refused before */
    const char *why = reason(s, f->seq, &now, &region, &moved);
    const ck_plane *map = ck_frame_plane(f, "refine_map");
    ck_status st = map ? ck_tile_select_mapped(&s->places, map, s->blocks, e) : by_hint(s, f, alpha_logits, e);
    if (st == CK_OK && s->map)
        st = add_map(s, f, why != NULL, e);
    if (st != CK_OK)
        return st;
    if (why) {
        s->whole = now;
        s->region = region;
    }
    s->settled = true;
    *blocks = why ? NULL : s->blocks;
    say(s, ck_frame_number(f), why, moved);
    return CK_OK;
}
