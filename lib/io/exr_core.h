/* Shared by reading and writing through OpenEXRCore: its messages and its byte-wise compressions.  For lib/io/exr_*.c
 * and size.c only. */
#ifndef CK_IO_EXR_CORE_H
#define CK_IO_EXR_CORE_H

#include <openexr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* OpenEXRCore prints its messages unless told otherwise.  This handler keeps the first one of the
 * calling thread, which names the cause; those that follow only say who noticed.  It keeps them by
 * thread and not by context, because the context is locked while it is called. */
void ck_exr_on_error(exr_const_context_t ctx, exr_result_t code, const char *text);
/* Forget what was kept: call before the first operation on a file. */
void ck_exr_listen(void);
/* "WHAT (the kept message): REMEDY", as CK_ERR_FORMAT; CK_ERR_MEMORY when that is what `code` says. */
ck_status ck_exr_fail(ck_error *e, exr_result_t code, const char *what, const char *remedy);

/* ZIP and RLE work on bytes rearranged and differenced: all even bytes, then all odd ones, each minus
 * the one before plus 128.  n bytes each; the two must not overlap. */
void ck_exr_split(const uint8_t *src, uint8_t *dst, size_t n);
/* The inverse. */
void ck_exr_join(const uint8_t *src, uint8_t *dst, size_t n);

/* Undo the run lengths: true when exactly `out_bytes` came out of all of the input. */
bool ck_exr_unrle(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes);

#endif
