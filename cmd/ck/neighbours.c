#include "ck/neighbours.h"

#include <math.h>
#include <stdio.h>

#define HOLE_PIXELS 64    /* smaller holes are not noticed */
#define HOLE_SHARE 1.6e-4 /* of the frame: 18 x 18 pixels at 1080p */

static double mean(double a, double b)
{
    return (a + b) / 2;
}

static double coverage_between(const ck_neighbours *n)
{
    return mean(n->before->m.coverage, n->after->m.coverage);
}

static double of_coverage(const ck_neighbours *n)
{
    return fabs(n->self->m.coverage - coverage_between(n));
}

static void say_coverage(const ck_neighbours *n, char *text, size_t size)
{
    snprintf(text, size, "coverage %.2f\u00a0%%, expected %.2f\u00a0%%", 100 * n->self->m.coverage,
             100 * coverage_between(n));
}

static double edge_between(const ck_neighbours *n)
{
    return mean(n->before->m.edge, n->after->m.edge);
}

static double of_edge(const ck_neighbours *n)
{
    return fabs(n->self->m.edge - edge_between(n));
}

static void say_edge(const ck_neighbours *n, char *text, size_t size)
{
    snprintf(text, size, "edges %.1f px wide, expected %.1f px", n->self->m.edge, edge_between(n));
}

static double screen_between(const ck_neighbours *n, int c)
{
    return mean(n->before->m.screen[c], n->after->m.screen[c]);
}

static double of_screen(const ck_neighbours *n)
{
    double sum = 0;
    if (!n->before->m.bare || !n->self->m.bare || !n->after->m.bare)
        return (double)NAN;
    for (int c = 0; c < 3; c++)
        sum += pow(n->self->m.screen[c] - screen_between(n, c), 2);
    return sqrt(sum);
}

static void say_screen(const ck_neighbours *n, char *text, size_t size)
{
    const double *s = n->self->m.screen;
    snprintf(text, size, "screen %.0f %.0f %.0f, expected %.0f %.0f %.0f", s[0], s[1], s[2], screen_between(n, 0),
             screen_between(n, 1), screen_between(n, 2));
}

/* Pixels that open most in a cell that was solid before and after; *at: its index. */
static double hole_of(const ck_neighbours *n, int *at)
{
    int most = 0;
    *at = 0;
    for (int i = 0; i < CK_CELLS; i++) {
        int a = n->before->m.cells[i], b = n->after->m.cells[i], least = a < b ? a : b;
        int drop = least >= CK_CELL_FULL - 1 ? least - n->self->m.cells[i] : 0;
        if (drop > most) {
            most = drop;
            *at = i;
        }
    }
    return (double)most / (CK_CELL_FULL * CK_CELLS) * n->self->m.w * n->self->m.h;
}

/* In units of the least that is noticed. */
static double of_hole(const ck_neighbours *n)
{
    int at;
    return hole_of(n, &at) / fmax(HOLE_PIXELS, HOLE_SHARE * n->self->m.w * n->self->m.h);
}

static void say_hole(const ck_neighbours *n, char *text, size_t size)
{
    const ck_measures *m = &n->self->m;
    int at;
    (void)hole_of(n, &at);
    snprintf(text, size, "hole, open in this frame only, near x %d, y %d",
             (2 * (at % CK_CELLS_W) + 1) * m->w / (2 * CK_CELLS_W),
             (2 * (at / CK_CELLS_W) + 1) * m->h / (2 * CK_CELLS_H));
}

const ck_figure ck_figures_compared[CK_FIGURES] = {
    {of_hole, say_hole, 1},
    {of_screen, say_screen, 3},        /* codes of 8 bits */
    {of_coverage, say_coverage, .004}, /* of the frame */
    {of_edge, say_edge, .5},           /* pixels */
};

double ck_flicker(const ck_neighbours *n)
{
    double sum = 0;
    for (int i = 0; i < CK_CELLS; i++)
        sum += fabs(n->self->m.cells[i] - mean(n->before->m.cells[i], n->after->m.cells[i]));
    return sum / (CK_CELLS * CK_CELL_FULL);
}
