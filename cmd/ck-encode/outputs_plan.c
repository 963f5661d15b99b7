#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ck-encode/outputs_inside.h"

const char *ck_output_word(ck_out_format f, char buf[CK_OUTPUT_WORD])
{
    const char *s = CK_OUT_WORDS;
    for (int i = 0; i < (int)f; i++)
        s = strchr(s, '|') + 1;
    snprintf(buf, CK_OUTPUT_WORD, "%.*s", (int)strcspn(s, "|"), s);
    return buf;
}

static int format_index(const char *word)
{
    char buf[CK_OUTPUT_WORD];
    for (int i = 0; i <= CK_OUT_OFF; i++)
        if (!strcmp(ck_output_word((ck_out_format)i, buf), word))
            return i;
    return -1;
}

/* Plan an output from "NAME=FORMAT" of --plane.  The plane's name is also that of its folder. */
static ck_status plan_plane(ck_output *o, const char *text, ck_error *e)
{
    const char *eq = strrchr(text, '=');
    size_t n = eq ? (size_t)(eq - text) : 0;
    int format = eq ? format_index(eq + 1) : -1;
    if (!n || format <= CK_OUT_AUTO)
        return ck_fail(e, CK_ERR_ARGUMENT, "--plane '%s' is not NAME=FORMAT, FORMAT one of %s", text,
                       strchr(CK_OUT_WORDS, '|') + 1);
    if (n >= sizeof o->plane || text[0] == '.' || !ck_name_valid(text, n))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "--plane '%s' is not a plane name: use a-z 0-9 _ . - (ck-info lists the planes)", text);
    snprintf(o->plane, sizeof o->plane, "%.*s", (int)n, text);
    memcpy(o->name, o->plane, sizeof o->name);
    memcpy(o->layer, o->plane, sizeof o->layer);
    memcpy(o->place, o->plane, sizeof o->place);
    o->format = (ck_out_format)format;
    o->asked = true;
    return CK_OK;
}

static void plan_sets(ck_outputs *o, const ck_encode_options *opts, bool out)
{
    const struct {
        const char *plane, *name, *layer;
        int format;
    } sets[] = {{"fg", "fg", "FG", opts->fg},
                {"alpha", "matte", "Matte", opts->matte},
                {"processed", "processed", "Processed", opts->processed},
                {"comp", "comp", "Comp", opts->comp}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        ck_output *p = &o->items[o->n++];
        snprintf(p->plane, sizeof p->plane, "%s", sets[i].plane);
        snprintf(p->name, sizeof p->name, "%s", sets[i].name);
        snprintf(p->layer, sizeof p->layer, "%s", sets[i].layer);
        memcpy(p->place, p->layer, sizeof p->place);
        p->format = (ck_out_format)sets[i].format;
        p->asked = p->format != CK_OUT_AUTO;
        if (p->format == CK_OUT_AUTO)
            p->format = !out ? CK_OUT_OFF : strcmp(p->plane, "comp") ? CK_OUT_EXR : CK_OUT_PNG;
    }
}

static bool same_place(const ck_output *a, const ck_output *b)
{
    if (a->format == CK_OUT_STREAM || b->format == CK_OUT_STREAM)
        return a->format == b->format;
    bool still = ck_format_is_still(a->format);
    return still == ck_format_is_still(b->format) &&
           !strcmp(ck_format_suffix(a->format), ck_format_suffix(b->format)) &&
           !strcmp(still ? a->layer : a->name, still ? b->layer : b->name);
}

static ck_status check_plan(const ck_outputs *o, bool out, ck_error *e)
{
    int files = 0, streams = 0;
    for (int i = 0; i < o->n; i++) {
        const ck_output *p = &o->items[i];
        if (p->format == CK_OUT_OFF)
            continue;
        p->format == CK_OUT_STREAM ? streams++ : files++;
        for (int k = 0; k < i; k++)
            if (o->items[k].format != CK_OUT_OFF && same_place(&o->items[k], p))
                return p->format == CK_OUT_STREAM
                           ? ck_fail(e, CK_ERR_ARGUMENT,
                                     "planes '%s' and '%s' cannot both go to standard output: choose one",
                                     o->items[k].plane, p->plane)
                           : ck_fail(e, CK_ERR_ARGUMENT,
                                     "planes '%s' and '%s' would be written to the same %s files: leave one out",
                                     o->items[k].plane, p->plane, ck_format_suffix(p->format));
    }
    if (files && !out)
        return ck_fail(e, CK_ERR_ARGUMENT, "no output folder: ck-encode [OPTION]... OUT");
    if (!files && !streams)
        return out ? ck_fail(e, CK_ERR_ARGUMENT, "all outputs are off: leave one on, or name one with --plane")
                   : ck_fail(e, CK_ERR_ARGUMENT,
                             "no output: name a folder, or give --comp=- for a stream on standard output");
    return CK_OK;
}

ck_status ck_outputs_plan(ck_outputs *o, const ck_encode_options *opts, const char *out, ck_error *e)
{
    *o = (ck_outputs){.items = calloc((size_t)opts->planes.n + 4, sizeof *o->items)};
    if (!o->items)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the outputs");
    plan_sets(o, opts, out != NULL);
    for (int i = 0; i < opts->planes.n; i++) {
        ck_status s = plan_plane(&o->items[o->n], opts->planes.items[i], e);
        if (s != CK_OK)
            return s;
        o->n++;
    }
    ck_status s = ck_naming_parse(opts->name, &o->naming, e);
    for (int i = 0; i < o->n; i++) {
        o->items[i].naming = &o->naming;
        o->items[i].out = out;
    }
    return s == CK_OK ? check_plan(o, out != NULL, e) : s;
}
