#include "ck-info/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/outfile.h"

static const char *descr(ck_type t)
{
    switch (t) {
    case CK_U16:
        return "<u2";
    case CK_F16:
        return "<f2";
    case CK_F32:
        return "<f4";
    default:
        return "|u1";
    }
}

ck_status ck_npy_write(const char *path, const ck_plane *p, ck_error *e)
{
    /* 6 bytes magic, 2 version, 2 length, then text padded with blanks to a multiple of 64. */
    char head[193], last[24] = "";
    if (p->type == CK_OTHER)
        snprintf(last, sizeof last, ", %u", p->elem);
    int n = snprintf(head + 10, sizeof head - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d, %d%s), }",
                     descr(p->type), p->c, p->h, p->w, last);
    size_t size = ck_pad(10 + (size_t)n + 1);
    memset(head + 10 + n, ' ', size - 10 - (size_t)n);
    head[size - 1] = '\n';
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (char)((size - 10) & 255);
    head[9] = (char)((size - 10) >> 8);
    ck_outfile o;
    ck_status s = ck_outfile_open(&o, path, e);
    if (s != CK_OK)
        return s;
    s = ck_outfile_write(&o, head, size, e);
    if (s == CK_OK)
        s = ck_outfile_write(&o, p->data, p->bytes, e);
    if (s == CK_OK)
        return ck_outfile_commit(&o, e);
    ck_outfile_discard(&o);
    return s;
}
