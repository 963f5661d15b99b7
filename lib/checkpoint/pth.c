/* A .pth as written by torch.save: an uncompressed zip archive of
 *
 *     NAME/data.pkl     a pickle: the dict of tensors, or a dict with that under one of the `wrappers` below
 *     NAME/data/KEY     the bytes of a storage, little-endian
 *     NAME/byteorder    optional: "little"
 *     NAME/version and others, which are not about the tensors
 *
 * Source: torch/serialization.py, functions _save and _load. */
#include <stdio.h>
#include <string.h>

#include "checkpoint/build.h"
#include "checkpoint/pickle.h"
#include "checkpoint/pickle_globals.h"
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

/* Keys under which training scripts save the weights. */
static const char *const wrappers[] = {"state_dict", "model_state_dict", "model"};
#define WRAPPERS (sizeof wrappers / sizeof *wrappers)

static const ck_value *key_at(const ck_pickle *p, const ck_value *dict, uint32_t i)
{
    return &p->values[dict->u.seq.items[i]];
}

static bool has_tensors(const ck_pickle *p, const ck_value *v)
{
    for (uint32_t i = 1; v->kind == CK_VALUE_DICT && i < v->u.seq.n; i += 2)
        if (key_at(p, v, i)->kind == CK_VALUE_TENSOR)
            return true;
    return false;
}

static bool is_wrapper(const ck_value *key)
{
    bool is = false;
    for (size_t k = 0; k < WRAPPERS; k++)
        is |= is_text(key, wrappers[k]);
    return is;
}

/* The dict of tensors: the root, or the only dict under one of the wrappers that has tensors. */
static ck_status find_dict(const ck_pickle *p, const ck_value *root, const ck_value **dict, ck_error *e)
{
    const ck_value *name = NULL;
    *dict = root;
    for (uint32_t i = 0; i < root->u.seq.n; i += 2) {
        const ck_value *key = key_at(p, root, i), *v = key_at(p, root, i + 1);
        if (!is_wrapper(key) || !has_tensors(p, v))
            continue;
        if (name)
            return ck_fail(e, CK_ERR_FORMAT,
                           "tensors are under both '%.*s' and '%.*s', which may differ: save one of these dicts alone",
                           (int)name->u.text.n, name->u.text.s, (int)key->u.text.n, key->u.text.s);
        name = key;
        *dict = v;
    }
    return CK_OK;
}

/* The error of a pickle that is no dict. */
static ck_status no_dict(const ck_value *root, ck_error *e)
{
    char text[CK_GLOBAL_TEXT];
    if (root->kind == CK_VALUE_OBJECT || root->kind == CK_VALUE_GLOBAL)
        return ck_fail(e, CK_ERR_FORMAT, "the file holds '%s', which is refused: save model.state_dict(), a dict",
                       ck_global_text(root, text));
    return ck_fail(e, CK_ERR_FORMAT, "no dict of tensors in the file: save model.state_dict()");
}

/* The error of a dict without tensors, which says what it has instead. */
static ck_status no_tensors(const ck_pickle *p, const ck_value *root, ck_error *e)
{
    char text[CK_GLOBAL_TEXT];
    for (uint32_t i = 0; i < root->u.seq.n; i += 2) {
        const ck_value *key = key_at(p, root, i), *v = key_at(p, root, i + 1);
        int n = key->kind == CK_VALUE_TEXT && key->u.text.n <= CK_PICKLE_SHOWN ? (int)key->u.text.n : 0;
        if (n && has_tensors(p, v))
            return ck_fail(e, CK_ERR_FORMAT,
                           "the tensors are under '%.*s', and are read from 'state_dict', 'model_state_dict' or "
                           "'model': save that dict alone",
                           n, key->u.text.s);
        if (n && v->kind == CK_VALUE_OBJECT && (is_wrapper(key) || v->u.global.what == CK_GLOBAL_OTHER))
            return ck_fail(e, CK_ERR_FORMAT, "'%.*s' is an object of '%s', no dict of tensors: save model.state_dict()",
                           n, key->u.text.s, ck_global_text(v, text));
    }
    return ck_fail(e, CK_ERR_FORMAT,
                   "no tensor in the file's dict or its 'state_dict', 'model_state_dict' or 'model': save "
                   "model.state_dict()");
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
        /* Not to be ignored: the network would get the number of its width. */
        return is_text(key, "num_heads") ? ck_fail(e, CK_ERR_FORMAT, "num_heads is not a plain number: save int(...)")
                                         : CK_OK;
    }
    return ck_weights_add_text(w, key->u.text.s, key->u.text.n, s, n, e);
}

/* Add an item of the dict of tensors. */
static ck_status add_item(ck_weights *w, const ck_value *key, const ck_value *v, ck_error *e)
{
    char text[CK_GLOBAL_TEXT];
    if (key->kind != CK_VALUE_TEXT)
        return ck_fail(e, CK_ERR_FORMAT, "a key in the dict of tensors is not text: the file is damaged");
    if (v->kind == CK_VALUE_TENSOR)
        return ck_weights_add(w, key->u.text.s, key->u.text.n, v->u.tensor, e);
    if (v->kind == CK_VALUE_OBJECT && v->u.global.what == CK_GLOBAL_OTHER)
        return ck_fail(e, CK_ERR_FORMAT, "tensor '%.*s' needs %s, which is not read: save it dense, in a float type",
                       (int)(key->u.text.n < CK_PICKLE_SHOWN ? key->u.text.n : CK_PICKLE_SHOWN), key->u.text.s,
                       ck_global_text(v, text));
    return add_text(w, key, v, e);
}

/* Add the tensors, and the texts and numbers beside them and beside their dict. */
static ck_status add_all(ck_weights *w, const ck_pickle *p, ck_error *e)
{
    const ck_value *root = &p->values[p->root], *dict = NULL;
    if (root->kind != CK_VALUE_DICT)
        return no_dict(root, e);
    ck_status s = find_dict(p, root, &dict, e);
    if (s == CK_OK && !has_tensors(p, dict))
        return no_tensors(p, root, e);
    for (uint32_t i = 0; s == CK_OK && i < dict->u.seq.n; i += 2)
        s = add_item(w, key_at(p, dict, i), key_at(p, dict, i + 1), e);
    for (uint32_t i = 0; s == CK_OK && dict != root && i < root->u.seq.n; i += 2)
        if (key_at(p, root, i)->kind == CK_VALUE_TEXT && key_at(p, root, i + 1)->kind != CK_VALUE_TENSOR)
            s = add_text(w, key_at(p, root, i), key_at(p, root, i + 1), e);
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
        s = add_all(w, &p, e);
    ck_pickle_free(&p);
    ck_zip_close(&a.zip);
    return s;
}
