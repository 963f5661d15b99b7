#include "colour/space.h"

#include <stdio.h>
#include <string.h>

#include "colour/same_name.h"

static const struct {
    const char *name, *names, *curve, *primaries;
} spaces[] = {
    {"srgb", "", "srgb", "bt709"},
    {"rec709", "bt709", "bt709", "bt709"},
    {"display-p3", "p3-d65", "srgb", "p3-d65"},
    {"rec2100-pq", "bt2100-pq", "pq", "bt2020"},
    {"rec2100-hlg", "bt2100-hlg", "hlg", "bt2020"},
    {"linear-rec709", "linear-srgb", "linear", "bt709"},
    {"acescg", "", "linear", "ap1"},
    {"aces2065-1", "aces", "linear", "ap0"},
    {"acescct", "", "acescct", "ap1"},
    {"acescc", "", "acescc", "ap1"},
};
#define SPACES (sizeof spaces / sizeof *spaces)

ck_status ck_curve_check(const char *text, ck_curve *out, ck_error *e)
{
    return ck_curve_named(text, out)
               ? CK_OK
               : ck_fail(e, CK_ERR_ARGUMENT, "'%s' is not a transfer curve: use one of %s", text, CK_CURVES);
}

ck_status ck_primaries_check(const char *text, char out[CK_PRIMARIES_TEXT], ck_error *e)
{
    ck_primaries p;
    if (!ck_primaries_parse(text, &p))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "'%s' are not primaries: use %s, or x,y of red, green, blue and white as eight numbers", text,
                       CK_PRIMARIES);
    ck_primaries_format(&p, out);
    return CK_OK;
}

static bool whole(const char *text, ck_colour_space *out)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < SPACES; i++)
        if (ck_same_name(text, n, spaces[i].name) || ck_one_of_names(text, n, spaces[i].names)) {
            snprintf(out->primaries, sizeof out->primaries, "%s", spaces[i].primaries);
            return ck_curve_named(spaces[i].curve, &out->curve);
        }
    return false;
}

ck_status ck_colour_space_parse(const char *text, ck_colour_space *out, ck_error *e)
{
    const char *slash = strchr(text, '/');
    *out = (ck_colour_space){0};
    if (whole(text, out))
        return CK_OK;
    if (ck_curve_parse(text, slash ? (size_t)(slash - text) : strlen(text), &out->curve))
        return slash ? ck_primaries_check(slash + 1, out->primaries, e) : CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "'%s' is not a colour space: use %s, or CURVE/PRIMARIES, CURVE one of %s", text,
                   CK_SPACES, CK_CURVES);
}

bool ck_primaries_matrix(const char *from, const char *to, ck_matrix3 *out)
{
    ck_primaries a, b;
    bool same = true;
    if (!from || !to || !ck_primaries_parse(from, &a) || !ck_primaries_parse(to, &b))
        return false;
    for (int i = 0; i < 8; i++)
        same &= a.xy[i] == b.xy[i];
    if (!same)
        *out = ck_matrix_between(&a, &b);
    return !same;
}
