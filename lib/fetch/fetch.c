#include "fetch/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/outfile.h"
#include "fetch/curl.h"

typedef struct transfer {
    const ck_fetch *f;
    ck_curl curl;
    CURL *handle;
    int fd;        /* PATH.part */
    uint64_t had;  /* bytes of it that an earlier run has left */
    bool answered; /* bytes of the file have come */
    ck_status status;
    ck_error why; /* of `status` */
} transfer;

/* Free space for what is announced: a disk that is too small should be noticed now and not after minutes. */
static ck_status check_room(const transfer *t, ck_error *e)
{
    curl_off_t length = -1;
    struct statvfs v;
    t->curl.easy_getinfo(t->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length <= 0 || fstatvfs(t->fd, &v) || v.f_bavail >= (uint64_t)length / v.f_frsize + 1)
        return CK_OK;
    return ck_fail(e, CK_ERR_FULL,
                   "%s needs %.0f MB, but %.0f MB are free on its disk: make room, then repeat the command", t->f->path,
                   (double)length / 1e6, (double)v.f_bavail * (double)v.f_frsize / 1e6);
}

static size_t take(char *data, size_t size, size_t n, void *ctx)
{
    transfer *t = ctx;
    if (!t->answered)
        t->status = check_room(t, &t->why);
    t->answered = true;
    if (t->status == CK_OK) {
        t->status = ck_write_all(t->fd, data, size * n, -1, &t->why);
        if (t->status != CK_OK)
            ck_fail_in(&t->why, t->status, t->f->path);
    }
    return t->status == CK_OK ? size * n : 0;
}

static int show(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
    const transfer *t = ctx;
    (void)up_total;
    (void)up;
    if (t->f->progress && t->answered)
        t->f->progress(t->f->ctx, t->had + (uint64_t)now, total > 0 ? t->had + (uint64_t)total : 0);
    return 0;
}

static ck_status failed(transfer *t, CURLcode code, ck_error *e)
{
    long answer = 0;
    t->curl.easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &answer);
    if (t->status != CK_OK) {
        *e = t->why;
        return t->status;
    }
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return ck_fail(e, CK_ERR_IO,
                       "%s: the server answers %ld: check the address, or put the file there yourself as %s", t->f->url,
                       answer, t->f->path);
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT)
        return ck_fail(e, CK_ERR_IO, "%s: %s: check the network, or put the file there yourself as %s", t->f->url,
                       t->curl.easy_strerror(code), t->f->path);
    return ck_fail(e, CK_ERR_IO, "%s: %s: repeat the command, which goes on with what has arrived", t->f->url,
                   t->curl.easy_strerror(code));
}

static void set_up(transfer *t)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = t->curl.easy_setopt;
    set(t->handle, CURLOPT_URL, t->f->url);
    set(t->handle, CURLOPT_FOLLOWLOCATION, 1L);
    set(t->handle, CURLOPT_MAXREDIRS, 10L);
#if LIBCURL_VERSION_NUM >= 0x075500
    set(t->handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    set(t->handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    set(t->handle, CURLOPT_FAILONERROR, 1L);
    set(t->handle, CURLOPT_NOSIGNAL, 1L);
    set(t->handle, CURLOPT_CONNECTTIMEOUT, 30L);
    /* A connection that has died: less than 1 byte a second for a minute. */
    set(t->handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(t->handle, CURLOPT_LOW_SPEED_TIME, 60L);
    set(t->handle, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->had);
    set(t->handle, CURLOPT_WRITEFUNCTION, take);
    set(t->handle, CURLOPT_WRITEDATA, t);
    set(t->handle, CURLOPT_NOPROGRESS, 0L);
    set(t->handle, CURLOPT_XFERINFOFUNCTION, show);
    set(t->handle, CURLOPT_XFERINFODATA, t);
    set(t->handle, CURLOPT_USERAGENT, "ck");
}

static ck_status forget_part(transfer *t, ck_error *e)
{
    t->had = 0;
    return ftruncate(t->fd, 0) || lseek(t->fd, 0, SEEK_SET) < 0 ? ck_fail_errno(e, "%s.part", t->f->path) : CK_OK;
}

/* All bytes into the part that is open.  A part that is whole is answered with 416.  A server that ignores ranges is
 * asked again for the whole file. */
static ck_status transfer_all(transfer *t, ck_error *e)
{
    set_up(t);
    CURLcode code = t->curl.easy_perform(t->handle);
    ck_status s = CK_OK;
    if (code == CURLE_RANGE_ERROR && t->had) {
        s = forget_part(t, e);
        set_up(t);
        code = s == CK_OK ? t->curl.easy_perform(t->handle) : code;
    }
    long answer = 0;
    t->curl.easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &answer);
    bool whole = t->had && answer == 416;
    return s != CK_OK || code == CURLE_OK || whole ? s : failed(t, code, e);
}

static ck_status transfer_loaded(transfer *t, ck_error *e)
{
    ck_status s = ck_curl_load(&t->curl, e);
    if (s != CK_OK)
        return s;
    t->handle = t->curl.easy_init();
    if (!t->handle)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    s = transfer_all(t, e);
    t->curl.easy_cleanup(t->handle);
    return s;
}

static ck_status open_part(transfer *t, const char *part, ck_error *e)
{
    struct stat st;
    t->fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (t->fd < 0)
        return ck_fail_errno(e, "cannot write %s", part);
    if (flock(t->fd, LOCK_EX | LOCK_NB))
        return ck_fail(e, CK_ERR_IO, "%s: another download of it is running: wait for that", part);
    /* Without a checksum, a rest of another version of the file would go unnoticed. */
    if (!t->f->sha256 && ftruncate(t->fd, 0))
        return ck_fail_errno(e, "%s", part);
    if (fstat(t->fd, &st) || lseek(t->fd, 0, SEEK_END) < 0)
        return ck_fail_errno(e, "%s", part);
    t->had = (uint64_t)st.st_size;
    return CK_OK;
}

static ck_status check(const ck_fetch *f, const char *part, char got[CK_SHA256_TEXT], ck_error *e)
{
    ck_status s = ck_sha256_file(part, got, e);
    if (s != CK_OK || !f->sha256 || !strcmp(got, f->sha256))
        return s;
    unlink(part);
    return ck_fail(
        e, CK_ERR_FORMAT,
        "%s: not the file that is expected (SHA-256 %s instead of %s), and removed: repeat the command; if it "
        "fails again, the file there has changed",
        f->url, got, f->sha256);
}

ck_status ck_fetch_run(const ck_fetch *f, char got[CK_SHA256_TEXT], ck_error *e)
{
    char *part;
    if (asprintf(&part, "%s.part", f->path) < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    transfer t = {.f = f, .fd = -1};
    ck_status s = open_part(&t, part, e);
    if (s == CK_OK)
        s = transfer_loaded(&t, e);
    if (s == CK_OK && fsync(t.fd))
        s = ck_fail_errno(e, "%s", part);
    if (s == CK_OK)
        s = check(f, part, got, e);
    if (s == CK_OK && rename(part, f->path))
        s = ck_fail_errno(e, "cannot rename %s to %s", part, f->path);
    if (t.fd >= 0)
        close(t.fd);
    free(part);
    return s;
}
