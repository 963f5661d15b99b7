/* Download of one file by libcurl, which is loaded when the first download starts: no program is linked with it. */
#ifndef CK_FETCH_FETCH_H
#define CK_FETCH_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CK_SHA256_TEXT 65 /* 64 hexadecimal digits and a NUL */

typedef struct ck_fetch {
    const char *url; /* http or https; redirects to these are followed */
    const char
        *path; /* target; what has arrived is in PATH.part, with which a later call goes on if there is a checksum */
    /* The expected SHA-256 in lower case, or NULL.  If it does not match, PATH.part is removed. */
    const char *sha256;
    /* Bytes so far and in all (0 = unknown); may be NULL.  Called some times a second. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
} ck_fetch;

/* Download, check, and rename to `path`.  Proxies are those of the environment (https_proxy, no_proxy, ...).  `got`
 * receives the file's SHA-256.  CK_ERR_FULL if the file does not fit on the disk, CK_ERR_FORMAT if its checksum is
 * another, CK_ERR_UNSUPPORTED without libcurl, else CK_ERR_IO.  Texts name url or path and what to do. */
ck_status ck_fetch_run(const ck_fetch *f, char got[CK_SHA256_TEXT], ck_error *e);

/* SHA-256 of a file. */
ck_status ck_sha256_file(const char *path, char text[CK_SHA256_TEXT], ck_error *e);

#endif
