/* A .pth as written by torch.save: an uncompressed zip archive of
 *
 *     NAME/data.pkl     a pickle: the dict of tensors, or a dict with that under "state_dict"
 *     NAME/data/KEY     the bytes of a storage, little-endian
 *     NAME/byteorder    optional: "little"
 *     NAME/version and others, which are not about the tensors
 *
 * Source: torch/serialization.py, functions _save and _load. */
#include <stdio.h>
#include <string.h>

#include "checkpoint/build.h"
#include "checkpoint/pickle.h"
#include "checkpoint/zip.h"

#define MAX_PATH 1024 /* bytes of a member's path */

typedef struct archive {
    ck_zip zip;
    const char *name; /* NAME with its slash, n bytes */
    size_t n;
} archive;

/* The member NAME/rest, or NULL. */
static const ck_zip_member *member(const archive *a, const char *rest, size_t n)
{
    char path[MAX_PATH];
    if (n > sizeof path || a->n > sizeof path - n)
        return NULL;
    memcpy(path, a->name, a->n);
    memcpy(path + a->n, rest, n);
    return ck_zip_find(&a->zip, path, a->n + n);
}

/* Find the only member "NAME/data.pkl". */
static ck_status find_pickle(archive *a, const ck_zip_member **pickle, ck_error *e)
{
    static const char tail[] = "/data.pkl";
    size_t k = sizeof tail - 1;
    *pickle = NULL;
    for (size_t i = 0; i < a->zip.n; i++) {
        const ck_zip_member *m = &a->zip.members[i];
        if (m->name_n <= k || memcmp(m->name + m->name_n - k, tail, k) || memchr(m->name, '/', m->name_n - k))
            continue;
        if (*pickle)
            return ck_fail(e, CK_ERR_FORMAT, "zip archive: two members are called data.pkl: not a checkpoint");
        *pickle = m;
        a->name = m->name;
        a->n = m->name_n - k + 1;
    }
    if (!*pickle)
        return ck_fail(e, CK_ERR_FORMAT, "zip archive without NAME/data.pkl: not a .pth that torch.save wrote");
    return CK_OK;
}

static ck_status check_byteorder(const archive *a, ck_error *e)
{
    const ck_zip_member *m = member(a, "byteorder", 9);
    if (!m || (m->size == 6 && !memcmp(m->data, "little", 6)))
        return CK_OK;
    return ck_fail(e, CK_ERR_UNSUPPORTED, "byte order '%.*s' is not read: save the file on a little-endian machine",
                   (int)(m->size < 20 ? m->size : 20), (const char *)m->data);
}

static ck_status find_storage(void *ctx, const char *key, size_t n, uint64_t bytes, const uint8_t **data, ck_error *e)
{
    const archive *a = ctx;
    char rest[MAX_PATH];
    size_t k = 5;
    const ck_zip_member *m = NULL;
    memcpy(rest, "data/", k);
    if (n <= sizeof rest - k) {
        memcpy(rest + k, key, n);
        m = member(a, rest, k + n);
    }
    int shown = (int)(n < 100 ? n : 100);
    if (!m)
        return ck_fail(e, CK_ERR_FORMAT, "storage '%.*s' is not in the archive: the file is damaged", shown, key);
    if (m->size != bytes)
        return ck_fail(e, CK_ERR_FORMAT,
                       "storage '%.*s' has %zu bytes in the archive and %llu in the pickle: the file is damaged", shown,
                       key, m->size, (unsigned long long)bytes);
    *data = m->data;
    return CK_OK;
}

static bool is_text(const ck_value *v, const char *word)
{
    return v->kind == CK_VALUE_TEXT && v->u.text.n == strlen(word) && !memcmp(v->u.text.s, word, v->u.text.n);
}

/* The dict of tensors: the root, or its item "state_dict". */
static ck_status find_dict(const ck_pickle *p, const ck_value **dict, ck_error *e)
{
    const ck_value *root = &p->values[p->root], *inner = NULL;
    if (root->kind != CK_VALUE_DICT)
        return ck_fail(e, CK_ERR_FORMAT, "no dict of tensors in the file: save model.state_dict()");
    for (uint32_t i = 0; i < root->u.seq.n; i += 2) {
        const ck_value *v = &p->values[root->u.seq.items[i + 1]];
        if (!is_text(&p->values[root->u.seq.items[i]], "state_dict") || v->kind != CK_VALUE_DICT)
            continue;
        if (inner)
            return ck_fail(e, CK_ERR_FORMAT, "'state_dict' appears twice: the file is damaged");
        inner = v;
    }
    *dict = inner ? inner : root;
    return CK_OK;
}

/* Numbers and texts beside the tensors become metadata; other values are ignored. */
static ck_status add_text(ck_weights *w, const ck_value *key, const ck_value *v, ck_error *e)
{
    char buf[40];
    const char *s = buf;
    size_t n;
    switch (v->kind) {
    case CK_VALUE_TEXT:
        s = v->u.text.s;
        n = v->u.text.n;
        break;
    case CK_VALUE_BOOL:
        n = (size_t)snprintf(buf, sizeof buf, "%s", v->u.b ? "true" : "false");
        break;
    case CK_VALUE_INT:
        n = (size_t)snprintf(buf, sizeof buf, "%lld", (long long)v->u.i);
        break;
    case CK_VALUE_FLOAT:
        n = (size_t)snprintf(buf, sizeof buf, "%.17g", v->u.f);
        break;
    default:
        return CK_OK;
    }
    return ck_weights_add_text(w, key->u.text.s, key->u.text.n, s, n, e);
}

/* Add a dict's tensors if `tensors`, else its texts and numbers. */
static ck_status add_all(ck_weights *w, const ck_pickle *p, const ck_value *dict, bool tensors, ck_error *e)
{
    ck_status s = CK_OK;
    for (uint32_t i = 0; i < dict->u.seq.n && s == CK_OK; i += 2) {
        const ck_value *key = &p->values[dict->u.seq.items[i]], *v = &p->values[dict->u.seq.items[i + 1]];
        if (key->kind != CK_VALUE_TEXT)
            s = tensors ? ck_fail(e, CK_ERR_FORMAT, "a key in the dict of tensors is not text: the file is damaged")
                        : CK_OK;
        else if (v->kind != CK_VALUE_TENSOR)
            s = add_text(w, key, v, e);
        else if (tensors)
            s = ck_weights_add(w, key->u.text.s, key->u.text.n, v->u.tensor, e);
    }
    return s;
}

static ck_status add_dicts(ck_weights *w, const ck_pickle *p, ck_error *e)
{
    const ck_value *dict = NULL, *root = &p->values[p->root];
    ck_status s = find_dict(p, &dict, e);
    if (s == CK_OK)
        s = add_all(w, p, dict, true, e);
    if (s == CK_OK && dict != root)
        s = add_all(w, p, root, false, e);
    if (s == CK_OK && !ck_weights_count(w))
        s = ck_fail(e, CK_ERR_FORMAT, "no tensor in the file's dict or its 'state_dict': save model.state_dict()");
    return s;
}

ck_status ck_pth_read(ck_weights *w, const uint8_t *bytes, size_t n, ck_error *e)
{
    archive a = {0};
    const ck_zip_member *m;
    ck_pickle p = {0};
    ck_status s = ck_zip_open(&a.zip, bytes, n, e);
    if (s == CK_OK)
        s = find_pickle(&a, &m, e);
    if (s == CK_OK)
        s = check_byteorder(&a, e);
    if (s == CK_OK)
        s = ck_pickle_read(&p, m->data, m->size, find_storage, &a, e);
    if (s == CK_OK)
        s = add_dicts(w, &p, e);
    ck_pickle_free(&p);
    ck_zip_close(&a.zip);
    return s;
}
