#include "shared/job_values.h"

#include <inttypes.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ck_job_values_time(ck_job_values *v, const char *program, double ms)
{
    if (v->n_programs == CK_JOB_PROGRAMS)
        return;
    snprintf(v->ms[v->n_programs].program, sizeof v->ms->program, "%s", program);
    v->ms[v->n_programs++].ms = ms;
}

static void put_measures(FILE *f, const ck_measures *m)
{
    fprintf(f, ", \"matte\": [%d, %d], \"coverage\": %.6f, \"edge\": %.3f", m->w, m->h, m->coverage, m->edge);
    if (m->bare)
        fprintf(f, ", \"screen\": [%.2f, %.2f, %.2f], \"noise\": %.3f", m->screen[0], m->screen[1], m->screen[2],
                m->noise);
    fputs(", \"cells\": \"", f);
    for (int i = 0; i < CK_CELLS; i++)
        fputc(alphabet[m->cells[i]], f);
    fputc('"', f);
}

void ck_job_values_put(FILE *f, const ck_job_values *v)
{
    if (v->measured)
        put_measures(f, &v->m);
    for (int i = 0; i < v->n_programs; i++) {
        fputs(i ? ", " : ", \"ms\": {", f);
        ck_json_put(f, v->ms[i].program);
        fprintf(f, ": %.3f", v->ms[i].ms);
    }
    if (v->n_programs)
        fputc('}', f);
    if (*v->picture) {
        fputs(", \"picture\": {\"file\": ", f);
        ck_json_put(f, v->picture);
        fprintf(f, ", \"at\": %" PRIu64 ", \"size\": %" PRIu64 "}", v->at, v->size);
    }
}

static ck_status read_list(ck_json *j, double *v, int n, ck_error *e)
{
    ck_status s = ck_json_expect(j, '[', e);
    for (int i = 0; i < n && s == CK_OK; i++) {
        s = i ? ck_json_expect(j, ',', e) : CK_OK;
        if (s == CK_OK)
            s = ck_json_real(j, &v[i], e);
    }
    return s == CK_OK ? ck_json_expect(j, ']', e) : s;
}

static ck_status read_size(ck_json *j, ck_measures *m, ck_error *e)
{
    double size[2];
    ck_status s = read_list(j, size, 2, e);
    if (s != CK_OK)
        return s;
    if (!(size[0] >= 1 && size[0] <= CK_MAX_SIDE && size[1] >= 1 && size[1] <= CK_MAX_SIDE))
        return ck_json_fail(j, e, "not the size of a matte");
    m->w = (int)size[0];
    m->h = (int)size[1];
    return CK_OK;
}

static ck_status read_cells(ck_json *j, ck_measures *m, ck_error *e)
{
    ck_json_text t;
    ck_status s = ck_json_string(j, &t, e);
    if (s == CK_OK && t.n != CK_CELLS)
        return ck_json_fail(j, e, "not a cell for each character");
    for (int i = 0; i < CK_CELLS && s == CK_OK; i++) {
        const char *at = t.s[i] ? strchr(alphabet, t.s[i]) : NULL;
        if (!at)
            return ck_json_fail(j, e, "not a character of base64");
        m->cells[i] = (uint8_t)(at - alphabet);
    }
    return s;
}

static ck_status read_times(ck_json *j, ck_job_values *v, ck_error *e)
{
    ck_json_text key;
    bool more = true;
    ck_status s = ck_json_expect(j, '{', e);
    v->n_programs = 0;
    for (bool first = true; s == CK_OK; first = false) {
        double ms = 0;
        s = ck_json_member(j, first, &more, &key, e);
        if (s != CK_OK || !more)
            break;
        s = ck_json_real(j, &ms, e);
        ck_job_values_time(v, key.s, ms);
    }
    return s;
}

static ck_status read_picture(ck_json *j, ck_job_values *v, ck_error *e)
{
    ck_json_text key, t;
    bool more = true;
    ck_status s = ck_json_expect(j, '{', e);
    for (bool first = true; s == CK_OK; first = false) {
        s = ck_json_member(j, first, &more, &key, e);
        if (s != CK_OK || !more)
            break;
        if (!strcmp(key.s, "at"))
            s = ck_json_number(j, &v->at, e);
        else if (!strcmp(key.s, "size"))
            s = ck_json_number(j, &v->size, e);
        else if ((s = ck_json_string(j, &t, e)) == CK_OK)
            snprintf(v->picture, sizeof v->picture, "%s", t.s);
    }
    return s;
}

ck_status ck_job_values_read(ck_json *j, const char *key, ck_job_values *v, bool *known, ck_error *e)
{
    *known = true;
    if (!strcmp(key, "coverage")) {
        v->measured = true;
        return ck_json_real(j, &v->m.coverage, e);
    }
    if (!strcmp(key, "edge"))
        return ck_json_real(j, &v->m.edge, e);
    if (!strcmp(key, "screen")) {
        ck_status s = read_list(j, v->m.screen, 3, e);
        v->m.bare = s == CK_OK;
        return s;
    }
    if (!strcmp(key, "matte"))
        return read_size(j, &v->m, e);
    if (!strcmp(key, "noise"))
        return ck_json_real(j, &v->m.noise, e);
    if (!strcmp(key, "cells"))
        return read_cells(j, &v->m, e);
    if (!strcmp(key, "ms"))
        return read_times(j, v, e);
    if (!strcmp(key, "picture"))
        return read_picture(j, v, e);
    *known = false;
    return CK_OK;
}
