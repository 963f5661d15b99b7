#include "io/exr_facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/exr_core.h"
#include "colour/primaries.h"

static ck_status read_primaries(exr_context_t ctx, int part, ck_frame *f, ck_error *e)
{
    exr_attr_chromaticities_t c;
    char text[CK_PRIMARIES_TEXT];
    const char *ours;
    int32_t n;
    if (!exr_attr_get_chromaticities(ctx, part, "chromaticities", &c)) {
        const float *v = &c.red_x; /* eight floats, in the order of ck_primaries */
        ck_primaries p;
        for (int i = 0; i < 8; i++)
            p.xy[i] = (double)v[i];
        ck_primaries_format(&p, text);
        return ck_meta_set(&f->meta, "primaries", text, e);
    }
    if (!exr_attr_get_string(ctx, part, "ck:primaries", &n, &ours) && strcmp(ours, "unknown"))
        return ck_meta_set(&f->meta, "primaries", ours, e);
    return CK_OK;
}

/* Set `sar` to the fraction with the smallest denominator that rounds to the stored float. */
static ck_status read_shape(exr_context_t ctx, int part, ck_frame *f, ck_error *e)
{
    float shape = 1;
    if (exr_get_pixel_aspect_ratio(ctx, part, &shape) || !(shape > 0.01f) || !(shape < 100) || shape == 1)
        return CK_OK;
    int den = 1;
    while (den < 10000 && (float)(round((double)shape * den) / den) != shape)
        den++;
    return ck_meta_setf(&f->meta, e, "sar", "%d/%d", (int)round((double)shape * den), den);
}

static ck_status read_rate(exr_context_t ctx, int part, ck_frame *f, ck_error *e)
{
    exr_attr_rational_t r;
    /* FramesPerSecond: OpenImageIO's spelling. */
    if (exr_attr_get_rational(ctx, part, "framesPerSecond", &r) &&
        exr_attr_get_rational(ctx, part, "FramesPerSecond", &r))
        return CK_OK;
    if (r.num < 1 || r.denom < 1)
        return CK_OK;
    return ck_meta_setf(&f->meta, e, "rate", "%d/%u", r.num, r.denom);
}

/* SMPTE 12M: two decimal digits per byte, with flags in between. */
static unsigned digits(uint32_t word, int at, uint32_t tens)
{
    return (word >> (at + 4) & tens) * 10 + (word >> at & 15);
}

#define DROP_FRAME (1u << 6)

static ck_status read_timecode(exr_context_t ctx, int part, ck_frame *f, ck_error *e)
{
    exr_attr_timecode_t t;
    if (exr_attr_get_timecode(ctx, part, "timeCode", &t))
        return CK_OK;
    uint32_t w = t.time_and_flags;
    return ck_meta_setf(&f->meta, e, "timecode", "%02u:%02u:%02u%c%02u", digits(w, 24, 3), digits(w, 16, 7),
                        digits(w, 8, 7), w & DROP_FRAME ? ';' : ':', digits(w, 0, 3));
}

ck_status ck_exr_read_facts(exr_context_t ctx, int part, const char *encoding, ck_frame *f, ck_error *e)
{
    ck_status s = strcmp(encoding, "linear") && strcmp(encoding, "unknown")
                      ? ck_meta_set(&f->meta, "transfer", encoding, e)
                      : CK_OK;
    if (s == CK_OK)
        s = read_primaries(ctx, part, f, e);
    if (s == CK_OK)
        s = read_shape(ctx, part, f, e);
    if (s == CK_OK)
        s = read_rate(ctx, part, f, e);
    if (s == CK_OK)
        s = read_timecode(ctx, part, f, e);
    ck_exr_listen(); /* discard messages about missing attributes, which are optional */
    return s;
}

/* Readers assume Rec. 709 by default; state it for files with colour. */
static exr_result_t write_primaries(exr_context_t ctx, int part, const char *text)
{
    ck_primaries p;
    if (!ck_primaries_parse(text ? text : "bt709", &p))
        return EXR_ERR_SUCCESS;
    exr_attr_chromaticities_t c;
    float *v = &c.red_x;
    for (int i = 0; i < 8; i++)
        v[i] = (float)p.xy[i];
    return exr_attr_set_chromaticities(ctx, part, "chromaticities", &c);
}

static exr_result_t write_timecode(exr_context_t ctx, int part, const char *text)
{
    unsigned v[4];
    char mark;
    exr_attr_timecode_t t = {0, 0};
    if (sscanf(text, "%2u:%2u:%2u%c%2u", &v[0], &v[1], &v[2], &mark, &v[3]) != 5 || v[0] > 23 || v[1] > 59 ||
        v[2] > 59 || v[3] > 39)
        return EXR_ERR_SUCCESS;
    for (int i = 0; i < 4; i++)
        t.time_and_flags = t.time_and_flags << 8 | v[i] / 10 << 4 | v[i] % 10;
    t.time_and_flags |= mark == ';' ? DROP_FRAME : 0;
    return exr_attr_set_timecode(ctx, part, "timeCode", &t);
}

exr_result_t ck_exr_write_facts(exr_context_t ctx, int part, bool colour, const char *primaries, const ck_meta *m)
{
    const char *rate = m ? ck_meta_get(m, "ck:rate") : NULL, *sar = m ? ck_meta_get(m, "ck:sar") : NULL;
    const char *timecode = m ? ck_meta_get(m, "ck:timecode") : NULL;
    exr_result_t rv = colour ? write_primaries(ctx, part, primaries) : EXR_ERR_SUCCESS;
    exr_attr_rational_t r;
    int num, den;
    if (!rv && sar && sscanf(sar, "%9d/%9d", &num, &den) == 2 && num > 0 && den > 0)
        rv = exr_attr_set_float(ctx, part, "pixelAspectRatio", (float)((double)num / den));
    if (!rv && rate && sscanf(rate, "%9d/%9u", &r.num, &r.denom) == 2 && r.num > 0 && r.denom > 0)
        rv = exr_attr_set_rational(ctx, part, "framesPerSecond", &r);
    return !rv && timecode ? write_timecode(ctx, part, timecode) : rv;
}
