/* Opening checkpoints in memory, for the tests of their readers. */
#ifndef CK_TESTS_WEIGHTS_H
#define CK_TESTS_WEIGHTS_H

#include "blob.h"
#include "checkpoint/weights.h"
#include "tap.h"

static ck_error weights_error;

/* Open n bytes from an allocation of exactly that size, so that a sanitizer sees reads past the end.  NULL if refused,
 * see weights_error.  Close by weights_close(). */
static void *weights_memory;

static inline ck_weights *weights_open(const void *bytes, size_t n)
{
    ck_weights *w;
    weights_memory = malloc(n ? n : 1);
    memcpy(weights_memory, bytes, n);
    weights_error.text[0] = 0;
    if (ck_weights_open_bytes(weights_memory, n, &w, &weights_error) != CK_OK) {
        free(weights_memory);
        weights_memory = NULL;
        return NULL;
    }
    return w;
}

static inline void weights_close(ck_weights *w)
{
    ck_weights_free(w);
    free(weights_memory);
    weights_memory = NULL;
}

/* True if the blob is refused with a message that holds `text`. */
static inline bool weights_refused(const blob *b, const char *text)
{
    ck_weights *w = weights_open(b->p, b->n);
    if (w) {
        weights_close(w);
        printf("# it was opened\n");
        return false;
    }
    bool good = strstr(weights_error.text, text) != NULL;
    if (!good)
        printf("# %s\n", weights_error.text);
    return good;
}

/* True if every truncation of the blob is refused. */
static inline bool weights_cuts(const blob *b)
{
    bool all = true;
    for (size_t n = 0; n < b->n; n++) {
        ck_weights *w = weights_open(b->p, n);
        if (w) {
            printf("# cut to %zu bytes it was opened\n", n);
            weights_close(w);
            all = false;
        }
    }
    return all;
}

/* Read everything that an opened checkpoint offers. */
static inline void weights_read_all(const ck_weights *w)
{
    for (size_t i = 0; i < ck_weights_count(w); i++) {
        const ck_tensor *t = ck_weights_at(w, i);
        if (t->count > 1 << 16)
            continue;
        void *out = malloc(t->count * 8 + 1);
        size_t bad;
        ck_tensor_copy(t, out);
        if (ck_dtype_is_float(t->dtype)) {
            ck_tensor_f32(t, out, NULL);
            ck_tensor_finite(t, &bad);
        }
        free(out);
    }
}

/* Make three changes to every byte, one at a time; returns the number that went unnoticed. */
static inline size_t weights_changes(const blob *b)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    size_t opened = 0;
    uint8_t *p = malloc(b->n);
    memcpy(p, b->p, b->n);
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < sizeof masks; k++) {
            p[i] ^= masks[k];
            ck_weights *w = weights_open(p, b->n);
            p[i] ^= masks[k];
            if (!w)
                continue;
            weights_read_all(w);
            weights_close(w);
            opened++;
        }
    free(p);
    return opened;
}

#endif
