/* Distribution of a step's work over the team. */
#include <pthread.h>

#include "nn/cpu/cpu.h"

void ck_cpu_fail(ck_cpu_device *d, ck_status s, const ck_error *e)
{
    /* Several threads may fail at once; any one of their errors may be reported. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    if (d->failed == CK_OK) {
        d->failed = s;
        d->error = *e;
    }
    pthread_mutex_unlock(&lock);
}

void ck_cpu_parallel(ck_nn *dev, const ck_nn_step *s, int n, void (*task)(void *call, int i, int who))
{
    ck_cpu_call call = {ck_cpu_of(dev), s};
    ck_team_run(call.dev->team, n, task, &call);
}

#define BANDS 64

int ck_cpu_bands(int rows)
{
    return rows < BANDS ? rows : BANDS;
}

void ck_cpu_band(int rows, int i, int *first, int *end)
{
    int n = ck_cpu_bands(rows);
    *first = (int)((long)rows * i / n);
    *end = (int)((long)rows * (i + 1) / n);
}
