#include "io/exr_choose.h"

#include <stdio.h>
#include <string.h>

/* Index of channel "PREFIXname" (prefix: the first n bytes), or -1. */
static int find(const exr_attr_chlist_t *list, const char *prefix, size_t n, const char *name)
{
    for (int i = 0; i < list->num_channels; i++) {
        const char *s = list->entries[i].name.str;
        if (strlen(s) == n + strlen(name) && !memcmp(s, prefix, n) && !strcmp(s + n, name))
            return i;
    }
    return -1;
}

static bool find_rgb(const exr_attr_chlist_t *list, const char *prefix, size_t n, ck_exr_choice *out)
{
    static const char *const names[] = {"R", "G", "B"};
    for (int c = 0; c < 3; c++)
        if ((out->index[c] = find(list, prefix, n, names[c])) < 0)
            return false;
    out->n = 3;
    out->layered = n > 0;
    return true;
}

static bool take(ck_exr_choice *out, int channel)
{
    out->n = 1;
    out->index[0] = channel;
    return channel >= 0;
}

/* Number of layers that have R, G and B; *out holds the first. */
static int find_layers(const exr_attr_chlist_t *list, ck_exr_choice *out)
{
    int layers = 0;
    for (int i = 0; i < list->num_channels; i++) {
        const char *s = list->entries[i].name.str, *dot = strrchr(s, '.');
        ck_exr_choice c = {0};
        if (!dot || strcmp(dot, ".R") || !find_rgb(list, s, (size_t)(dot - s) + 1, &c))
            continue;
        if (!layers++)
            *out = c;
    }
    return layers;
}

static ck_status refuse(const exr_attr_chlist_t *list, const char *why, ck_error *e)
{
    char names[400] = "";
    size_t used = 0;
    for (int i = 0; i < list->num_channels; i++) {
        const char *s = list->entries[i].name.str;
        if (used + strlen(s) + 8 > sizeof names) {
            snprintf(names + used, sizeof names - used, ", ...");
            break;
        }
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", s);
    }
    return ck_fail(e, CK_ERR_UNSUPPORTED, "EXR channels %s: %s", names, why);
}

/* The full-size A in the layer of the colours, or -1. */
static int find_alpha(const exr_attr_chlist_t *list, const ck_exr_choice *c)
{
    const char *s = list->entries[c->index[0]].name.str, *dot = strrchr(s, '.');
    int a = find(list, s, dot ? (size_t)(dot - s) + 1 : 0, "A");
    return a >= 0 && list->entries[a].x_sampling == 1 && list->entries[a].y_sampling == 1 ? a : -1;
}

static ck_status check_sampling(const exr_attr_chlist_t *list, const ck_exr_choice *c, ck_error *e)
{
    for (int i = 0; i < c->n; i++) {
        const exr_attr_chlist_entry_t *ch = &list->entries[c->index[i]];
        if (ch->x_sampling != 1 || ch->y_sampling != 1)
            return ck_fail(e, CK_ERR_UNSUPPORTED, "EXR channel %s is subsampled %d x %d: write it at full size",
                           ch->name.str, ch->x_sampling, ch->y_sampling);
    }
    return CK_OK;
}

static bool any_choice(const exr_attr_chlist_t *list, ck_want want, ck_exr_choice *out)
{
    if (find_rgb(list, "", 0, out))
        return true;
    if (take(out, find(list, "", 0, "Y"))) {
        out->chroma = !ck_want_is_mask(want) && find(list, "", 0, "RY") >= 0 && find(list, "", 0, "BY") >= 0;
        return true;
    }
    return want != CK_WANT_RGB && (take(out, find(list, "", 0, "A")) || (list->num_channels == 1 && take(out, 0)));
}

ck_status ck_exr_choose(const exr_attr_chlist_t *list, ck_want want, ck_exr_choice *out, ck_error *e)
{
    *out = (ck_exr_choice){0};
    if (!any_choice(list, want, out)) {
        *out = (ck_exr_choice){0};
        int layers = find_layers(list, out);
        if (layers > 1)
            return refuse(list, "several layers have R, G and B: write the one you want alone", e);
        if (!layers)
            return refuse(list,
                          ck_want_is_mask(want) ? "no R, G, B or Y, so the mask is ambiguous: write it alone, or as Y"
                                                : "no R, G, B or Y: write the channels under these names",
                          e);
    }
    out->alpha = want == CK_WANT_RGB ? -1 : find_alpha(list, out);
    if (want == CK_WANT_ALL && out->alpha == out->index[0]) /* A is the colour channel itself: no alpha belongs to it */
        out->alpha = -1;
    out->type = CK_F16;
    for (int i = 0; i < out->n; i++)
        if (list->entries[out->index[i]].pixel_type != EXR_PIXEL_HALF)
            out->type = CK_F32;
    if (out->alpha >= 0 && list->entries[out->alpha].pixel_type != EXR_PIXEL_HALF)
        out->type = CK_F32;
    return check_sampling(list, out, e);
}
