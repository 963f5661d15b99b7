/* The fuzz targets on the stored corpora: they return, under every compiler and sanitizer. */
#include <dirent.h>
#include <stdio.h>

#include "../fuzz/hostile_ring.h"
#include "../fuzz/targets.h"
#include "files.h"
#include "tap.h"

typedef int (*target)(const uint8_t *data, size_t n);

/* Run every file of a corpus from an allocation of exactly its size; returns the number of files. */
static size_t run(const char *name, target t)
{
    char folder[64], path[400];
    size_t n = 0, size;
    snprintf(folder, sizeof folder, "tests/corpus/%s", name);
    DIR *d = opendir(folder);
    for (struct dirent *f; d && (f = readdir(d));) {
        if (*f->d_name == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        unsigned char *all = slurp(path, &size), *exact = malloc(size ? size : 1);
        memcpy(exact, all, size);
        free(all);
        t(exact, size);
        free(exact);
        n++;
    }
    if (d)
        closedir(d);
    return n;
}

int main(void)
{
    static const struct {
        const char *name;
        target t;
    } all[] = {{"safetensors", fuzz_weights}, {"pth", fuzz_weights}, {"pickle", fuzz_pickle}, {"piz", fuzz_piz},
               {"stream", fuzz_stream},       {"ring", fuzz_ring}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t n = run(all[i].name, all[i].t);
        ok(n > 2, "%s: %zu files", all[i].name, n);
    }
    return done_testing();
}
