/* DWAA and DWAB through libOpenEXR's C++ interface, where OpenEXRCore 3.1 lacks them: compress, and decode files of
 * several parts.  For lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_DWA_H
#define CK_IO_EXR_DWA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ck_exr_dwa_channel {
    const char *name;
    const void *data; /* rows without padding */
    bool half;        /* else float */
} ck_exr_dwa_channel;

typedef struct ck_exr_dwa_part {
    const ck_exr_dwa_channel *channels;
    int n, w, h;
} ck_exr_dwa_part;

typedef struct ck_exr_dwa {
    const void *header; /* of the file, from its first byte to the end of the last part's header */
    size_t bytes;
    const ck_exr_dwa_part *parts;
    int n;
    float level;
    bool (*write)(void *user, const void *data, size_t n, uint64_t offset);
    void *user;
} ck_exr_dwa;

/* False with the reason in `why`, one line. */
bool ck_exr_dwa_write(const ck_exr_dwa *job, char *why, size_t n);

/* Decode all scanlines of all parts. */
bool ck_exr_dwa_check(const char *path, char *why, size_t n);

#ifdef __cplusplus
}
#endif

#endif
