/* Checks of OUT before any stage starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ck-encode/options.h"
#include "ck/plan_inside.h"

typedef struct identity {
    dev_t device;
    ino_t inode;
} identity;

static int by_identity(const void *a, const void *b)
{
    const identity *x = a, *y = b;
    int d = (x->device > y->device) - (x->device < y->device);
    return d ? d : (x->inode > y->inode) - (x->inode < y->inode);
}

static bool identify(const char *path, identity *out)
{
    struct stat st;
    if (stat(path, &st))
        return false;
    *out = (identity){st.st_dev, st.st_ino};
    return true;
}

/* The identities of the input files, sorted; owned. */
static identity *identities(const ck_sequence *files, size_t *n)
{
    identity *all = calloc(files->n + 1, sizeof *all);
    *n = 0;
    for (size_t i = 0; all && i < files->n; i++)
        *n += identify(files->files[i].path, &all[*n]);
    if (all && *n)
        qsort(all, *n, sizeof *all, by_identity);
    return all;
}

/* The suffix of stills in that format; NULL if it has none. */
static const char *suffix_of(int format, const char *by_default)
{
    bool exr = format == CK_OUT_EXR || format == CK_OUT_EXR32;
    bool png = format == CK_OUT_PNG || format == CK_OUT_PNG8 || format == CK_OUT_PNG16;
    return exr ? ".exr" : png ? ".png" : format == CK_OUT_AUTO ? by_default : NULL;
}

static ck_status check_folder(const ck_plan *p, const char *folder, const char *suffix, const ck_sequence *files,
                              const identity *inputs, size_t n, ck_error *e)
{
    const char *input = p->args.items[0], *out = p->args.items[1];
    ck_status s = CK_OK;
    for (size_t i = 0; i < files->n && s == CK_OK; i++) {
        char *path;
        identity id;
        if (asprintf(&path, "%s/%s/%s%s", out, folder, files->files[i].stem, suffix) < 0)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
        if (identify(path, &id) && bsearch(&id, inputs, n, sizeof id, by_identity))
            s = ck_fail(e, CK_ERR_ARGUMENT, "%s: this output is the input itself (%s, frame %s): choose another OUT",
                        path, input, files->files[i].stem);
        free(path);
    }
    return s;
}

ck_status ck_plan_check_output(const ck_plan *p, const ck_sequence *files, ck_error *e)
{
    ck_encode_options o;
    size_t n = 0;
    if (p->args.n < 2)
        return CK_OK;
    ck_status s = ck_args_parse(&p->stages[p->n - 1], &o, e);
    identity *inputs = s == CK_OK ? identities(files, &n) : NULL;
    if (s == CK_OK && !inputs)
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for the input files");
    const struct {
        const char *folder, *suffix;
    } sets[] = {{"FG", suffix_of(o.fg, ".exr")},
                {"Matte", suffix_of(o.matte, ".exr")},
                {"Processed", suffix_of(o.processed, ".exr")},
                {"Comp", suffix_of(o.comp, ".png")}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets && s == CK_OK; i++)
        if (sets[i].suffix)
            s = check_folder(p, sets[i].folder, sets[i].suffix, files, inputs, n, e);
    free(inputs);
    ck_options_free(&ck_encode_program, &o);
    return s;
}
