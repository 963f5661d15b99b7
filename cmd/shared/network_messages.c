#include "shared/network_messages.h"

#include <stdio.h>

#include "base/log.h"
#include "nn/report.h"

void ck_messages_model(const ck_model *m)
{
    for (size_t i = 0; i < sizeof m->table.warning / sizeof *m->table.warning; i++)
        if (*m->table.warning[i])
            ck_log_warning("%s: %s", m->path, m->table.warning[i]);
}

static void say_kernels(const ck_nn_plan *p)
{
    char names[CK_NN_KERNEL_NAMES];
    ck_error why;
    if (*ck_nn_plan_kernels(p, names))
        ck_log_info("kernels: %s", names);
    for (int i = 0; (i = ck_nn_plan_plainer(p, i, &why)) < ck_nn_plan_steps(p); i++)
        ck_log_info("%s", why.text);
}

void ck_messages_opened(const char *path, const ck_network *n)
{
    const ck_nn_plan *p = ck_network_plan(n);
    int h, w;
    char spilled[40] = "";
    ck_network_size(n, &h, &w);
    if (*ck_network_distrusted(n))
        ck_log_warning("%s", ck_network_distrusted(n));
    else if (*ck_network_passed_over(n))
        ck_log_info("no CUDA: %s", ck_network_passed_over(n));
    if (ck_nn_plan_spilled(p))
        snprintf(spilled, sizeof spilled, ", %.0f MB in a file", (double)ck_nn_plan_spilled(p) * 1e-6);
    ck_log_info("%s at %d x %d on %s: %s, %d steps, %.0f GFLOP a frame, %.0f MB of activations%s", path, w, h,
                ck_network_device(n), ck_nn_precision_name(ck_network_precision(n)), ck_nn_plan_steps(p),
                ck_nn_plan_gflop(p), (double)ck_nn_plan_bytes(p) * 1e-6, spilled);
    say_kernels(p);
}

static void print_layers(const ck_nn_plan *p)
{
    char line[CK_NN_REPORT_LINE];
    for (int i = 0; i <= ck_nn_plan_steps(p); i++)
        fprintf(stderr, "%s\n", ck_nn_plan_line(p, i, line));
}

void ck_messages_done(ck_network *n, bool layers)
{
    int pinned, refused;
    if (*ck_network_unrecorded(n))
        ck_log_warning("CUDA graph capture failed; kernels are launched one by one: %s", ck_network_unrecorded(n));
    ck_network_pins(n, &pinned, &refused);
    if (pinned + refused)
        ck_log_info("ring slots: %d are copied to and from the device directly, %d through a buffer", pinned, refused);
    if (layers)
        print_layers(ck_network_plan(n));
}
