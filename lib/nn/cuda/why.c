/* List of devices, and the reason if CUDA cannot be used. */
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nn/cuda/cuda.h"

#define OLDEST 80 /* least compute capability, times 10 */

static ck_status driver_too_old(ck_error *e)
{
    int has = 0, wants = 0;
    cudaDriverGetVersion(&has);
    cudaRuntimeGetVersion(&wants);
    if (!has)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "no NVIDIA driver found (libcuda.so.1)");
    return ck_fail(e, CK_ERR_UNSUPPORTED,
                   "the NVIDIA driver is for CUDA %d.%d, this build for %d.%d: update the driver", has / 1000,
                   has % 1000 / 10, wants / 1000, wants % 1000 / 10);
}

/* True if the driver has made device nodes: it sees a GPU. */
static bool gpu_in_dev(void)
{
    DIR *d = opendir("/dev");
    bool found = false;
    for (struct dirent *f; d && (f = readdir(d));)
        found = found || (!strncmp(f->d_name, "nvidia", 6) && f->d_name[6] >= '0' && f->d_name[6] <= '9');
    if (d)
        closedir(d);
    return found;
}

static ck_status no_device(ck_error *e)
{
    const char *shown = getenv("CUDA_VISIBLE_DEVICES");
    if (shown)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "no CUDA device is visible: CUDA_VISIBLE_DEVICES is '%s'", shown);
    if (gpu_in_dev())
        return ck_fail(e, CK_ERR_UNSUPPORTED,
                       "the driver has a GPU but no CUDA device: in MIG mode, make an instance (nvidia-smi mig)");
    return ck_fail(e, CK_ERR_UNSUPPORTED, "the NVIDIA driver finds no GPU: see nvidia-smi");
}

ck_status ck_cuda_usable(int *count, ck_error *e)
{
    cudaError_t r = cudaGetDeviceCount(count);
    if (r == cudaErrorInsufficientDriver)
        return driver_too_old(e);
    if (r == cudaErrorNoDevice || (r == cudaSuccess && *count < 1))
        return no_device(e);
    if (r != cudaSuccess)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "CUDA cannot start: %s: see nvidia-smi", cudaGetErrorString(r));
    return CK_OK;
}

static int attribute(int which, enum cudaDeviceAttr a)
{
    int v = 0;
    return cudaDeviceGetAttribute(&v, a, which) == cudaSuccess ? v : 0;
}

static int capability(int which)
{
    return 10 * attribute(which, cudaDevAttrComputeCapabilityMajor) +
           attribute(which, cudaDevAttrComputeCapabilityMinor);
}

ck_status ck_cuda_suits(int which, ck_error *e)
{
    int c = capability(which);
    if (c < OLDEST)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cuda:%d has compute capability %d.%d, at least %d.%d is needed", which,
                       c / 10, c % 10, OLDEST / 10, OLDEST % 10);
    if (attribute(which, cudaDevAttrComputeMode) == cudaComputeModeProhibited)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cuda:%d is in compute mode 'prohibited': ask its administrator", which);
    return CK_OK;
}

ck_status ck_cuda_describe(int which, char *text, size_t size, ck_error *e)
{
    int count, driver = 0, mode = attribute(which, cudaDevAttrComputeMode), c = capability(which);
    ck_status s = ck_cuda_usable(&count, e);
    if (s != CK_OK || which >= count)
        return s != CK_OK ? s : CK_END;
    struct cudaDeviceProp p;
    s = ck_cuda_check(cudaGetDeviceProperties(&p, which), "read a device's properties", e);
    if (s != CK_OK)
        return s;
    cudaDriverGetVersion(&driver);
    snprintf(text, size, "%s, compute capability %d.%d%s, %.1f GiB, driver for CUDA %d.%d%s", p.name, c / 10, c % 10,
             c < OLDEST ? " (too old)" : "", (double)p.totalGlobalMem / (1 << 30), driver / 1000, driver % 1000 / 10,
             mode == cudaComputeModeProhibited         ? ", in compute mode 'prohibited'"
             : mode == cudaComputeModeExclusiveProcess ? ", in exclusive-process mode"
                                                       : "");
    return CK_OK;
}

/* ---- identity ---- */

/* The driver's own version, which changes more often than that of CUDA; "" if the kernel does not tell. */
static void driver_version(char *text, size_t size)
{
    FILE *f = fopen("/proc/driver/nvidia/version", "r");
    if (!f || !fgets(text, (int)size, f))
        *text = 0;
    if (f)
        fclose(f);
    for (char *c = text; *c; c++)
        *c = (char)(isprint((unsigned char)*c) ? *c : ' ');
}

/* Size and time of this plug-in's file. */
static void build(long long *size, long long *changed)
{
    Dl_info here;
    struct stat st;
    *size = *changed = 0;
    if (dladdr((const void *)(uintptr_t)driver_version, &here) && here.dli_fname && !stat(here.dli_fname, &st)) {
        *size = (long long)st.st_size;
        *changed = (long long)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    }
}

void ck_cuda_identify(ck_nn *dev, char *text, size_t size)
{
    const ck_cuda_device *d = ck_cuda_of(dev);
    struct cudaDeviceProp p;
    char driver[128];
    int cuda = 0, runtime = 0;
    long long bytes, changed;
    if (cudaGetDeviceProperties(&p, d->which) != cudaSuccess)
        memset(&p, 0, sizeof p);
    cudaDriverGetVersion(&cuda);
    cudaRuntimeGetVersion(&runtime);
    driver_version(driver, sizeof driver);
    build(&bytes, &changed);
    int n = snprintf(text, size, "%.64s ", p.name);
    for (size_t i = 0; i < sizeof p.uuid.bytes; i++)
        n += snprintf(text + n, size - (size_t)n, "%02x", (unsigned char)p.uuid.bytes[i]);
    snprintf(text + n, size - (size_t)n,
             ", %d, %zu bytes of shared memory, CUDA %d, runtime %d, cuBLASLt %zu, plug-in %lld %lld, %s",
             capability(d->which), d->shared, cuda, runtime, cublasLtGetVersion(), bytes, changed, driver);
}
