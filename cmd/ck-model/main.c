/* ck-model: list, check and convert checkpoints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/tool.h"
#include "ck-model/options.h"
#include "checkpoint/safetensors_write.h"
#include "greenformer/spec.h"

/* A line per tensor: name, type, shape. */
static ck_status list(const ck_weights *w, const ck_model_options *o, const char *out, ck_error *e)
{
    (void)o;
    (void)out;
    (void)e;
    for (size_t i = 0; i < ck_weights_count(w); i++) {
        const ck_tensor *t = ck_weights_at(w, i);
        char shape[CK_SHAPE_TEXT];
        printf("%s %s %s\n", t->name, ck_dtype_name(t->dtype), ck_shape_text(t->shape, t->dims, shape));
    }
    return CK_OK;
}

static ck_status check(const ck_weights *w, const ck_model_options *o, const char *out, ck_error *e)
{
    static const char *const from[] = {[CK_HEADS_METADATA] = "from the metadata",
                                       [CK_HEADS_OPTION] = "from --heads",
                                       [CK_HEADS_EMBED] = "by the width"};
    (void)out;
    ck_spec t;
    ck_status s = ck_spec_check(w, o->heads, o->strict, CK_PART_ALL, &t, e);
    if (s != CK_OK)
        return s;
    for (size_t i = 0; i < sizeof t.warning / sizeof *t.warning; i++)
        if (*t.warning[i])
            ck_log_warning("%s", t.warning[i]);
    const ck_sizes *z = &t.sizes;
    printf("GreenFormer for %d x %d, %s\n", 4 * z->grid, 4 * z->grid, ck_weights_format(w));
    printf("blocks   %d %d %d %d\n", z->depth[0], z->depth[1], z->depth[2], z->depth[3]);
    printf("widths   %d %d %d %d\n", z->width[0], z->width[1], z->width[2], z->width[3]);
    printf("heads    %d %d %d %d, %s\n", z->heads, z->heads << 1, z->heads << 2, z->heads << 3, from[z->heads_from]);
    printf("decoder  %d\nrefiner  %d\n", z->decoder, z->refiner);
    printf("tensors  %zu of %s, %zu values\n", t.tensors, ck_dtype_name(t.dtype), t.values);
    return CK_OK;
}

static ck_status convert(const ck_weights *w, const ck_model_options *o, const char *out, ck_error *e)
{
    char heads[16];
    snprintf(heads, sizeof heads, "%d", o->heads);
    return ck_safetensors_write(w, out, o->heads ? heads : NULL, e);
}

static const struct command {
    const char *name;
    ck_status (*run)(const ck_weights *w, const ck_model_options *o, const char *out, ck_error *e);
    int args; /* with the command itself */
    bool heads, strict;
} commands[] = {
    {"list", list, 2, false, false},
    {"check", check, 2, true, true},
    {"convert", convert, 3, true, false},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static ck_status choose(const ck_list *args, const ck_model_options *o, const struct command **c, ck_error *e)
{
    if (!args->n)
        return ck_fail(e, CK_ERR_ARGUMENT, "no command: try 'ck-model check MODEL' or ck-model --help");
    *c = find_command(args->items[0]);
    if (!*c)
        return ck_fail(e, CK_ERR_ARGUMENT, "unknown command '%s': use list, check or convert", args->items[0]);
    if (args->n != (*c)->args)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s takes %s: see ck-model --help", (*c)->name,
                       (*c)->args == 2 ? "one file" : "two files, MODEL and OUT.safetensors");
    if ((o->heads && !(*c)->heads) || (o->strict && !(*c)->strict))
        return ck_fail(e, CK_ERR_ARGUMENT, "%s has no option --%s: see ck-model --help", (*c)->name,
                       o->heads && !(*c)->heads ? "heads" : "strict");
    return CK_OK;
}

/* True if both paths name one file, possibly through links. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static ck_status run(const struct command *c, const ck_list *args, const ck_model_options *o, ck_error *e)
{
    const char *in = args->items[1], *out = c->args > 2 ? args->items[2] : NULL;
    ck_weights *w;
    ck_status s = ck_weights_open(in, &w, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, in);
    /* Replacing a .safetensors keeps its tensors, but replacing a .pth loses the original. */
    if (out && !strcmp(ck_weights_format(w), "pth") && same_file(in, out)) {
        ck_weights_free(w);
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: OUT is the checkpoint %s itself: choose another name", out, in);
    }
    s = c->run(w, o, out, e);
    ck_weights_free(w);
    return s == CK_OK ? s : ck_fail_in(e, s, out ? out : in);
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
