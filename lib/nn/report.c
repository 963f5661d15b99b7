#include "nn/report.h"

double ck_nn_plan_gflop(const ck_nn_plan *p)
{
    double sum = 0;
    for (int i = 0; i < ck_nn_plan_steps(p); i++)
        sum += ck_nn_flop(ck_nn_plan_step(p, i));
    return sum * 1e-9;
}

static const char *shape(const ck_nn_tensor *t, char buf[48])
{
    snprintf(buf, 48, "%dx%dx%d", t->w, t->h, t->c);
    return buf;
}

static void numbers(double gflop, double ms, FILE *f)
{
    if (gflop > 0)
        fprintf(f, " %9.3f GFLOP", gflop);
    else
        fprintf(f, " %15s", "");
    fprintf(f, " %9.2f ms", ms);
    if (gflop > 0 && ms > 0)
        fprintf(f, " %8.1f GFLOP/s", gflop / ms * 1e3);
    fputc('\n', f);
}

void ck_nn_plan_report(const ck_nn_plan *p, FILE *f)
{
    double ms = 0;
    for (int i = 0; i < ck_nn_plan_steps(p); i++) {
        const ck_nn_step *s = ck_nn_plan_step(p, i);
        char from[48], to[48];
        fprintf(f, "%-26s %-15s %15s -> %-15s", s->label, ck_nn_kind_name(s->kind), shape(&s->x[0], from),
                shape(&s->y, to));
        numbers(ck_nn_flop(s) * 1e-9, ck_nn_plan_mean_ms(p, i), f);
        ms += ck_nn_plan_mean_ms(p, i);
    }
    fprintf(f, "%-76s", "all");
    numbers(ck_nn_plan_gflop(p), ms, f);
}
