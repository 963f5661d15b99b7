/* A checkpoint as named tensors, whatever the file's format.
 *
 *     ck_weights *w;
 *     ck_weights_open("model.pth", &w, &e);            maps the file, checks every byte of its structure
 *     const ck_tensor *t = ck_weights_find(w, "encoder.model.pos_embed");
 *     ck_tensor_f32(t, buffer, &e);                     row-major float32, t->count of them
 *     ck_weights_free(w);
 *
 * The file is mapped read-only and shared: tensors are views into it and cost nothing until they are
 * read.  A file that shrinks while it is open is an error of whoever reads the tensors that are gone.  After opening,
 * everything here may be called from several threads at once.
 *
 * Names are normalised: what torch.compile and DataParallel put in front ("_orig_mod.", "module.")
 * is gone, and a dict that holds the tensors under "state_dict" is looked into. */
#ifndef CK_CHECKPOINT_WEIGHTS_H
#define CK_CHECKPOINT_WEIGHTS_H

#include <stddef.h>

#include "checkpoint/tensor.h"

typedef struct ck_weights ck_weights;

/* .safetensors and .pth (zip), told apart by content.  The error does not name the file. */
ck_status ck_weights_open(const char *path, ck_weights **out, ck_error *e);
/* The same from memory that outlives *out. */
ck_status ck_weights_open_bytes(const void *bytes, size_t n, ck_weights **out, ck_error *e);
void ck_weights_free(ck_weights *w); /* NULL is fine */

const char *ck_weights_format(const ck_weights *w); /* "safetensors" or "pth" */

/* In the file's order, integers included. */
size_t ck_weights_count(const ck_weights *w);
const ck_tensor *ck_weights_at(const ck_weights *w, size_t i);
const ck_tensor *ck_weights_find(const ck_weights *w, const char *name); /* NULL = there is none */

/* Metadata: the __metadata__ of a .safetensors; in a .pth, texts and numbers beside the tensors. */
typedef struct ck_weights_text {
    const char *key, *value; /* NUL-terminated, and may hold NULs */
    size_t key_n, value_n;
} ck_weights_text;

size_t ck_weights_texts(const ck_weights *w);
const ck_weights_text *ck_weights_text_at(const ck_weights *w, size_t i);
const char *ck_weights_meta(const ck_weights *w, const char *key); /* the value, or NULL */

#endif
