/* Checks of OUT before any stage starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ck-encode/options.h"
#include "ck/plan_inside.h"
#include "shared/naming.h"

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

/* The name of a file of `plane` in `format`, relative to OUT; owned, NULL when out of memory. */
static char *name_of(const ck_naming *n, const char *plane, ck_out_format format, const ck_sequence_file *file)
{
    ck_still_name of = {file->stem, file->number != CK_NO_NUMBER ? file->number : file->index};
    char *name = ck_naming_name(n, plane, &of), *whole = NULL;
    if (name && asprintf(&whole, "%s%s", name, ck_format_suffix(format)) < 0)
        whole = NULL;
    free(name);
    return whole;
}

typedef struct set {
    const char *plane;
    ck_out_format format;
} set;

/* The stills that are written, as far as the options tell. */
static int sets_of(const ck_encode_options *o, set sets[4])
{
    const set all[] = {{"FG", o->fg != CK_OUT_AUTO ? (ck_out_format)o->fg : CK_OUT_EXR},
                       {"Matte", o->matte != CK_OUT_AUTO ? (ck_out_format)o->matte : CK_OUT_EXR},
                       {"Processed", o->processed != CK_OUT_AUTO ? (ck_out_format)o->processed : CK_OUT_EXR},
                       {"Comp", o->comp != CK_OUT_AUTO ? (ck_out_format)o->comp : CK_OUT_PNG}};
    bool shared = false;
    int n = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool joins = o->exr_layout != CK_EXR_FILES && ck_format_is_exr(all[i].format);
        if (!ck_format_is_still(all[i].format) || (joins && shared))
            continue;
        sets[n++] = (set){joins ? CK_EXR_FOLDER : all[i].plane, all[i].format};
        shared |= joins;
    }
    return n;
}

static ck_status check_set(const ck_plan *p, const ck_naming *naming, const set *of, const ck_sequence *files,
                           const identity *inputs, size_t n, ck_error *e)
{
    const char *input = p->args.items[0], *out = p->args.items[1];
    ck_status s = CK_OK;
    for (size_t i = 0; i < files->n && s == CK_OK; i++) {
        char *path = NULL, *name = name_of(naming, of->plane, of->format, &files->files[i]);
        identity id;
        if (!name || asprintf(&path, "%s/%s", out, name) < 0) {
            free(name);
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
        }
        if (identify(path, &id) && bsearch(&id, inputs, n, sizeof id, by_identity))
            s = ck_fail(e, CK_ERR_ARGUMENT, "%s: this output is the input itself (%s, frame %s): choose another OUT",
                        path, input, files->files[i].stem);
        free(path);
        free(name);
    }
    return s;
}

/* The options of ck-encode and its names.  Freed by close_encode even after a failure. */
static ck_status open_encode(const ck_plan *p, ck_encode_options *o, ck_naming *naming, ck_error *e)
{
    *naming = (ck_naming){0};
    ck_status s = ck_args_parse(&p->stages[p->n - 1], o, e);
    return s == CK_OK ? ck_naming_parse(o->name, naming, e) : s;
}

static void close_encode(ck_encode_options *o, ck_naming *naming)
{
    ck_naming_free(naming);
    ck_options_free(&ck_encode_program, o);
}

ck_status ck_plan_check_output(const ck_plan *p, const ck_sequence *files, ck_error *e)
{
    ck_encode_options o;
    ck_naming naming;
    set sets[4];
    size_t n = 0;
    if (p->args.n < 2)
        return CK_OK;
    ck_status s = open_encode(p, &o, &naming, e);
    if (s == CK_OK)
        s = ck_naming_set_shot(&naming, p->args.items[0], files->n ? files->files[0].stem : NULL, e);
    identity *inputs = s == CK_OK ? identities(files, &n) : NULL;
    if (s == CK_OK && !inputs)
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for the input files");
    int count = s == CK_OK ? sets_of(&o, sets) : 0;
    for (int i = 0; i < count && s == CK_OK; i++)
        s = check_set(p, &naming, &sets[i], files, inputs, n, e);
    free(inputs);
    close_encode(&o, &naming);
    return s;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

ck_status ck_plan_check_names(const ck_plan *p, const ck_sequence *stills, ck_error *e)
{
    ck_encode_options o;
    ck_naming naming;
    char **names = calloc(stills->n + 1, sizeof *names);
    ck_status s = names ? open_encode(p, &o, &naming, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory for file names");
    if (!names)
        return s;
    for (size_t i = 0; i < stills->n && s == CK_OK; i++) {
        ck_sequence_file file = stills->files[i];
        file.index = 0; /* each is the only frame of its pipeline */
        s = ck_naming_set_shot(&naming, file.path, file.stem, e);
        if (s == CK_OK && !(names[i] = name_of(&naming, "", CK_OUT_EXR, &file)))
            s = ck_fail(e, CK_ERR_MEMORY, "out of memory for file names");
    }
    if (s == CK_OK)
        qsort(names, stills->n, sizeof *names, by_text);
    for (size_t i = 1; i < stills->n && s == CK_OK; i++)
        if (!strcmp(names[i - 1], names[i]))
            s = ck_fail(e, CK_ERR_ARGUMENT, "--name '%s': two stills would have one name: add {stem}", o.name);
    for (size_t i = 0; i < stills->n; i++)
        free(names[i]);
    free(names);
    close_encode(&o, &naming);
    return s;
}
