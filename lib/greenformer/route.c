#include "greenformer/route.h"

#include <stdio.h>
#include <stdlib.h>

static int side_of(int stage)
{
    return 4 << stage; /* the patch embedding's stride, doubled by every later stage */
}

static size_t tokens_of(const ck_route *r, int stage)
{
    return (size_t)(r->h / side_of(stage)) * (size_t)(r->w / side_of(stage));
}

ck_status ck_route_open(ck_route *r, double lo, double hi, int h, int w, ck_error *e)
{
    size_t all = 0;
    *r = (ck_route){.on = lo > 0 || hi < 1, .lo = lo, .hi = hi, .h = h, .w = w};
    for (int s = CK_ROUTE_FROM; s < CK_ENCODER_STAGES; s++)
        all += tokens_of(r, s);
    if (!r->on)
        return CK_OK;
    r->tokens = calloc(all, sizeof *r->tokens);
    int *at = r->tokens;
    for (int s = CK_ROUTE_FROM; r->tokens && s < CK_ENCODER_STAGES; s++) {
        r->rows[s].row = at;
        at += tokens_of(r, s);
    }
    return r->tokens ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for the lists of --route");
}

void ck_route_close(ck_route *r)
{
    free(r->tokens);
    *r = (ck_route){0};
}

static double mean(const float *hint, int w, int side)
{
    double sum = 0;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            sum += (double)hint[(size_t)y * (size_t)w + (size_t)x];
    return sum / (side * side);
}

static bool attends(const ck_route *r, double coverage)
{
    return (r->lo <= 0 || coverage > r->lo) && (r->hi >= 1 || coverage < r->hi);
}

void ck_route_choose(ck_route *r, const float *hint, double *share)
{
    int *to = r->tokens;
    for (int s = CK_ROUTE_FROM; r->on && s < CK_ENCODER_STAGES; s++) {
        int side = side_of(s), across = r->w / side, n = 0;
        for (int i = 0; i < (int)tokens_of(r, s); i++) {
            size_t y = (size_t)(i / across * side), x = (size_t)(i % across * side);
            if (attends(r, mean(hint + y * (size_t)r->w + x, r->w, side)))
                to[n++] = i;
        }
        r->rows[s].n = n;
        to += tokens_of(r, s);
    }
    if (r->on && share)
        *share = (double)r->rows[CK_ROUTE_FROM].n / (double)tokens_of(r, CK_ROUTE_FROM);
}

bool ck_route_parse(const char *text, double *lo, double *hi)
{
    int used = 0;
    return sscanf(text, "%lf,%lf%n", lo, hi, &used) == 2 && !text[used] && *lo >= 0 && *lo < *hi && *hi <= 1;
}
