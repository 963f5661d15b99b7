/* Fuzz targets: every reader of untrusted input.  Each accepts any bytes and must return.  tests/corpus_test.c runs
 * them on the stored corpora, `make fuzz` on libFuzzer's inputs. */
#ifndef CK_FUZZ_TARGETS_H
#define CK_FUZZ_TARGETS_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "checkpoint/pickle.h"
#include "greenformer/spec.h"
#include "checkpoint/weights.h"
#include "io/exr_piz.h"
#include "stream/stream.h"

/* Read everything that an opened checkpoint offers, with limited memory. */
static inline void fuzz_use(const ck_weights *w)
{
    ck_error e;
    ck_spec table;
    for (size_t i = 0; i < ck_weights_count(w); i++) {
        const ck_tensor *t = ck_weights_at(w, i);
        float f[4096];
        uint8_t raw[sizeof f * 2];
        char shape[CK_SHAPE_TEXT];
        size_t bad;
        ck_shape_text(t->shape, t->dims, shape);
        if (ck_weights_find(w, t->name) != t)
            abort();
        if (t->count > sizeof f / sizeof *f)
            continue;
        ck_tensor_copy(t, raw);
        if (ck_tensor_f32(t, f, &e) == CK_OK)
            ck_tensor_finite(t, &bad);
    }
    for (size_t i = 0; i < ck_weights_texts(w); i++)
        if (!ck_weights_meta(w, ck_weights_text_at(w, i)->key) &&
            ck_weights_text_at(w, i)->key_n == strlen(ck_weights_text_at(w, i)->key))
            abort();
    ck_spec_check(w, 1, false, CK_PART_ALL, &table, &e);
}

/* A whole checkpoint, of either format. */
static inline int fuzz_weights(const uint8_t *data, size_t n)
{
    ck_weights *w;
    ck_error e;
    if (ck_weights_open_bytes(data, n, &w, &e) == CK_OK)
        fuzz_use(w);
    else if (w || !*e.text)
        abort();
    ck_weights_free(w);
    return 0;
}

/* A storage of any size up to 4096 bytes. */
static inline ck_status fuzz_storage(void *ctx, const char *key, size_t n, uint64_t bytes, const uint8_t **data,
                                     ck_error *e)
{
    static const uint8_t storage[4096];
    (void)ctx;
    *data = storage;
    return bytes <= sizeof storage ? CK_OK : ck_fail(e, CK_ERR_FORMAT, "%.*s", (int)(n < 9 ? n : 9), key);
}

/* The pickle only, without the archive, which a mutation would break. */
static inline int fuzz_pickle(const uint8_t *data, size_t n)
{
    ck_pickle p;
    ck_error e;
    float f[4096];
    if (ck_pickle_read(&p, data, n, fuzz_storage, NULL, &e) != CK_OK)
        return 0;
    for (uint32_t i = 0; i < p.n; i++) {
        ck_tensor *t = p.values[i].kind == CK_VALUE_TENSOR ? p.values[i].u.tensor : NULL;
        if (!t || t->count > sizeof f / sizeof *f)
            continue;
        t->name = "";
        ck_tensor_f32(t, f, &e);
    }
    ck_pickle_free(&p);
    return 0;
}

/* Encode bytes as the samples of one channel, and decode them again. */
static inline void fuzz_piz_samples(ck_piz *piz, const ck_piz_channel *c, const uint8_t *data, size_t n)
{
    static ck_piz_encoder *encoder;
    if (!encoder && !(encoder = ck_piz_encoder_new()))
        abort();
    size_t words = (size_t)c->w * (size_t)c->h * (size_t)c->words, bytes = 2 * words;
    uint16_t *samples = ck_piz_encoder_words(encoder, words);
    uint8_t *packed = malloc(ck_piz_bound(words)), *in = malloc(bytes), *out = malloc(bytes);
    if (!samples || !packed || !in || !out)
        abort();
    for (size_t i = 0; i < bytes; i++)
        in[i] = n ? data[i % n] : 0;
    memcpy(samples, in, bytes);
    size_t used = ck_piz_encode(encoder, c, 1, packed);
    if (used > ck_piz_bound(words) || ck_piz_decode(piz, packed, used, c, 1, 0, c->h, out, bytes) ||
        memcmp(in, out, bytes) != 0)
        abort();
    free(packed);
    free(in);
    free(out);
}

/* A PIZ chunk; the first byte gives its size and channels.  With its highest bits the same bytes are also samples,
 * which takes ten times as long. */
static inline int fuzz_piz(const uint8_t *data, size_t n)
{
    static ck_piz *piz;
    if (!piz && !(piz = ck_piz_new()))
        abort();
    if (!n)
        return 0;
    int w = 1 + (data[0] & 7) * 5, h = 1 + (data[0] >> 3 & 3) * 10, words = 1 + (data[0] >> 5 & 1);
    ck_piz_channel c[2] = {{w, h, 1, 1}, {w, h, words, 1}};
    size_t bytes = (size_t)w * (size_t)h * 2 * (size_t)(1 + words);
    uint8_t *out = malloc(bytes);
    if (!out)
        abort();
    ck_piz_decode(piz, data + 1, n - 1, c, 2, 0, h, out, bytes);
    free(out);
    if (data[0] >> 6 == 3)
        fuzz_piz_samples(piz, &c[1], data + 1, n - 1);
    return 0;
}

/* A stream of frames on a descriptor. */
static inline int fuzz_stream(const uint8_t *data, size_t n)
{
    static int fd = -1;
    ck_reader *r;
    ck_error e;
    if (fd < 0)
        fd = memfd_create("stream", MFD_CLOEXEC);
    if (ftruncate(fd, 0) || pwrite(fd, data, n, 0) != (ssize_t)n || lseek(fd, 0, SEEK_SET))
        abort();
    ck_status s = ck_reader_open(fd, "fuzz", 0, &r, &e);
    while (s == CK_OK) {
        ck_frame f = {0};
        s = ck_reader_next(r, &f, &e);
        if (s == CK_OK)
            for (int i = 0; i < f.n; i++)
                if (!ck_frame_plane(&f, f.planes[i].name))
                    abort();
        ck_frame_free(&f);
    }
    ck_reader_free(r);
    ck_pool_trim();
    return 0;
}

#endif
