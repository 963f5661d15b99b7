#include "checkpoint/weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/build.h"
#include "checkpoint/map.h"

struct ck_weights {
    ck_tensor *tensors; /* in the file's order; `stored` is owned */
    size_t n, cap;
    const ck_tensor **by_name; /* sorted by name */
    ck_weights_text *texts;    /* owned, with their strings */
    size_t n_texts, cap_texts;
    const char *format;
    void *map; /* NULL: the caller's memory */
    size_t map_size;
};

ck_weights *ck_weights_new(const char *format)
{
    ck_weights *w = calloc(1, sizeof *w);
    if (w)
        w->format = format;
    return w;
}

void ck_weights_own_map(ck_weights *w, void *map, size_t size)
{
    w->map = map;
    w->map_size = size;
}

const char *ck_weights_format(const ck_weights *w)
{
    return w->format;
}
size_t ck_weights_count(const ck_weights *w)
{
    return w->n;
}
const ck_tensor *ck_weights_at(const ck_weights *w, size_t i)
{
    return &w->tensors[i];
}
size_t ck_weights_texts(const ck_weights *w)
{
    return w->n_texts;
}
const ck_weights_text *ck_weights_text_at(const ck_weights *w, size_t i)
{
    return &w->texts[i];
}

const char *ck_weights_meta(const ck_weights *w, const char *key)
{
    for (size_t i = 0; i < w->n_texts; i++)
        if (w->texts[i].key_n == strlen(key) && !strcmp(w->texts[i].key, key))
            return w->texts[i].value;
    return NULL;
}

const ck_tensor *ck_weights_find(const ck_weights *w, const char *name)
{
    size_t low = 0, high = w->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = strcmp(name, w->by_name[mid]->name);
        if (c == 0)
            return w->by_name[mid];
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the list of tensors");
}

static char *copy_text(const char *s, size_t n)
{
    char *p = malloc(n + 1);
    if (p) {
        memcpy(p, s, n);
        p[n] = 0;
    }
    return p;
}

/* Skip the prefixes that wrappers add, in any order. */
static const char *without_prefixes(const char *name)
{
    static const char *const prefixes[] = {"_orig_mod.", "module.", "model."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t k = strlen(prefixes[i]);
        if (!strncmp(name, prefixes[i], k) && name[k])
            return without_prefixes(name + k);
    }
    return name;
}

static bool good_name(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 32 || s[i] == 127)
            return false;
    return n > 0 && ck_utf8_valid((const uint8_t *)s, n);
}

ck_status ck_weights_add(ck_weights *w, const char *name, size_t n, const ck_tensor *t, ck_error *e)
{
    if (n > CK_WEIGHTS_MAX_NAME || !good_name(name, n))
        return ck_fail(e, CK_ERR_FORMAT,
                       "the name of tensor %zu is empty, longer than %d bytes or not clean text: the file is damaged",
                       w->n, CK_WEIGHTS_MAX_NAME);
    if (w->n == CK_WEIGHTS_MAX)
        return ck_fail(e, CK_ERR_FORMAT, "more than %d tensors: this is not a checkpoint of this network",
                       CK_WEIGHTS_MAX);
    char *own = copy_text(name, n);
    ck_tensor *tensors = own ? ck_grown(w->tensors, w->n, &w->cap, sizeof *tensors) : NULL;
    if (!tensors) {
        free(own);
        return no_memory(e);
    }
    w->tensors = tensors;
    w->tensors[w->n] = *t;
    w->tensors[w->n].stored = own;
    w->tensors[w->n++].name = without_prefixes(own);
    return CK_OK;
}

ck_status ck_weights_add_text(ck_weights *w, const char *key, size_t key_n, const char *value, size_t value_n,
                              ck_error *e)
{
    if (w->n_texts == CK_WEIGHTS_MAX)
        return ck_fail(e, CK_ERR_FORMAT, "more than %d metadata entries: the file is damaged", CK_WEIGHTS_MAX);
    ck_weights_text t = {copy_text(key, key_n), copy_text(value, value_n), key_n, value_n};
    ck_weights_text *texts = t.key && t.value ? ck_grown(w->texts, w->n_texts, &w->cap_texts, sizeof *texts) : NULL;
    if (!texts) {
        free(ck_drop_const(t.key));
        free(ck_drop_const(t.value));
        return no_memory(e);
    }
    w->texts = texts;
    w->texts[w->n_texts++] = t;
    return CK_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const ck_tensor *const *)a)->name, (*(const ck_tensor *const *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    const ck_weights_text *x = *(const ck_weights_text *const *)a, *y = *(const ck_weights_text *const *)b;
    int c = memcmp(x->key, y->key, x->key_n < y->key_n ? x->key_n : y->key_n);
    return c ? c : (x->key_n > y->key_n) - (x->key_n < y->key_n);
}

/* Reject a key with two values: readers differ in which they take. */
static ck_status check_texts(const ck_weights *w, ck_error *e)
{
    const ck_weights_text **t = malloc((w->n_texts + 1) * sizeof *t);
    if (!t)
        return no_memory(e);
    for (size_t i = 0; i < w->n_texts; i++)
        t[i] = &w->texts[i];
    qsort(t, w->n_texts, sizeof *t, by_key);
    ck_status s = CK_OK;
    for (size_t i = 1; i < w->n_texts && s == CK_OK; i++)
        if (!by_key(&t[i - 1], &t[i]))
            s = ck_fail(e, CK_ERR_FORMAT, "metadata key '%.100s' appears twice: the file is damaged", t[i]->key);
    free(t);
    return s;
}

/* The error of two tensors of one name. */
static ck_status twice(const ck_tensor *a, const ck_tensor *b, ck_error *e)
{
    if (!strcmp(a->stored, b->stored))
        return ck_fail(e, CK_ERR_FORMAT, "tensor '%s' appears twice: the file is damaged", a->stored);
    return ck_fail(e, CK_ERR_FORMAT, "'%.200s' and '%.200s' are the same tensor twice: save one set of weights",
                   a < b ? a->stored : b->stored, a < b ? b->stored : a->stored);
}

ck_status ck_weights_finish(ck_weights *w, ck_error *e)
{
    w->by_name = malloc((w->n + 1) * sizeof *w->by_name);
    if (!w->by_name)
        return no_memory(e);
    for (size_t i = 0; i < w->n; i++)
        w->by_name[i] = &w->tensors[i];
    qsort(w->by_name, w->n, sizeof *w->by_name, by_name);
    for (size_t i = 1; i < w->n; i++)
        if (!by_name(&w->by_name[i - 1], &w->by_name[i]))
            return twice(w->by_name[i - 1], w->by_name[i], e);
    return check_texts(w, e);
}

void ck_weights_free(ck_weights *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n; i++)
        free(ck_drop_const(w->tensors[i].stored));
    for (size_t i = 0; i < w->n_texts; i++) {
        free(ck_drop_const(w->texts[i].key));
        free(ck_drop_const(w->texts[i].value));
    }
    free(w->tensors);
    free(w->texts);
    free(w->by_name);
    if (w->map)
        ck_map_close(w->map, w->map_size);
    free(w);
}
