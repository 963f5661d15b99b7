#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "io/exr.h"
#include "io/exr_dwa.h"

#define MULTIPART 0x10 /* in byte 5 of the file, the second one of its version */

ck_status ck_exr_check_parts(const char *path, ck_error *e)
{
    static const uint8_t magic[] = {0x76, 0x2f, 0x31, 0x01};
    uint8_t head[8] = {0};
    char why[300];
    FILE *f = fopen(path, "rbe");
    if (!f)
        return ck_fail_errno(e, "cannot open");
    size_t n = fread(head, 1, sizeof head, f);
    fclose(f);
    if (n < sizeof head || memcmp(head, magic, sizeof magic) != 0 || !(head[5] & MULTIPART))
        return CK_OK;
    return ck_exr_dwa_check(path, why, sizeof why)
               ? CK_OK
               : ck_fail(e, CK_ERR_FORMAT, "damaged EXR (%s): render it again", why);
}
