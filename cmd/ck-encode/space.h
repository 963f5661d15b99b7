/* Free space: an estimate from the first frame's files, so that a job that cannot fit ends at its start. */
#ifndef CK_ENCODE_SPACE_H
#define CK_ENCODE_SPACE_H

#include "ck-encode/outputs.h"
#include "io/ranges.h"

typedef enum ck_space {
    CK_SPACE_ENOUGH,
    CK_SPACE_TIGHT, /* less than the estimate is free: it may not fit */
    CK_SPACE_SHORT  /* less than half of the estimate is free: it cannot fit, although frames differ in size */
} ck_space;

/* Bytes that `frames` more frames need if each takes `frame_bytes`.  existing: bytes of their files that are there
 * already, whether they will be replaced or kept.  At most UINT64_MAX. */
uint64_t ck_space_needed(uint64_t frame_bytes, uint64_t frames, uint64_t existing);

ck_space ck_space_judge(uint64_t needed, uint64_t available);

/* The frames that follow the first one written. */
typedef struct ck_space_rest {
    const char *out;           /* folder */
    const ck_still_name *name; /* of the first frame's stills, or NULL */
    const ck_ranges *numbers;  /* of all frames; n 0: unknown */
    uint64_t frames;
    bool segmented; /* videos are written twice: in segments, then joined */
} ck_space_rest;

/* Call when the first frame is written.  CK_ERR_FULL if the rest cannot fit; warns if it may not.  Only outputs on the
 * file system of OUT count. */
ck_status ck_space_check(const ck_outputs *o, const ck_space_rest *rest, ck_error *e);

#endif
