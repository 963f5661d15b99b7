#include "checkpoint/weights.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "checkpoint/build.h"

struct ck_weights {
    ck_tensor *tensors; /* in the file's order; their names are owned */
    size_t n, cap;
    const ck_tensor **by_name; /* the same, sorted */
    ck_weights_text *texts;    /* owned, with their strings */
    size_t n_texts, cap_texts;
    const char *format;
    void *map; /* NULL: the caller's memory */
    size_t map_size;
};

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

/* Without what wrappers put in front, in whatever order they were put on. */
static void normalise(const char **name, size_t *n)
{
    static const char *const prefixes[] = {"_orig_mod.", "module."};
    for (size_t i = 0; i < 2; i++) {
        size_t k = strlen(prefixes[i]);
        if (*n > k && !memcmp(*name, prefixes[i], k)) {
            *name += k;
            *n -= k;
            i = (size_t)-1;
        }
    }
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
    normalise(&name, &n);
    char *own = copy_text(name, n);
    ck_tensor *tensors = own ? ck_grown(w->tensors, w->n, &w->cap, sizeof *tensors) : NULL;
    if (!tensors) {
        free(own);
        return no_memory(e);
    }
    w->tensors = tensors;
    w->tensors[w->n] = *t;
    w->tensors[w->n++].name = own;
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
        free((char *)t.key);
        free((char *)t.value);
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

/* Two values under one key: readers differ in which they take, so none is right. */
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

static ck_status sort_names(ck_weights *w, ck_error *e)
{
    w->by_name = malloc((w->n + 1) * sizeof *w->by_name);
    if (!w->by_name)
        return no_memory(e);
    for (size_t i = 0; i < w->n; i++)
        w->by_name[i] = &w->tensors[i];
    qsort(w->by_name, w->n, sizeof *w->by_name, by_name);
    for (size_t i = 1; i < w->n; i++)
        if (!by_name(&w->by_name[i - 1], &w->by_name[i]))
            return ck_fail(e, CK_ERR_FORMAT,
                           "tensor '%s' appears twice (prefixes _orig_mod. and module. apart): the file is damaged",
                           w->by_name[i]->name);
    return check_texts(w, e);
}

static ck_status read_any(ck_weights *w, const uint8_t *bytes, size_t n, ck_error *e)
{
    /* Where a .safetensors header begins a zip has its compression method, and 123 is none. */
    if (n > 8 && bytes[8] == '{') {
        w->format = "safetensors";
        return ck_safetensors_read(w, bytes, n, e);
    }
    if (n > 8 && !memcmp(bytes, "PK\3\4", 4)) {
        w->format = "pth";
        return ck_pth_read(w, bytes, n, e);
    }
    if (n > 8 && bytes[0] == 0x80)
        return ck_fail(e, CK_ERR_UNSUPPORTED,
                       "this is a .pth of the format before PyTorch 1.6 (a bare pickle, not a zip archive), which is "
                       "not read: convert it with python3 -c \"import torch; torch.save(torch.load('OLD.pth', "
                       "map_location='cpu', weights_only=True), 'NEW.pth')\"");
    return ck_fail(e, CK_ERR_FORMAT, "neither .safetensors nor .pth: is the download complete?");
}

ck_status ck_weights_open_bytes(const void *bytes, size_t n, ck_weights **out, ck_error *e)
{
    ck_weights *w = *out = calloc(1, sizeof *w);
    if (!w)
        return no_memory(e);
    ck_status s = read_any(w, bytes, n, e);
    if (s == CK_OK)
        s = sort_names(w, e);
    if (s != CK_OK) {
        ck_weights_free(w);
        *out = NULL;
    }
    return s;
}

/* *map is NULL after a failure. */
static ck_status map_file(int fd, void **map, size_t *size, ck_error *e)
{
    struct stat st;
    *map = NULL;
    if (fstat(fd, &st))
        return ck_fail_errno(e, "cannot open the model");
    if (!S_ISREG(st.st_mode))
        return ck_fail(e, CK_ERR_ARGUMENT, "a model must be a file: no pipe, device or folder can be mapped");
    if (st.st_size == 0)
        return ck_fail(e, CK_ERR_FORMAT, "the file is empty: is the download complete?");
    *size = (size_t)st.st_size;
    void *p = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return ck_fail_errno(e, "cannot map the model");
    *map = p;
    return CK_OK;
}

ck_status ck_weights_open(const char *path, ck_weights **out, ck_error *e)
{
    *out = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe must not make us wait */
    if (fd < 0)
        return ck_fail_errno(e, "cannot open the model");
    void *map;
    size_t size = 0;
    ck_status s = map_file(fd, &map, &size, e);
    close(fd);
    if (s == CK_OK)
        s = ck_weights_open_bytes(map, size, out, e);
    if (s == CK_OK) {
        (*out)->map = map;
        (*out)->map_size = size;
    } else if (map) {
        munmap(map, size);
    }
    return s;
}

void ck_weights_free(ck_weights *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n; i++)
        free((char *)w->tensors[i].name);
    for (size_t i = 0; i < w->n_texts; i++) {
        free((char *)w->texts[i].key);
        free((char *)w->texts[i].value);
    }
    free(w->tensors);
    free(w->texts);
    free(w->by_name);
    if (w->map)
        munmap(w->map, w->map_size);
    free(w);
}
