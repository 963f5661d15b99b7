/* Sample types to float and back.  n counts samples; src and dst must not overlap. */
#ifndef CK_IMAGE_CONVERT_H
#define CK_IMAGE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/floats.h"
#include "stream/frame.h"

/* u8: v/255, u16: v/65535, f16 exact, f32 copied. `t` must be one of the four. */
void ck_to_f32(const void *src, ck_type t, float *dst, size_t n);

/* The samples of `p`, of one of the four types, as float32.  Those of a CK_F32 plane are not copied: *view points to
 * them and *hold is NULL; else *hold owns what *view points to: ck_buffer_unref. */
ck_status ck_f32_view(const ck_plane *p, const float **view, ck_buffer **hold, ck_error *e);

/* Clamp to 0…1 (NaN to 0), scale, round half to even. */
void ck_f32_to_u8(const float *src, uint8_t *dst, size_t n);
void ck_f32_to_u16(const float *src, uint16_t *dst, size_t n);

/* Clamp to 0…1, scale to 255, drop the fraction: how `comp` is made. */
void ck_f32_to_u8_trunc(const float *src, uint8_t *dst, size_t n);

/* In place, to 0…1, NaN to 0. */
void ck_clamp01_all(float *v, size_t n);

#endif
