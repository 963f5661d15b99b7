/* Memory and vectors, for conv_kernel.h and attention_kernel.h: vec is defined by the file that includes them. */
#ifndef CK_NN_CPU_VEC_KERNEL_H
#define CK_NN_CPU_VEC_KERNEL_H

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE vec vec_load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void vec_store(float *p, vec v)
{
    memcpy(p, &v, sizeof v);
}

INLINE vec vec_all(float x)
{
    return x - (vec){0};
}

#endif
