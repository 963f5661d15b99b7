/* Conversion between sample types and float32.  n counts samples; src and dst must not overlap. */
#ifndef CK_IMAGE_CONVERT_H
#define CK_IMAGE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/floats.h"
#include "stream/frame.h"

/* u8: v/255; u16: v/65535; f16: exact; f32: copied.  `t` must be one of these four. */
void ck_to_f32(const void *src, ck_type t, float *dst, size_t n);

/* The samples of `p` (u8, u16, f16 or f32) as float32.  A CK_F32 plane is not copied: *view points into it and *hold is
 * NULL.  Otherwise *hold owns the samples: release it by ck_buffer_unref. */
ck_status ck_f32_view(const ck_plane *p, const float **view, ck_buffer **hold, ck_error *e);

/* Clamp to [0, 1] (NaN to 0), scale to the type's range, round half to even. */
void ck_f32_to_u8(const float *src, uint8_t *dst, size_t n);
void ck_f32_to_u16(const float *src, uint16_t *dst, size_t n);
void ck_f32_to_u10(const float *src, uint16_t *dst, size_t n); /* 0 to 1023 */

/* Clamp to [0, 1], scale to 255, discard the fraction, as the plane `comp` needs it. */
void ck_f32_to_u8_trunc(const float *src, uint8_t *dst, size_t n);

/* Clamp to [0, 1] in place; NaN becomes 0. */
void ck_clamp01_all(float *v, size_t n);

#endif
