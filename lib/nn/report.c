#include "nn/report.h"

#include <stdio.h>
#include <string.h>

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

const char *ck_nn_plan_kernels(const ck_nn_plan *p, char names[CK_NN_KERNEL_NAMES])
{
    ck_error why;
    *names = 0;
    for (int i = 0; i < ck_nn_plan_steps(p); i++) {
        const char *kernel = ck_nn_plan_kernel(p, i, &why);
        size_t used = strlen(names), n = kernel ? strlen(kernel) : 0;
        bool known = !n;
        for (const char *at = names; !known && (at = strstr(at, kernel)); at += n)
            known = (at == names || at[-1] == ' ') && (at[n] == ' ' || !at[n]);
        if (!known)
            snprintf(names + used, CK_NN_KERNEL_NAMES - used, "%s%s", used ? " " : "", kernel);
    }
    return names;
}

static bool same_reason(const ck_nn_plan *p, int i, const char *kernel, const ck_error *why)
{
    ck_error other;
    const char *name = ck_nn_plan_kernel(p, i, &other);
    return !strcmp(name, kernel) && !strcmp(other.text, why->text);
}

int ck_nn_plan_plainer(const ck_nn_plan *p, int i, ck_error *line)
{
    ck_error why;
    for (; i < ck_nn_plan_steps(p); i++) {
        const char *kernel = ck_nn_plan_kernel(p, i, &why);
        int before = 0;
        if (!kernel || !*why.text)
            continue;
        while (before < i && !same_reason(p, before, kernel, &why))
            before++;
        if (before < i)
            continue;
        ck_fail(line, CK_OK, "%s by %s: %s", ck_nn_plan_step(p, i)->label, kernel, why.text);
        return i;
    }
    return i;
}
