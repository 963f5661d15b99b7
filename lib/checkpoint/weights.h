/* A checkpoint as named tensors, in either file format.
 *
 *     ck_weights *w;
 *     ck_weights_open("model.pth", &w, &e);            maps the file, checks every byte of its structure
 *     const ck_tensor *t = ck_weights_find(w, "encoder.model.pos_embed");
 *     ck_tensor_f32(t, buffer, &e);                    t->count float32, row-major
 *     ck_weights_free(w);
 *
 * The file is mapped read-only and shared.  Tensors are views into it and take no memory until they are read.  If the
 * file shrinks while it is open, reading a missing tensor is an error.  After opening, all functions are thread-safe.
 *
 * Names are normalised: the prefixes of torch.compile, DataParallel and Lightning ("_orig_mod.", "module.", "model.")
 * are removed.  The dict of tensors may be under "state_dict", "model_state_dict" or "model" of a .pth. */
#ifndef CK_CHECKPOINT_WEIGHTS_H
#define CK_CHECKPOINT_WEIGHTS_H

#include <stddef.h>

#include "checkpoint/tensor.h"

typedef struct ck_weights ck_weights;

/* Open a .safetensors or .pth (zip) file, recognised by content.  The error does not name the file. */
ck_status ck_weights_open(const char *path, ck_weights **out, ck_error *e);
/* The same from memory, which must outlive *out. */
ck_status ck_weights_open_bytes(const void *bytes, size_t n, ck_weights **out, ck_error *e);
void ck_weights_free(ck_weights *w); /* NULL is fine */

const char *ck_weights_format(const ck_weights *w); /* "safetensors" or "pth" */

/* Tensors in the file's order, integers included. */
size_t ck_weights_count(const ck_weights *w);
const ck_tensor *ck_weights_at(const ck_weights *w, size_t i);
const ck_tensor *ck_weights_find(const ck_weights *w, const char *name); /* NULL if not found */

/* Metadata: __metadata__ of a .safetensors; texts and numbers beside the tensors in a .pth. */
typedef struct ck_weights_text {
    const char *key, *value; /* NUL-terminated, may contain NULs */
    size_t key_n, value_n;
} ck_weights_text;

/* Number of texts. */
size_t ck_weights_texts(const ck_weights *w);
const ck_weights_text *ck_weights_text_at(const ck_weights *w, size_t i);
const char *ck_weights_meta(const ck_weights *w, const char *key); /* the value, or NULL */

#endif
