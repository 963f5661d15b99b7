/* Whole files, files in memory, and noise, for tests of readers and writers. */
#ifndef CK_TESTS_FILES_H
#define CK_TESTS_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t noise_state = 1;

static inline uint32_t noise(void)
{
    noise_state = noise_state * 1664525u + 1013904223u;
    return noise_state >> 8;
}

/* Read at most 1 MiB of a file; the caller frees it. */
static inline unsigned char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    unsigned char *data = malloc(1 << 20);
    *n = f ? fread(data, 1, 1 << 20, f) : 0;
    if (f)
        fclose(f);
    return data;
}

static inline void spill(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, n, f) != n || fclose(f)) {
        printf("Bail out! cannot write %s\n", path);
        exit(1);
    }
}

/* Path of a file in memory with these bytes, for loops over thousands; valid until the next call. */
static inline const char *in_memory(const void *data, size_t n)
{
    static int fd = -1;
    static char path[40];
    if (fd < 0)
        fd = memfd_create("test", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (ftruncate(fd, 0) || pwrite(fd, data, n, 0) != (ssize_t)n) {
        printf("Bail out! cannot write to memory\n");
        exit(1);
    }
    return path;
}

#endif
