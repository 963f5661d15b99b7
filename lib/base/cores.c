#include "base/cores.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_CPUS (1 << 16)

int ck_cores_number(const char *text)
{
    if (!text || *text < '0' || *text > '9')
        return 0;
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || n > INT_MAX || (*end && *end != ','))
        return 0;
    return (int)n;
}

int ck_cores_quota(long quota, long period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    long n = quota / period + (quota % period != 0);
    return n > INT_MAX ? INT_MAX : (int)n;
}

static int smaller(int a, int b)
{
    return !a || (b && b < a) ? b : a;
}

/* The numbers at the start of a file, at most two; returns how many were read. */
static int read_numbers(const char *folder, const char *name, long n[2])
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return 0;
    FILE *f = fopen(path, "r");
    int found = f ? fscanf(f, "%ld %ld", &n[0], &n[1]) : 0;
    if (f)
        fclose(f);
    return found;
}

/* Quota of one cgroup: v2 has "QUOTA PERIOD" in cpu.max ("max" without a limit), v1 a file for each (-1). */
static int quota_of(const char *folder, bool v2)
{
    long n[2], period[2];
    if (v2)
        return read_numbers(folder, "cpu.max", n) == 2 ? ck_cores_quota(n[0], n[1]) : 0;
    return read_numbers(folder, "cpu.cfs_quota_us", n) > 0 && read_numbers(folder, "cpu.cfs_period_us", period) > 0
               ? ck_cores_quota(n[0], period[0])
               : 0;
}

/* True if the comma-separated list has the word. */
static bool lists(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (; list; list = strchr(list, ',')) {
        list += *list == ',';
        if (!strncmp(list, word, n) && (!list[n] || list[n] == ','))
            return true;
    }
    return false;
}

typedef struct mount {
    char *root;  /* cgroup that the mount shows at `point` */
    char *point; /* folder */
} mount;

/* Split a line of mountinfo, "ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAG]... - TYPE DEVICE SUPER"; false unless it
 * mounts the cgroups with CPU quotas.  m points into the line. */
static bool read_mount(char *line, bool v2, mount *m)
{
    char *words[6], *save = NULL, *type = strstr(line, " - ");
    if (!type)
        return false;
    *type = 0;
    type += strlen(" - ");
    for (int i = 0; i < 6; i++)
        if (!(words[i] = strtok_r(i ? NULL : line, " ", &save)))
            return false;
    char *name = strtok_r(type, " \n", &save), *device = strtok_r(NULL, " \n", &save);
    char *super = device ? strtok_r(NULL, " \n", &save) : NULL;
    *m = (mount){words[3], words[4]};
    return super && (v2 ? !strcmp(name, "cgroup2") : !strcmp(name, "cgroup") && lists(super, "cpu"));
}

/* Smallest quota from the cgroup up to the mount point.  Inside a container, the path may be that of the host: a cgroup
 * that the mount does not show is skipped, and the mount point itself is then the container's. */
static int quota_upwards(const mount *m, const char *cgroup, bool v2)
{
    size_t root = !strcmp(m->root, "/") ? 0 : strlen(m->root), point = strlen(m->point);
    bool below = !strncmp(cgroup, m->root, root) && (cgroup[root] == '/' || !cgroup[root]) && !strstr(cgroup, "/../");
    char folder[PATH_MAX];
    int n = snprintf(folder, sizeof folder, "%s%s", m->point, below ? cgroup + root : ""), least = 0;
    if (n >= (int)sizeof folder)
        return 0;
    for (;;) {
        least = smaller(least, quota_of(folder, v2));
        char *slash = strrchr(folder + point, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path ? fopen(path, "r") : NULL;
}

static int quota_of_hierarchy(const char *proc, const char *cgroup, bool v2)
{
    FILE *f = open_in(proc, "mountinfo");
    char *line = NULL;
    size_t size = 0;
    mount m;
    int least = 0;
    while (f && getline(&line, &size, f) > 0)
        if (read_mount(line, v2, &m))
            least = smaller(least, quota_upwards(&m, cgroup, v2));
    free(line);
    if (f)
        fclose(f);
    return least;
}

int ck_cores_cgroup(const char *proc)
{
    FILE *f = open_in(proc, "cgroup");
    char *line = NULL;
    size_t size = 0;
    int least = 0;
    while (f && getline(&line, &size, f) > 0) { /* "ID:CONTROLLERS:CGROUP"; v2 is "0::CGROUP" */
        line[strcspn(line, "\n")] = 0;
        char *list = strchr(line, ':'), *cgroup = list ? strchr(list + 1, ':') : NULL;
        if (!cgroup)
            continue;
        *cgroup++ = 0;
        bool v2 = !strcmp(line, "0:");
        if (v2 || lists(list + 1, "cpu"))
            least = smaller(least, quota_of_hierarchy(proc, cgroup, v2));
    }
    free(line);
    if (f)
        fclose(f);
    return least;
}

/* The kernel refuses sets smaller than its own, which may exceed the 1024 of cpu_set_t.  At most 1024, the limit of
 * --threads. */
static int affinity(void)
{
    int n = 0;
    for (size_t most = CPU_SETSIZE; !n && most <= MOST_CPUS; most *= 2) {
        cpu_set_t *set = CPU_ALLOC(most);
        size_t bytes = CPU_ALLOC_SIZE(most);
        if (set && !sched_getaffinity(0, bytes, set))
            n = CPU_COUNT_S(bytes, set);
        CPU_FREE(set);
    }
    return n < CPU_SETSIZE ? n : CPU_SETSIZE;
}

ck_core_limit ck_cores_limit(void)
{
    int allowed = affinity();
    ck_core_limit limit = {allowed > 0 ? allowed : 1, allowed < sysconf(_SC_NPROCESSORS_ONLN) ? "CPU affinity" : NULL};
    const ck_core_limit others[] = {{ck_cores_cgroup("/proc/self"), "CPU quota"},
                                    {ck_cores_number(getenv("SLURM_CPUS_PER_TASK")), "SLURM_CPUS_PER_TASK"},
                                    {ck_cores_number(getenv("OMP_NUM_THREADS")), "OMP_NUM_THREADS"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].n && others[i].n < limit.n)
            limit = others[i];
    return limit;
}

int ck_cores(void)
{
    return ck_cores_limit().n;
}
