#include "base/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "CK_PROGRESS_TALLY"

/* NULL on failure, with errno set. */
static ck_tally *map(int fd)
{
    void *p = mmap(NULL, sizeof(ck_tally), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

ck_status ck_tally_make(ck_tally **out, ck_error *e)
{
    char text[16];
    int fd = memfd_create("ck-tally", 0); /* inherited */
    *out = fd >= 0 && !ftruncate(fd, sizeof(ck_tally)) ? map(fd) : NULL;
    if (!*out)
        return ck_fail_errno(e, "cannot share the count of frames with the stages");
    snprintf(text, sizeof text, "%d", fd);
    return setenv(NAME, text, 1) ? ck_fail(e, CK_ERR_MEMORY, "out of memory for the environment") : CK_OK;
}

ck_tally *ck_tally_inherited(void)
{
    const char *text = getenv(NAME);
    char *end;
    struct stat st;
    long fd = text && *text ? strtol(text, &end, 10) : -1;
    if (fd < 0 || fd > 1 << 20 || *end || fstat((int)fd, &st) || st.st_size != sizeof(ck_tally))
        return NULL;
    return map((int)fd);
}
