#include "io/exr_choose.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/exr_core.h"
#include "io/exr_layers.h"

/* A list in a message; it ends in ", ..." where the room does. */
typedef struct text {
    char *to;
    size_t size, used;
    int n; /* items */
} text;

static void add_item(text *t, const char *item, size_t length, const char *mark)
{
    size_t need = length + strlen(mark) + 8;
    if (t->used + need > t->size) {
        if (t->n && t->used + 6 <= t->size && (t->used < 3 || strcmp(t->to + t->used - 3, "...") != 0))
            t->used += (size_t)snprintf(t->to + t->used, t->size - t->used, ", ...");
        return;
    }
    t->used +=
        (size_t)snprintf(t->to + t->used, t->size - t->used, "%s%.*s%s", t->n ? ", " : "", (int)length, item, mark);
    t->n++;
}

static int part_count(exr_const_context_t ctx)
{
    int n = 0;
    return exr_get_count(ctx, &n) ? 0 : n;
}

/* "" for a part without a name. */
static const char *part_name(exr_const_context_t ctx, int part)
{
    const char *name = NULL;
    if (exr_get_name(ctx, part, &name) || !name)
        name = "";
    ck_exr_listen(); /* a missing name is not an error */
    return name;
}

/* NULL for a deep part. */
static const exr_attr_chlist_t *part_channels(exr_const_context_t ctx, int part)
{
    exr_storage_t storage;
    const exr_attr_chlist_t *list;
    if (exr_get_storage(ctx, part, &storage) || (storage != EXR_STORAGE_SCANLINE && storage != EXR_STORAGE_TILED))
        return NULL;
    return exr_get_channels(ctx, part, &list) ? NULL : list;
}

typedef struct name {
    const char *s;
    size_t n;
} name;

/* The name by which a layer is called: its prefix; without one, the part's name, or "rgba" as Nuke says. */
static name layer_name(exr_const_context_t ctx, int part, const ck_exr_layer *l)
{
    const char *s = part_name(ctx, part);
    if (l->length)
        return (name){l->name_view, l->length};
    return part_count(ctx) > 1 && *s ? (name){s, strlen(s)} : (name){"rgba", 4};
}

static bool called(name a, const char *b)
{
    return strlen(b) == a.n && !memcmp(a.s, b, a.n);
}

/* True if `b` names the last components: "Combined" of "ViewLayer.Combined". */
static bool ends_in(name a, const char *b)
{
    size_t n = strlen(b);
    return n && a.n > n && a.s[a.n - n - 1] == '.' && !memcmp(a.s + a.n - n, b, n);
}

/* True for the names that programs give to the finished picture. */
static bool is_beauty(name a)
{
    static const char *const usual[] = {"rgba", "rgb", "beauty", "combined", "main", "default", "color", "colour"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        size_t n = strlen(usual[i]);
        if (a.n >= n && (a.n == n || a.s[a.n - n - 1] == '.') && !strncasecmp(a.s + a.n - n, usual[i], n))
            return true;
    }
    return false;
}

static void list_layers(exr_const_context_t ctx, int part, const ck_exr_choice *read, text *out)
{
    const exr_attr_chlist_t *list = part_channels(ctx, part);
    ck_exr_layer l;
    for (int at = 0; list && ck_exr_layer_next(list, &at, &l);) {
        name called_so = layer_name(ctx, part, &l);
        ck_exr_layer mine = read && read->part == part ? ck_exr_layer_of(list, read->index[0]) : l;
        bool is_read =
            read && read->part == part && mine.length == l.length && !memcmp(mine.name_view, l.name_view, l.length);
        add_item(out, called_so.s, called_so.n, is_read ? " (read)" : "");
    }
}

static void list_parts(exr_const_context_t ctx, const ck_exr_choice *read, text *out)
{
    for (int i = 0; i < part_count(ctx); i++) {
        char item[300];
        int n = snprintf(item, sizeof item, "%d%s%.250s", i, *part_name(ctx, i) ? " " : "", part_name(ctx, i));
        add_item(out, item, (size_t)n, !part_channels(ctx, i) ? " (deep)" : read && read->part == i ? " (read)" : "");
    }
}

void ck_exr_describe(exr_const_context_t ctx, const ck_exr_choice *read, char *to, size_t size)
{
    char layers[700] = "", parts[500] = "";
    text l = {layers, sizeof layers, 0, 0}, p = {parts, sizeof parts, 0, 0};
    for (int i = 0; i < part_count(ctx); i++)
        list_layers(ctx, i, read, &l);
    list_parts(ctx, read, &p);
    snprintf(to, size, "%s%s%s%s%s", l.n > 1 ? "layers: " : "", l.n > 1 ? layers : "", l.n > 1 && p.n > 1 ? "; " : "",
             p.n > 1 ? "parts: " : "", p.n > 1 ? parts : "");
}

/* The channels of a part, or of the whole file if part is -1. */
static ck_status refuse(exr_const_context_t ctx, int part, const char *why, ck_error *e)
{
    char names[400] = "";
    text t = {names, sizeof names, 0, 0};
    for (int p = 0; p < part_count(ctx); p++) {
        const exr_attr_chlist_t *list = part < 0 || p == part ? part_channels(ctx, p) : NULL;
        for (int i = 0; list && i < list->num_channels; i++)
            add_item(&t, list->entries[i].name.str, strlen(list->entries[i].name.str), "");
    }
    return ck_fail(e, CK_ERR_UNSUPPORTED, "EXR channels %s: %s", names, why);
}

static ck_status find_part(exr_const_context_t ctx, const char *wanted, int *part, ck_error *e)
{
    char *end, parts[500] = "";
    long number = isdigit((unsigned char)*wanted) ? strtol(wanted, &end, 10) : -1;
    text t = {parts, sizeof parts, 0, 0};
    *part = -1;
    if (number >= 0 && !*end && number < part_count(ctx))
        *part = (int)number;
    for (int i = 0; i < part_count(ctx) && *part < 0; i++)
        if (*wanted && !strcmp(part_name(ctx, i), wanted))
            *part = i;
    if (*part >= 0 && part_channels(ctx, *part))
        return CK_OK;
    if (*part >= 0)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "deep EXR is not read: flatten it first");
    list_parts(ctx, NULL, &t);
    return ck_fail(e, CK_ERR_ARGUMENT, "no part '%.100s' in this EXR: it has %s", wanted, parts);
}

static void set_three(ck_exr_choice *c, const int index[3])
{
    c->n = 3;
    memcpy(c->index, index, sizeof c->index);
}

static void set_one(ck_exr_choice *c, int index)
{
    c->n = 1;
    c->index[0] = index;
}

/* ---- a layer by name ---- */

/* The channels of a layer that was asked for. */
static bool use_layer(const ck_exr_layer *l, ck_want want, ck_exr_choice *out)
{
    if (ck_exr_has_all(l->rgb)) {
        set_three(out, l->rgb);
    } else if (ck_exr_has_all(l->xyz)) {
        set_three(out, l->xyz);
    } else if (l->y >= 0) {
        set_one(out, l->y);
        out->chroma = !ck_want_is_mask(want) && l->ry >= 0 && l->by >= 0;
    } else if (l->n == 1) {
        set_one(out, l->first);
    } else {
        return false;
    }
    return true;
}

typedef enum match { BY_NAME, BY_CHANNEL, BY_END, MATCHES } match;

/* Number of layers that match; *out and *l hold the first. */
static int match_layers(exr_const_context_t ctx, int only, const char *wanted, match how, ck_exr_choice *out,
                        ck_exr_layer *l)
{
    int found = 0;
    for (int p = 0; p < part_count(ctx); p++) {
        const exr_attr_chlist_t *list = only < 0 || p == only ? part_channels(ctx, p) : NULL;
        ck_exr_layer each;
        for (int i = 0; list && how == BY_CHANNEL && i < list->num_channels; i++)
            if (!strcmp(list->entries[i].name.str, wanted) && !found++) {
                *l = ck_exr_layer_of(list, i);
                out->part = p;
                set_one(out, i);
            }
        for (int at = 0; list && how != BY_CHANNEL && ck_exr_layer_next(list, &at, &each);) {
            name a = layer_name(ctx, p, &each);
            bool fits =
                how == BY_END ? ends_in(a, wanted) : called(a, wanted) || (!each.length && !strcmp(wanted, "rgba"));
            if (fits && !found++) {
                *l = each;
                out->part = p;
            }
        }
    }
    return found;
}

static ck_status no_layer(exr_const_context_t ctx, int only, const char *wanted, const char *what, ck_error *e)
{
    char layers[600] = "";
    text t = {layers, sizeof layers, 0, 0};
    for (int p = 0; p < part_count(ctx); p++)
        if (only < 0 || p == only)
            list_layers(ctx, p, NULL, &t);
    return ck_fail(e, CK_ERR_ARGUMENT, "%s '%.100s' in this EXR: it has %s", what, wanted, layers);
}

static ck_status choose_layer(exr_const_context_t ctx, int only, const char *wanted, ck_want want, ck_exr_choice *out,
                              ck_error *e)
{
    ck_exr_layer l;
    for (match how = BY_NAME; how < MATCHES; how++) {
        int found = match_layers(ctx, only, wanted, how, out, &l);
        if (found > 1 && how == BY_END)
            return no_layer(ctx, only, wanted, "several layers end in", e);
        if (found && (how == BY_CHANNEL || use_layer(&l, want, out)))
            return CK_OK;
        if (found) {
            char why[200];
            snprintf(why, sizeof why, "layer '%.100s' is no picture: give --layer the full name of one channel",
                     wanted);
            return refuse(ctx, out->part, why, e);
        }
    }
    return no_layer(ctx, only, wanted, "no layer", e);
}

/* ---- the obvious one ---- */

enum { BEAUTY = 5, GREY = 4, RGB = 3, GREY_OF_PARTS = 2, ALPHA = 1, ONLY = 0, NOTHING = -1 };

/* asked: the user chose the part.  Y without a prefix goes before the R G B of a layer beside it, but not before that
 * of another part. */
static int rank(exr_const_context_t ctx, int part, const exr_attr_chlist_t *list, const ck_exr_layer *l, ck_want want,
                bool asked)
{
    if (ck_exr_has_all(l->rgb))
        return is_beauty(layer_name(ctx, part, l)) ? BEAUTY : RGB;
    if (!l->length && l->y >= 0 && list->entries[l->y].name.str[0] == 'Y')
        return part_count(ctx) > 1 ? GREY_OF_PARTS : GREY;
    if (want == CK_WANT_RGB && !asked)
        return NOTHING;
    if (!l->length && l->a >= 0)
        return ALPHA;
    return list->num_channels == 1 ? ONLY : NOTHING;
}

static void use_ranked(int rank_of, const ck_exr_layer *l, ck_want want, ck_exr_choice *out)
{
    if (rank_of == BEAUTY || rank_of == RGB)
        set_three(out, l->rgb);
    else if (rank_of == GREY || rank_of == GREY_OF_PARTS)
        set_one(out, l->y);
    else
        set_one(out, rank_of == ALPHA ? l->a : l->first);
    out->chroma = (rank_of == GREY || rank_of == GREY_OF_PARTS) && !ck_want_is_mask(want) && l->ry >= 0 && l->by >= 0;
}

/* Refuse a part whose layers rank alike; they are the names to choose from. */
static ck_status refuse_rivals(exr_const_context_t ctx, int part, ck_error *e)
{
    char layers[400] = "";
    text t = {layers, sizeof layers, 0, 0};
    ck_exr_layer l;
    for (int at = 0; ck_exr_layer_next(part_channels(ctx, part), &at, &l);) {
        name n = layer_name(ctx, part, &l);
        if (ck_exr_has_all(l.rgb))
            add_item(&t, n.s, n.n, "");
    }
    return ck_fail(e, CK_ERR_UNSUPPORTED,
                   "several layers of this EXR have R, G and B: choose one by --layer "
                   "[PLANE=]NAME: %s",
                   layers);
}

static ck_status choose_obvious(exr_const_context_t ctx, int only, ck_want want, ck_exr_choice *out, ck_error *e)
{
    int best = NOTHING, rivals = 0;
    for (int p = 0; p < part_count(ctx); p++) {
        const exr_attr_chlist_t *list = only < 0 || p == only ? part_channels(ctx, p) : NULL;
        ck_exr_layer l;
        for (int at = 0; list && ck_exr_layer_next(list, &at, &l);) {
            int r = rank(ctx, p, list, &l, want, only >= 0);
            rivals += r == best && p == out->part;
            if (r <= best)
                continue;
            best = r;
            rivals = 0;
            out->part = p;
            use_ranked(r, &l, want, out);
        }
    }
    if (best == NOTHING)
        return refuse(ctx, only,
                      ck_want_is_mask(want) ? "no R, G, B or Y, so the mask is ambiguous: write it alone, or as Y"
                                            : "no R, G, B or Y: choose a layer by --layer [PLANE=]NAME",
                      e);
    return rivals ? refuse_rivals(ctx, out->part, e) : CK_OK;
}

/* ---- */

static bool full_size(const exr_attr_chlist_entry_t *c)
{
    return c->x_sampling == 1 && c->y_sampling == 1;
}

static ck_status finish(const exr_attr_chlist_t *list, ck_want want, ck_exr_choice *out, ck_error *e)
{
    int a = want == CK_WANT_RGB ? -1 : ck_exr_layer_of(list, out->index[0]).a;
    if (want == CK_WANT_ALL && a == out->index[0]) /* A is the colour channel itself: no alpha belongs to it */
        a = -1;
    out->alpha = a >= 0 && full_size(&list->entries[a]) ? a : -1;
    out->type = CK_F16;
    for (int i = 0; i < out->n; i++) {
        const exr_attr_chlist_entry_t *c = &list->entries[out->index[i]];
        if (c->pixel_type != EXR_PIXEL_HALF)
            out->type = CK_F32;
        if (!full_size(c))
            return ck_fail(e, CK_ERR_UNSUPPORTED, "EXR channel %s is subsampled %d x %d: write it at full size",
                           c->name.str, c->x_sampling, c->y_sampling);
    }
    if (out->alpha >= 0 && list->entries[out->alpha].pixel_type != EXR_PIXEL_HALF)
        out->type = CK_F32;
    return CK_OK;
}

/* Work grows with the square of the number of channels. */
static ck_status check_counts(exr_const_context_t ctx, ck_error *e)
{
    int flat = 0, channels = 0;
    for (int p = 0; p < part_count(ctx); p++) {
        const exr_attr_chlist_t *list = part_channels(ctx, p);
        flat += list != NULL;
        channels += list ? list->num_channels : 0;
    }
    if (!flat)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "deep EXR is not read: flatten it first");
    if (channels > CK_EXR_MAX_CHANNELS)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "EXR of %d channels: at most %d are read", channels, CK_EXR_MAX_CHANNELS);
    return CK_OK;
}

ck_status ck_exr_choose(exr_const_context_t ctx, const ck_still_select *select, ck_want want, ck_exr_choice *out,
                        ck_error *e)
{
    int only = -1;
    *out = (ck_exr_choice){0};
    ck_status s = check_counts(ctx, e);
    if (s == CK_OK && select->part)
        s = find_part(ctx, select->part, &only, e);
    if (s == CK_OK)
        s = select->layer ? choose_layer(ctx, only, select->layer, want, out, e)
                          : choose_obvious(ctx, only, want, out, e);
    return s == CK_OK ? finish(part_channels(ctx, out->part), want, out, e) : s;
}
