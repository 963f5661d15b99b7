/* Number of cores that this process may use: the smallest of
 *
 *     CPU affinity          sched_getaffinity(2), as taskset and cpusets set it
 *     CPU quota             of the process's cgroups and their parents; a container limits CPU time, not cores
 *     SLURM_CPUS_PER_TASK   from Slurm
 *     OMP_NUM_THREADS       from the user or a batch system; the first number of a list
 *
 * Every default of --threads comes from here.  Environment variables that are not a positive number are ignored. */
#ifndef CK_BASE_CORES_H
#define CK_BASE_CORES_H

typedef struct ck_core_limit {
    int n;          /* at least 1 */
    const char *by; /* "CPU quota"; NULL if all cores of the machine may be used */
} ck_core_limit;

ck_core_limit ck_cores_limit(void);
int ck_cores(void); /* ck_cores_limit().n */

/* Parts, for tests.  0: no limit. */

/* Positive decimal number at the start of `text`, alone or followed by a comma.  NULL is allowed. */
int ck_cores_number(const char *text);
/* CPU time per period as a number of cores, rounded up. */
int ck_cores_quota(long quota, long period);
/* Smallest quota of the cgroups that `proc`/cgroup names and of their parents, v1 and v2.  `proc`/mountinfo tells where
 * they are mounted.  proc: "/proc/self". */
int ck_cores_cgroup(const char *proc);

#endif
