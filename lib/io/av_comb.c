#include "io/av_comb.h"

#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define RUN 8
#define FEWEST 16 /* runs, below which grain might be all */
#define STEP 8    /* lines */

typedef struct luma {
    const AVFrame *av;
    int bytes, shift; /* of a sample */
} luma;

/* The sum of a run of pixels. */
static int run(const luma *l, int y, int x)
{
    const uint8_t *row = l->av->data[0] + (ptrdiff_t)y * l->av->linesize[0] + (ptrdiff_t)x * l->bytes;
    int sum = 0;
    for (int i = 0; i < RUN; i++)
        sum += l->bytes == 1 ? row[i] : (row[2 * i] | row[2 * i + 1] << 8) >> l->shift;
    return sum;
}

static bool combed(const luma *l, int y, int x, int least)
{
    int a = run(l, y - 2, x), b = run(l, y - 1, x), c = run(l, y, x), d = run(l, y + 1, x), e = run(l, y + 2, x);
    int other = abs(2 * c - b - d), own = abs(2 * c - a - e), between = 2 * abs(b - d);
    return other > 2 * least && other > 4 * own && other > 4 * between;
}

double ck_av_combing(const AVFrame *av)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av->format);
    const AVComponentDescriptor *c = &d->comp[0];
    uint64_t not_these = AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                         AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER;
    int bytes = c->depth > 8 ? 2 : 1;
    if (d->flags & not_these || c->depth < 8 || c->depth > 16 || c->step != bytes)
        return 0;
    luma l = {av, bytes, c->shift};
    long found = 0, all = 0;
    for (int y = 2; y + 2 < av->height; y += STEP)
        for (int x = 0; x + RUN <= av->width; x += RUN, all++)
            found += combed(&l, y, x, RUN * (1 << c->depth) / 16);
    return found >= FEWEST ? (double)found / (double)all : 0;
}
