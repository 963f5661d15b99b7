#include "shared/inputs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "stream/stream.h"

#define KEY "inputs"

/* "DEVICE:INODE"; false if `path` is not a regular file. */
static bool identity(const char *path, char *buf, size_t n)
{
    struct stat st;
    if ((strcmp(path, "-") ? stat(path, &st) : fstat(STDIN_FILENO, &st)) || !S_ISREG(st.st_mode))
        return false;
    snprintf(buf, n, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return true;
}

ck_status ck_inputs_host(ck_meta *head, ck_error *e)
{
    struct utsname u;
    return uname(&u) ? ck_fail_errno(e, "cannot name this machine") : ck_meta_set(head, "host", u.nodename, e);
}

ck_status ck_inputs_add(ck_meta *m, const char *path, ck_error *e)
{
    char id[48];
    const char *before = ck_meta_get(m, KEY);
    if (!identity(path, id, sizeof id))
        return CK_OK;
    return ck_meta_setf(m, e, KEY, "%s%s%s", before ? before : "", before ? " " : "", id);
}

bool ck_inputs_state(const char *path, char *buf, size_t n)
{
    struct stat st;
    if (stat(path, &st) || !S_ISREG(st.st_mode))
        return false;
    snprintf(buf, n, "%lld %lld", (long long)st.st_size, (long long)st.st_mtim.tv_sec);
    return true;
}

bool ck_inputs_local(const ck_meta *head)
{
    struct utsname u;
    const char *host = ck_meta_get(head, "host");
    return host && !uname(&u) && !strcmp(host, u.nodename);
}

bool ck_inputs_have(const ck_meta *m, const char *path)
{
    char id[48];
    const char *list = ck_meta_get(m, KEY);
    if (!list || !identity(path, id, sizeof id))
        return false;
    size_t n = strlen(id);
    for (const char *p = list; p; p = strchr(p, ' ')) {
        p += *p == ' ';
        if (!strncmp(p, id, n) && (!p[n] || p[n] == ' '))
            return true;
    }
    return false;
}

ck_status ck_inputs_refuse_stream(const char *path, ck_error *e)
{
    char magic[16];
    struct stat st;
    bool standard = !strcmp(path, "-");
    /* Opening a named pipe and closing it again would make its writer fail. */
    if (!standard && (stat(path, &st) || !S_ISREG(st.st_mode)))
        return CK_OK;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, magic, sizeof magic, 0);
    if (fd >= 0 && !standard)
        close(fd);
    if (n <= 0 || !ck_stream_starts(magic, (size_t)n))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "%s: a saved stream, not footage: the next stage reads it without ck-decode, as in ck-hint < %s",
                   standard ? "standard input" : path, standard ? "FILE" : path);
}
