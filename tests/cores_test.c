/* Limits of the number of cores: texts, quotas, cgroups of both versions. */
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/outfile.h"
#include "tap.h"

static char top[] = "/tmp/ck-cores-XXXXXX";

/* Write top/NAME, with its folders. */
static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", top, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    if (ck_mkdirs(path, NULL) != CK_OK)
        abort();
    *slash = '/';
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f))
        abort();
}

/* Cores by files of /proc/self; %s in `mounts` stands for `top`. */
static int cores(const char *cgroup, const char *mounts)
{
    char text[4 * PATH_MAX], *at = text;
    for (; *mounts; mounts++) {
        if (!strncmp(mounts, "%s", 2)) {
            at = stpcpy(at, top);
            mounts++;
        } else {
            *at++ = *mounts;
        }
    }
    *at = 0;
    put("proc/cgroup", cgroup);
    put("proc/mountinfo", text);
    char proc[PATH_MAX];
    snprintf(proc, sizeof proc, "%s/proc", top);
    return ck_cores_cgroup(proc);
}

static void numbers(void)
{
    static const struct {
        const char *text;
        int n;
    } rows[] = {{"4", 4},         {"8,2,1", 8}, {"1", 1},  {NULL, 0}, {"", 0},   {"0", 0},
                {"-3", 0},        {"four", 0},  {"4x", 0}, {" 4", 0}, {",4", 0}, {"99999999999999999999", 0},
                {"2147483648", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(ck_cores_number(rows[i].text) == rows[i].n, "number '%s' is %d", rows[i].text ? rows[i].text : "(null)",
           rows[i].n);
    ok(ck_cores_quota(200000, 100000) == 2 && ck_cores_quota(200001, 100000) == 3, "quotas are rounded up");
    ok(ck_cores_quota(1000, 100000) == 1, "a small one is one core");
    ok(!ck_cores_quota(-1, 100000) && !ck_cores_quota(100000, 0), "no quota, no period: no limit");
    ok(ck_cores_quota(LONG_MAX, 1) == INT_MAX, "a huge quota");
}

static void version_2(void)
{
    static const char mounts[] = "20 1 8:1 / / rw - ext4 /dev/sda rw\n"
                                 "30 20 0:26 / %s/v2 rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    put("v2/cpu.max", "max 100000\n");
    put("v2/batch/cpu.max", "250000 100000\n");
    put("v2/batch/job/cpu.max", "700000 100000\n");
    put("v2/free/cgroup.procs", "");
    ok(cores("0::/batch\n", mounts) == 3, "v2: the quota of the process's cgroup, rounded up");
    ok(cores("0::/batch/job\n", mounts) == 3, "v2: a parent's smaller quota decides");
    put("v2/batch/job/cpu.max", "100000 100000\n");
    ok(cores("0::/batch/job\n", mounts) == 1, "v2: its own smaller quota decides");
    ok(cores("0::/batch/job/none/such\n", mounts) == 1, "v2: cgroups without cpu.max are passed over");
    ok(cores("0::/free\n", mounts) == 0 && cores("0::/\n", mounts) == 0, "v2: no quota is no limit");
    ok(cores("0::/batchelor\n", mounts) == 0, "v2: a cgroup whose name begins like another");
    put("v2/batch/cpu.max", "garbage\n");
    ok(cores("0::/batch\n", mounts) == 0, "v2: an unreadable file is no limit");
    ok(cores("0::/batch/job\n", "") == 0, "no mount, no limit");
}

/* A container's mount shows its own cgroup as the root, and /proc/self/cgroup may name that of the host. */
static void container(void)
{
    put("box/cpu.max", "200000 100000\n");
    put("box/inner/cpu.max", "100000 100000\n");
    static const char shown[] = "30 20 0:26 /docker/a1 %s/box rw - cgroup2 cgroup rw\n",
                      space[] = "30 20 0:26 / %s/box rw - cgroup2 cgroup rw\n",
                      above[] = "30 20 0:26 /.. %s/box rw - cgroup2 cgroup rw\n";
    ok(cores("0::/docker/a1\n", shown) == 2, "container: the mounted cgroup");
    ok(cores("0::/docker/a1/inner\n", shown) == 1, "container: one inside it");
    ok(cores("0::/docker/a1\n", space) == 2, "container: the host's name of the cgroup");
    ok(cores("0::/docker/a10/inner\n", shown) == 2, "container: a cgroup outside of the mount");
    ok(cores("0::/../../etc\n", above) == 2, "container: a cgroup above its namespace");
}

static void version_1(void)
{
    static const char mounts[] = "30 20 0:26 / %s/v1/set rw - cgroup cgroup rw,cpuset\n"
                                 "31 20 0:27 / %s/v1/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                                 "32 20 0:28 / %s/v1/unified rw - cgroup2 cgroup2 rw\n";
    static const char own[] = "9:name=systemd:/\n4:cpuset:/low\n3:cpu,cpuacct:/high/low\n0::/\n";
    put("v1/cpu/high/cpu.cfs_quota_us", "350000\n");
    put("v1/cpu/high/cpu.cfs_period_us", "100000\n");
    put("v1/cpu/high/low/cpu.cfs_quota_us", "-1\n");
    put("v1/cpu/high/low/cpu.cfs_period_us", "100000\n");
    put("v1/set/low/cpu.cfs_quota_us", "100000\n");
    put("v1/set/low/cpu.cfs_period_us", "100000\n");
    ok(cores(own, mounts) == 4, "v1: a parent's quota, in the hierarchy of the controller cpu only");
    put("v1/cpu/high/low/cpu.cfs_quota_us", "50000\n");
    ok(cores(own, mounts) == 1, "v1: its own");
    put("v1/unified/cpu.max", "max 100000\n");
    ok(cores(own, mounts) == 1, "v1 beside v2");
}

static void environment(void)
{
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    unsetenv("OMP_NUM_THREADS");
    ck_core_limit a = ck_cores_limit();
    ok(a.n == 1, "SLURM_CPUS_PER_TASK limits");
    setenv("SLURM_CPUS_PER_TASK", "100000", 1);
    setenv("OMP_NUM_THREADS", "1,4", 1);
    ok(ck_cores() == 1, "so does OMP_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
    int all = ck_cores();
    cpu_set_t before, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof before, &before)) {
        skip("more CPUs than a cpu_set_t holds", "affinity");
    } else {
        size_t cpu = 0;
        while (!CPU_ISSET(cpu, &before))
            cpu++;
        CPU_SET(cpu, &one);
        ok(!sched_setaffinity(0, sizeof one, &one) && ck_cores() == 1, "affinity limits");
        ok(!sched_setaffinity(0, sizeof before, &before) && ck_cores() == all && all >= 1, "and again as before");
    }
}

int main(void)
{
    if (!mkdtemp(top))
        abort();
    numbers();
    version_2();
    container();
    version_1();
    environment();
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", top);
    if (system(command))
        abort();
    return done_testing();
}
