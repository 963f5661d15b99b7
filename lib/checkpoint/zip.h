/* A zip archive of stored (uncompressed) members, as written by torch.save.
 *
 *     local header, name, extra field, data [, data descriptor]      per member
 *     central directory: a header per member
 *     [zip64 end record, zip64 locator]
 *     end record, without a comment, at the very end
 *
 * Source: PKWARE's APPNOTE.TXT 6.3.10.  Refused: compression, encryption, several disks, duplicate names, members that
 * overlap or leave the file, and local headers that differ from the central directory.  Checksums are not verified:
 * torch.save can omit them. */
#ifndef CK_CHECKPOINT_ZIP_H
#define CK_CHECKPOINT_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct ck_zip_member {
    const char *name; /* name_n bytes inside the archive, may be any bytes */
    size_t name_n;
    const uint8_t *data; /* size bytes inside the archive, unaligned */
    size_t size;
    size_t begin; /* offset of the local header */
} ck_zip_member;

typedef struct ck_zip {
    ck_zip_member *members; /* owned, sorted by name */
    size_t n;
} ck_zip;

/* `bytes` must outlive the archive. */
ck_status ck_zip_open(ck_zip *z, const uint8_t *bytes, size_t n, ck_error *e);
void ck_zip_close(ck_zip *z);

const ck_zip_member *ck_zip_find(const ck_zip *z, const char *name, size_t n); /* NULL if not found */

#endif
