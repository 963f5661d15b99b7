/* Messages and byte-wise compression for reading and writing through OpenEXRCore.  For lib/io/exr_*.c and size.c
 * only. */
#ifndef CK_IO_EXR_CORE_H
#define CK_IO_EXR_CORE_H

#include <openexr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Error handler that keeps messages instead of printing them.  It keeps the calling thread's first one, which names the
 * cause; later ones only say which function failed.  Kept by thread, since the context is locked during the call. */
void ck_exr_on_error(exr_const_context_t ctx, exr_result_t code, const char *text);
/* Discard the kept message.  Call before the first operation on a file. */
void ck_exr_listen(void);
/* The kept message, "" if none; keep one that another thread has heard, in place of this thread's. */
#define CK_EXR_MESSAGE 512 /* bytes */
const char *ck_exr_heard(void);
void ck_exr_repeat(const char *message);
/* Fail with "WHAT (the kept message): REMEDY" as CK_ERR_FORMAT, or as CK_ERR_MEMORY if `code` is out of memory. */
ck_status ck_exr_fail(ck_error *e, exr_result_t code, const char *what, const char *remedy);

/* Rearrange bytes for ZIP and RLE: all even bytes, then all odd ones; each minus the previous one plus 128.  n bytes
 * each; src and dst must not overlap. */
void ck_exr_split(const uint8_t *src, uint8_t *dst, size_t n);
/* The inverse. */
void ck_exr_join(const uint8_t *src, uint8_t *dst, size_t n);

/* Undo RLE; true if the whole input gives exactly `out_bytes`. */
bool ck_exr_unrle(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes);

#endif
