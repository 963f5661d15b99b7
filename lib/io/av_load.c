#include "io/av_load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

struct ck_av ck_av;

typedef struct row {
    const char *name;
    void *to; /* a pointer of ck_av */
} row;

/* The macros make ck_av.NAME of NAME, but not of its text. */
#define ROW(f) {#f, &f},
static const row codec[] = {CK_AVCODEC(ROW)}, format[] = {CK_AVFORMAT(ROW)}, filter[] = {CK_AVFILTER(ROW)};

/* The version whose headers ck was compiled with: others have other structures. */
#define FILE_OF(name, major) "lib" name ".so." AV_STRINGIFY(major)
static const struct {
    const char *file;
    const row *rows;
    size_t n;
} libraries[] = {
    [CK_LIBAVCODEC] = {FILE_OF("avcodec", LIBAVCODEC_VERSION_MAJOR), codec, sizeof codec / sizeof *codec},
    [CK_LIBAVFORMAT] = {FILE_OF("avformat", LIBAVFORMAT_VERSION_MAJOR), format, sizeof format / sizeof *format},
    [CK_LIBAVFILTER] = {FILE_OF("avfilter", LIBAVFILTER_VERSION_MAJOR), filter, sizeof filter / sizeof *filter},
};

static ck_status load(ck_av_library i, ck_error *e)
{
    void *library = dlopen(libraries[i].file, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cannot load FFmpeg's %s (%s): install it, or build ck again",
                       libraries[i].file, dlerror());
    for (size_t k = 0; k < libraries[i].n; k++) {
        const row *r = &libraries[i].rows[k];
        void *function = dlsym(library, r->name);
        if (!function)
            return ck_fail(e, CK_ERR_UNSUPPORTED, "%s has no function %s: build ck again", libraries[i].file, r->name);
        memcpy(r->to, &function, sizeof function);
    }
    return CK_OK;
}

ck_status ck_av_load(ck_av_library last, ck_error *e)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int loaded; /* under the lock */
    ck_status s = CK_OK;
    pthread_mutex_lock(&lock);
    for (; loaded <= (int)last && s == CK_OK; loaded += s == CK_OK)
        s = load((ck_av_library)loaded, e);
    pthread_mutex_unlock(&lock);
    return s;
}
