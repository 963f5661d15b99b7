#include "io/colour_tag.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "colour/curve.h"
#include "io/av_colour.h"
#include "io/still.h"

static void set(char *to, size_t n, const char *text)
{
    snprintf(to, n, "%s", text ? text : "");
}

void ck_colour_tag_h273(ck_colour_tag *t, int primaries, int transfer)
{
    if (transfer > 0 && transfer != AVCOL_TRC_UNSPECIFIED &&
        av_color_transfer_name((enum AVColorTransferCharacteristic)transfer)) {
        set(t->transfer, sizeof t->transfer, av_color_transfer_name((enum AVColorTransferCharacteristic)transfer));
        set(t->encoding, sizeof t->encoding, ck_av_encoding_of(transfer));
    }
    const char *name = ck_primaries_of_code(primaries);
    if (!name && primaries > 0 && primaries != AVCOL_PRI_UNSPECIFIED)
        name = av_color_primaries_name((enum AVColorPrimaries)primaries);
    set(t->primaries, sizeof t->primaries, name);
}

void ck_colour_tag_gamma(ck_colour_tag *t, double gamma)
{
    if (fabs(gamma - 1) < 0.01) {
        set(t->encoding, sizeof t->encoding, "linear");
        set(t->transfer, sizeof t->transfer, "linear");
    } else if (fabs(gamma - 2.2) < 0.03) {
        set(t->encoding, sizeof t->encoding, "srgb");
        set(t->transfer, sizeof t->transfer, "iec61966-2-1");
    } else {
        snprintf(t->encoding, sizeof t->encoding, "gamma%.4g", fmin(fmax(gamma, 0.1), 10));
        set(t->transfer, sizeof t->transfer, t->encoding);
    }
}

void ck_colour_tag_labels(ck_colour_tag *t, const char *transfer, const char *primaries)
{
    ck_curve curve;
    ck_primaries known;
    if (ck_curve_named(transfer, &curve)) {
        set(t->encoding, sizeof t->encoding, ck_curve_display(&curve) ? "srgb" : curve.name);
        set(t->transfer, sizeof t->transfer, strcmp(curve.name, "srgb") ? curve.name : "iec61966-2-1");
    } else if (transfer) {
        snprintf(t->warning, sizeof t->warning,
                 "ck:transfer is '%.40s', an unknown curve: codes are kept as %s: name the curve with --transfer",
                 transfer, t->encoding);
    }
    if (primaries && ck_primaries_parse(primaries, &known))
        set(t->primaries, sizeof t->primaries, primaries);
}

/* ICC profiles */

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static double fixed(const uint8_t *p)
{
    return (int32_t)big32(p) / 65536.0;
}

/* Find a tag of the profile with at least `least` bytes; NULL if missing. */
static const uint8_t *find(const uint8_t *p, size_t n, const char *tag, size_t least, size_t *bytes)
{
    uint32_t count = n >= 132 ? big32(p + 128) : 0;
    for (uint32_t i = 0; i < count && 132 + 12 * ((size_t)i + 1) <= n; i++) {
        const uint8_t *entry = p + 132 + 12 * (size_t)i;
        size_t at = big32(entry + 4), size = big32(entry + 8);
        if (memcmp(entry, tag, 4))
            continue;
        *bytes = size;
        return at <= n && size <= n - at && size >= least ? p + at : NULL;
    }
    return NULL;
}

static bool columns(const uint8_t *p, size_t n, double xyz[9])
{
    static const char *const tags[] = {"rXYZ", "gXYZ", "bXYZ"};
    size_t bytes;
    for (int c = 0; c < 3; c++) {
        const uint8_t *t = find(p, n, tags[c], 20, &bytes);
        if (!t || memcmp(t, "XYZ ", 4))
            return false;
        for (int i = 0; i < 3; i++)
            xyz[3 * c + i] = fixed(t + 8 + 4 * i);
    }
    return true;
}

/* Value of a curve at x: a table, or a parametric function of ICC.1 10.18.  NaN for other kinds. */
static double curve_at(const uint8_t *t, size_t bytes, double x)
{
    static const int parameters[] = {1, 3, 4, 5, 7};
    double v[7] = {0};
    if (!memcmp(t, "curv", 4)) {
        size_t n = big32(t + 8);
        if (n > (bytes - 12) / 2)
            return (double)NAN;
        if (n < 2)
            return n ? pow(x, (t[12] * 256 + t[13]) / 256.0) : x;
        double place = x * (double)(n - 1);
        size_t i = (size_t)place < n - 1 ? (size_t)place : n - 2;
        const uint8_t *at = t + 12 + 2 * i;
        double low = at[0] * 256 + at[1], high = at[2] * 256 + at[3];
        return (low + (high - low) * (place - (double)i)) / 65535;
    }
    int kind = t[8] * 256 + t[9];
    if (memcmp(t, "para", 4) || kind > 4 || 12 + 4 * (size_t)parameters[kind] > bytes)
        return (double)NAN;
    for (int i = 0; i < parameters[kind]; i++)
        v[i] = fixed(t + 12 + 4 * i);
    double g = v[0], a = kind ? v[1] : 1, b = v[2];
    if (kind == 1 || kind == 2)
        return x >= -b / a ? pow(a * x + b, g) + (kind == 2 ? v[3] : 0) : kind == 2 ? v[3] : 0;
    if (kind >= 3)
        return x >= v[4] ? pow(a * x + b, g) + v[5] : v[3] * x + v[6];
    return pow(x, g);
}

static double srgb_at(double x)
{
    return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

/* Gamma of a curve; 0 for sRGB's, NaN for an unknown one. */
static double gamma_of(const uint8_t *t, size_t bytes)
{
    double off_srgb = 0, off_power = 0, g = log(curve_at(t, bytes, 0.5)) / log(0.5);
    for (int i = 0; i <= 32; i++) {
        double x = i / 32.0, y = curve_at(t, bytes, x);
        off_srgb = fmax(off_srgb, isnan(y) ? 1 : fabs(y - srgb_at(x)));
        off_power = fmax(off_power, isnan(y) ? 1 : fabs(y - pow(x, g)));
    }
    if (off_srgb < 0.002)
        return 0;
    return off_power < 0.002 ? g : (double)NAN;
}

/* Gamma of all curves; 0 for sRGB's, NaN if they differ or are unknown.  Grey has one curve. */
static double common_gamma(const uint8_t *p, size_t n, bool grey)
{
    static const char *const curves[] = {"rTRC", "gTRC", "bTRC"};
    double gamma = (double)NAN;
    size_t bytes;
    for (int c = 0; c < (grey ? 1 : 3); c++) {
        const uint8_t *trc = find(p, n, grey ? "kTRC" : curves[c], 14, &bytes);
        double g = trc ? gamma_of(trc, bytes) : (double)NAN;
        gamma = !c || fabs(g - gamma) < 0.01 ? g : (double)NAN;
    }
    return gamma;
}

void ck_colour_tag_icc(ck_colour_tag *t, const uint8_t *p, size_t n)
{
    double xyz[9];
    size_t bytes;
    bool grey = find(p, n, "kTRC", 14, &bytes) && !find(p, n, "rXYZ", 20, &bytes);
    const char *name = !grey && columns(p, n, xyz) ? ck_primaries_of_icc(xyz) : NULL;
    double gamma = common_gamma(p, n, grey);
    if (gamma > 0)
        ck_colour_tag_gamma(t, gamma);
    else if (!isnan(gamma))
        ck_colour_tag_h273(t, 0, AVCOL_TRC_IEC61966_2_1);
    /* Gamma 2.2 gets libav's name.  In gAMA, which cannot express the sRGB curve, 2.2 means sRGB. */
    if (gamma > 0 && !strcmp(t->encoding, "srgb"))
        set(t->transfer, sizeof t->transfer, "gamma22");
    set(t->primaries, sizeof t->primaries, name || grey ? name : "unknown");
    if (isnan(gamma))
        snprintf(t->warning, sizeof t->warning,
                 "unknown ICC profile, codes are kept as %s: convert it to sRGB for exact colour", t->encoding);
    else if (!name && !grey && !*t->warning)
        set(t->warning, sizeof t->warning,
            "unknown primaries in the ICC profile: outputs will not state any: convert it to sRGB if they must");
}

ck_status ck_colour_tag_set(const ck_colour_tag *t, ck_frame *f, ck_error *e)
{
    ck_status s = ck_meta_set(&f->meta, "transfer", *t->transfer ? t->transfer : NULL, e);
    if (s == CK_OK)
        s = ck_meta_set(&f->meta, "primaries", *t->primaries ? t->primaries : NULL, e);
    return s == CK_OK && *t->warning ? ck_meta_set(&f->meta, CK_STILL_WARNING, t->warning, e) : s;
}
