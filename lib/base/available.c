#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"

/* A cgroup v2 file's number in bytes; SIZE_MAX for "max" and for a missing file: no limit. */
static size_t number_in(const char *path)
{
    uint64_t n;
    FILE *f = fopen(path, "r");
    bool good = f && fscanf(f, "%" SCNu64, &n) == 1;
    if (f)
        fclose(f);
    return good ? (size_t)n : SIZE_MAX;
}

static size_t system_available(void)
{
    char line[256];
    uint64_t kib = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
            break;
    if (f)
        fclose(f);
    return (size_t)kib * 1024;
}

size_t ck_memory_available(void)
{
    size_t n = system_available(), most = number_in("/sys/fs/cgroup/memory.max"),
           used = number_in("/sys/fs/cgroup/memory.current");
    if (most == SIZE_MAX || used == SIZE_MAX)
        return n;
    size_t left = used < most ? most - used : 0;
    return left < n ? left : n;
}
