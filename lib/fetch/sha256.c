#include <errno.h>
#include <fcntl.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fetch/fetch.h"

static ck_status add_file(struct AVSHA *sha, const char *path, ck_error *e)
{
    enum { BLOCK = 1 << 20 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char *block = malloc(BLOCK);
    ck_status s = fd < 0   ? ck_fail_errno(e, "cannot open %s", path)
                  : !block ? ck_fail(e, CK_ERR_MEMORY, "out of memory")
                           : CK_OK;
    while (s == CK_OK) {
        ssize_t n = read(fd, block, BLOCK);
        if (n == 0)
            break;
        if (n > 0)
            av_sha_update(sha, block, (size_t)n);
        else if (errno != EINTR)
            s = ck_fail_errno(e, "cannot read %s", path);
    }
    if (fd >= 0)
        close(fd);
    free(block);
    return s;
}

ck_status ck_sha256_file(const char *path, char text[CK_SHA256_TEXT], ck_error *e)
{
    unsigned char digest[32];
    struct AVSHA *sha = av_sha_alloc();
    if (!sha || av_sha_init(sha, 256) < 0) {
        av_free(sha);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    }
    ck_status s = add_file(sha, path, e);
    av_sha_final(sha, digest);
    av_free(sha);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return s;
}
