/* The byte layout of ck-frame(5), shared by reader and writer only.  Little-endian; the build fails on other
 * machines. */
#ifndef CK_STREAM_WIRE_H
#define CK_STREAM_WIRE_H

#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ck-frame(5) is read and written without swapping");

#define CK_WIRE_MAGIC "ckf1"
#define CK_WIRE_MAX_META 65536              /* bytes of metadata in a record */
#define CK_WIRE_MAX_SKIP (1u << 20)         /* bytes of a RING record */
#define CK_WIRE_MAX_PLANE ((size_t)1 << 36) /* bytes of a plane, 64 GiB */

typedef enum ck_wire_storage { CK_WIRE_INLINE, CK_WIRE_RING } ck_wire_storage;

typedef struct ck_wire_record {
    char magic[4];       /* CK_WIRE_MAGIC */
    char kind[4];        /* "HEAD" "RING" "FRAM" "END " "ABRT" */
    uint32_t planes;     /* FRAM: number of plane headers after the metadata */
    uint32_t meta_bytes; /* bytes of metadata, without padding */
    uint64_t number;     /* FRAM: sequence number from 0; END: number of frames */
    uint64_t body_bytes; /* bytes after this header, a multiple of 64 */
    uint8_t zero[32];
} ck_wire_record;

typedef struct ck_wire_plane {
    char name[32], type[16], encoding[16]; /* padded with NUL */
    uint32_t elem, c, h, w;
    uint64_t bytes;   /* c*h*w*elem, without padding */
    uint32_t storage; /* a ck_wire_storage */
    uint32_t ring, slot, zero1;
    uint64_t gen, offset, zero2;
} ck_wire_plane;

_Static_assert(sizeof(ck_wire_record) == 64 && sizeof(ck_wire_plane) == 128, "no padding");

#endif
