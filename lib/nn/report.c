#include "nn/report.h"

#include <stdio.h>

double ck_nn_plan_gflop(const ck_nn_plan *p)
{
    double sum = 0;
    for (int i = 0; i < ck_nn_plan_steps(p); i++)
        sum += ck_nn_flop(ck_nn_plan_step(p, i));
    return sum * 1e-9;
}

static double total_ms(const ck_nn_plan *p)
{
    double sum = 0;
    for (int i = 0; i < ck_nn_plan_steps(p); i++)
        sum += ck_nn_plan_mean_ms(p, i);
    return sum;
}

static const char *shape(const ck_nn_tensor *t, char buf[48])
{
    snprintf(buf, 48, "%dx%dx%d", t->w, t->h, t->c);
    return buf;
}

/* Columns stay empty for operations without products. */
static void numbers(double gflop, double ms, char to[64])
{
    if (gflop > 0 && ms > 0)
        snprintf(to, 64, " %9.3f GFLOP %9.2f ms %8.1f GFLOP/s", gflop, ms, gflop / ms * 1e3);
    else if (gflop > 0)
        snprintf(to, 64, " %9.3f GFLOP %9.2f ms", gflop, ms);
    else
        snprintf(to, 64, " %15s %9.2f ms", "", ms);
}

const char *ck_nn_plan_line(const ck_nn_plan *p, int i, char line[CK_NN_REPORT_LINE])
{
    char from[48], to[48], end[64];
    if (i == ck_nn_plan_steps(p)) {
        numbers(ck_nn_plan_gflop(p), total_ms(p), end);
        snprintf(line, CK_NN_REPORT_LINE, "%-76s%s", "all", end);
        return line;
    }
    const ck_nn_step *s = ck_nn_plan_step(p, i);
    numbers(ck_nn_flop(s) * 1e-9, ck_nn_plan_mean_ms(p, i), end);
    snprintf(line, CK_NN_REPORT_LINE, "%-26s %-15s %15s -> %-15s%s", s->label, ck_nn_kind_name(s->kind),
             shape(&s->x[0], from), shape(&s->y, to), end);
    return line;
}
