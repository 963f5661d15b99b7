/* Conversion between half (binary16) and float, and a test for finite floats.  n counts numbers; src and dst must not
 * overlap. */
#ifndef CK_BASE_FLOATS_H
#define CK_BASE_FLOATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exact; a signalling NaN becomes quiet. */
void ck_f16_to_f32(const uint16_t *src, float *dst, size_t n);

/* Round to nearest even, overflow to infinity, NaN kept. */
void ck_f32_to_f16(const float *src, uint16_t *dst, size_t n);

/* The same in plain C: used on machines without F16C, and by the tests as the reference. */
void ck_f16_to_f32_ref(const uint16_t *src, float *dst, size_t n);
void ck_f32_to_f16_ref(const float *src, uint16_t *dst, size_t n);

/* True if every number is finite. */
bool ck_all_finite(const float *v, size_t n);

#endif
