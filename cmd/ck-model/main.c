/* ck-model: list, check, compare and convert checkpoints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/tool.h"
#include "ck-model/against.h"
#include "checkpoint/safetensors_write.h"
#include "greenformer/spec.h"

/* A line per tensor: name, type, shape. */
static ck_status list(const ck_weights *w, const ck_model_options *o, const char *const *args, ck_error *e)
{
    (void)o;
    (void)args;
    (void)e;
    for (size_t i = 0; i < ck_weights_count(w); i++) {
        const ck_tensor *t = ck_weights_at(w, i);
        char shape[CK_SHAPE_TEXT];
        printf("%s %s %s\n", t->name, ck_dtype_name(t->dtype), ck_shape_text(t->shape, t->dims, shape));
    }
    return CK_OK;
}

static void print_sizes(const ck_weights *w, const ck_spec *t)
{
    static const char *const from[] = {[CK_HEADS_METADATA] = "from the metadata",
                                       [CK_HEADS_OPTION] = "from --heads",
                                       [CK_HEADS_EMBED] = "by the width"};
    const ck_sizes *z = &t->sizes;
    printf("GreenFormer for %d x %d, %s\n", 4 * z->grid, 4 * z->grid, ck_weights_format(w));
    printf("blocks   %d %d %d %d\n", z->depth[0], z->depth[1], z->depth[2], z->depth[3]);
    printf("widths   %d %d %d %d\n", z->width[0], z->width[1], z->width[2], z->width[3]);
    printf("heads    %d %d %d %d, %s\n", z->heads, z->heads << 1, z->heads << 2, z->heads << 3, from[z->heads_from]);
    printf("decoder  %d\nrefiner  %d\n", z->decoder, z->refiner);
    printf("tensors  %zu of %s, %zu values\n", t->tensors, ck_dtype_name(t->dtype), t->values);
}

static ck_status check(const ck_weights *w, const ck_model_options *o, const char *const *args, ck_error *e)
{
    ck_spec t;
    ck_status s = ck_spec_check(w, o->heads, o->strict, CK_PART_ALL, &t, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, args[0]);
    for (size_t i = 0; i < sizeof t.warning / sizeof *t.warning; i++)
        if (*t.warning[i])
            ck_log_warning("%s", t.warning[i]);
    print_sizes(w, &t);
    ck_against a = {w, &t.sizes, args[0], args[1], args[1] ? args[2] : NULL};
    return o->against ? ck_against_print(&a, o, e) : CK_OK;
}

static ck_status convert(const ck_weights *w, const ck_model_options *o, const char *const *args, ck_error *e)
{
    static const ck_dtype types[] = {CK_DTYPE_N, CK_DTYPE_F32, CK_DTYPE_F16, CK_DTYPE_BF16};
    char heads[16];
    snprintf(heads, sizeof heads, "%d", o->heads);
    ck_status s = ck_safetensors_write(w, args[1], types[o->type], o->heads ? heads : NULL, e);
    /* Numbers that the type cannot hold are MODEL's fault, all else is about OUT. */
    return s == CK_OK ? s : ck_fail_in(e, s, s == CK_ERR_UNSUPPORTED ? args[0] : args[1]);
}

/* Options that are not for every command. */
enum { HEADS = 1, STRICT = 2, AGAINST = 4, TYPE = 8 };

static const struct command {
    const char *name;
    /* args: the files, NULL at the end.  Errors name the file. */
    ck_status (*run)(const ck_weights *w, const ck_model_options *o, const char *const *args, ck_error *e);
    int files;
    unsigned options;
} commands[] = {
    {"list", list, 1, 0},
    {"check", check, 1, HEADS | STRICT | AGAINST},
    {"convert", convert, 2, HEADS | TYPE},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

/* The first given option that the command does not have, or NULL. */
static const char *foreign(const struct command *c, const ck_model_options *o)
{
    const struct {
        bool given;
        unsigned bit;
        const char *name;
    } all[] = {{o->heads != 0, HEADS, "heads"},
               {o->strict, STRICT, "strict"},
               {o->against != NULL, AGAINST, "against"},
               {o->type != 0, TYPE, "type"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].given && !(c->options & all[i].bit))
            return all[i].name;
    return NULL;
}

static ck_status choose(const ck_list *args, const ck_model_options *o, const struct command **c, ck_error *e)
{
    if (!args->n)
        return ck_fail(e, CK_ERR_ARGUMENT, "no command: try 'ck-model check MODEL' or ck-model --help");
    *c = find_command(args->items[0]);
    if (!*c)
        return ck_fail(e, CK_ERR_ARGUMENT, "unknown command '%s': use list, check or convert", args->items[0]);
    const char *option = foreign(*c, o);
    if (option)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s has no option --%s: see ck-model --help", (*c)->name, option);
    int files = args->n - 1;
    if (files == (*c)->files || (o->against && files == 3))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "%s takes %s: see ck-model --help", (*c)->name,
                   o->against         ? "one file, or three, MODEL, PLATE and HINT"
                   : (*c)->files == 1 ? "one file"
                                      : "two files, MODEL and OUT.safetensors");
}

/* True if both paths name one file, possibly through links. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static ck_status run(const struct command *c, const ck_list *args, const ck_model_options *o, ck_error *e)
{
    const char *files[4] = {NULL}, *in = args->items[1];
    for (int i = 1; i < args->n; i++)
        files[i - 1] = args->items[i];
    ck_weights *w;
    ck_status s = ck_weights_open(in, &w, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, in);
    /* Replacing a .safetensors keeps its tensors, but replacing a .pth loses the original. */
    if (c->files == 2 && !strcmp(ck_weights_format(w), "pth") && same_file(in, files[1]))
        s = ck_fail(e, CK_ERR_ARGUMENT, "%s: OUT is the checkpoint %s itself: choose another name", files[1], in);
    else
        s = c->run(w, o, files, e);
    ck_weights_free(w);
    return s;
}

static ck_status run_model(const void *opts, const ck_list *args, ck_error *e)
{
    const struct command *c = NULL;
    ck_status s = choose(args, opts, &c, e);
    return s == CK_OK ? run(c, args, opts, e) : s;
}

int main(int argc, char **argv)
{
    return ck_tool_main(&ck_model_program, run_model, argc, argv);
}
