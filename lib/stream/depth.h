/* The option --depth of stages that make floating-point planes. */
#ifndef CK_STREAM_DEPTH_H
#define CK_STREAM_DEPTH_H

#include "base/option.h"
#include "stream/frame.h"

enum { CK_DEPTH_32, CK_DEPTH_16 };

/* A row of an option table; T's int `field` becomes CK_DEPTH_32 or CK_DEPTH_16. */
/* clang-format off */
#define CK_DEPTH_ROW(T, field) \
    {0, "depth", CK_CHOICE, offsetof(T, field), NULL, "32", 0, 0, "32|16", 0, \
     "bits of float samples", CK_IN_ALL}
/* clang-format on */

static inline ck_type ck_depth_type(int depth)
{
    return depth == CK_DEPTH_16 ? CK_F16 : CK_F32;
}

#endif
