#include "nn/devices.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool named_before(const ck_nn_devices *d)
{
    for (int i = 0; i < d->n; i++)
        if (!strcmp(d->name[i], d->name[d->n]))
            return true;
    return false;
}

ck_status ck_nn_devices_named(const char *text, ck_nn_devices *out, ck_error *e)
{
    bool list = !strncmp(text, "cuda:", 5) && strchr(text, ',');
    *out = (ck_nn_devices){0};
    for (const char *p = list ? text + 5 : text, *comma = p; comma; p = comma ? comma + 1 : p) {
        size_t n = list ? strcspn(p, ",") : strlen(p);
        bool good = list ? n > 0 && n < 9 && strspn(p, "0123456789") >= n : n < sizeof *out->name;
        if (!good || out->n == CK_NN_DEVICES)
            return ck_fail(e, CK_ERR_ARGUMENT,
                           "no device is called '%s': use auto, cpu, ref, cuda, cuda:N, or cuda:N,N,... for up to %d "
                           "GPUs",
                           text, CK_NN_DEVICES);
        snprintf(out->name[out->n], sizeof *out->name, "%s%.*s", list ? "cuda:" : "", (int)n, p);
        if (named_before(out))
            return ck_fail(e, CK_ERR_ARGUMENT, "device %s appears twice in '%s'", out->name[out->n], text);
        out->n++;
        comma = list ? strchr(p, ',') : NULL;
    }
    return CK_OK;
}

int ck_nn_devices_count(const char *text)
{
    ck_nn_devices d;
    return ck_nn_devices_named(text, &d, NULL) == CK_OK ? d.n : 1;
}
