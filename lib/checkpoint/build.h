/* Construction of a ck_weights, for the readers of lib/checkpoint only. */
#ifndef CK_CHECKPOINT_BUILD_H
#define CK_CHECKPOINT_BUILD_H

#include "base/utf8.h"
#include "checkpoint/weights.h"

#define CK_WEIGHTS_MAX 65536    /* tensors, and metadata texts */
#define CK_WEIGHTS_MAX_NAME 512 /* bytes */

/* An empty list; NULL when out of memory.  `format` must outlive it. */
ck_weights *ck_weights_new(const char *format);
/* Called after the reader: sort the names; fail if two are equal. */
ck_status ck_weights_finish(ck_weights *w, ck_error *e);
/* Let ck_weights_free unmap `map`. */
void ck_weights_own_map(ck_weights *w, void *map, size_t size);

/* Append a copy of *t under the normalised name.  `name` is n bytes, not yet checked.  Duplicates are found by
 * ck_weights_finish. */
ck_status ck_weights_add(ck_weights *w, const char *name, size_t n, const ck_tensor *t, ck_error *e);
ck_status ck_weights_add_text(ck_weights *w, const char *key, size_t key_n, const char *value, size_t value_n,
                              ck_error *e);

/* The readers.  `bytes` must outlive `w`. */
ck_status ck_safetensors_read(ck_weights *w, const uint8_t *bytes, size_t n, ck_error *e);
ck_status ck_pth_read(ck_weights *w, const uint8_t *bytes, size_t n, ck_error *e);

#endif
