/* ck-model: list, check and convert checkpoints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/stdio_guard.h"
#include "base/trace.h"
#include "ck-model/options.h"
#include "model/safetensors_write.h"
#include "model/table.h"

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

/* A line of the metadata; control characters in a file must not reach the terminal. */
static void say(const ck_weights *w, const char *key)
{
    const char *text = ck_weights_meta(w, key);
    if (!text)
        return;
    printf("%-8s ", key);
    for (; *text; text++)
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    putchar('\n');
}

static ck_status check(const ck_weights *w, const ck_model_options *o, const char *out, ck_error *e)
{
    static const char *const from[] = {[CK_HEADS_METADATA] = "from the metadata",
                                       [CK_HEADS_OPTION] = "from --heads",
                                       [CK_HEADS_EMBED] = "by the width"};
    (void)out;
    ck_table t;
    ck_status s = ck_table_check(w, o->heads, o->strict, CK_PART_ALL, &t, e);
    if (s != CK_OK)
        return s;
    for (size_t i = 0; i < sizeof t.warning / sizeof *t.warning; i++)
        if (*t.warning[i])
            ck_log_error("%s", t.warning[i]);
    const ck_sizes *z = &t.sizes;
    printf("GreenFormer for %d x %d, %s\n", 4 * z->grid, 4 * z->grid, ck_weights_format(w));
    printf("blocks   %d %d %d %d\n", z->depth[0], z->depth[1], z->depth[2], z->depth[3]);
    printf("widths   %d %d %d %d\n", z->width[0], z->width[1], z->width[2], z->width[3]);
    printf("heads    %d %d %d %d, %s\n", z->heads, z->heads << 1, z->heads << 2, z->heads << 3, from[z->heads_from]);
    printf("decoder  %d\nrefiner  %d\n", z->decoder, z->refiner);
    printf("tensors  %zu of %s, %zu numbers\n", t.tensors, ck_dtype_name(t.dtype), t.values);
    static const char *const about[] = {"version", "license", "trained", "ck_key"};
    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        say(w, about[i]);
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
        return ck_fail(e, CK_ERR_ARGUMENT, "unknown command '%s': it is list, check or convert", args->items[0]);
    if (args->n != (*c)->args)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s takes %s: see ck-model --help", (*c)->name,
                       (*c)->args == 2 ? "one file" : "two files, MODEL and OUT.safetensors");
    if ((o->heads && !(*c)->heads) || (o->strict && !(*c)->strict))
        return ck_fail(e, CK_ERR_ARGUMENT, "%s has no option --%s: see ck-model --help", (*c)->name,
                       o->heads && !(*c)->heads ? "heads" : "strict");
    return CK_OK;
}

static ck_status run(const struct command *c, const ck_list *args, const ck_model_options *o, ck_error *e)
{
    const char *in = args->items[1], *out = c->args > 2 ? args->items[2] : NULL;
    ck_weights *w;
    ck_status s = ck_weights_open(in, &w, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, in);
    s = c->run(w, o, out, e);
    ck_weights_free(w);
    return s == CK_OK ? s : ck_fail_in(e, s, out ? out : in);
}

static ck_status run_traced(const struct command *c, const ck_list *args, const ck_model_options *o, ck_error *e)
{
    uint64_t since = ck_trace_now();
    ck_status s = ck_trace_open(o->common.trace, "ck-model", e);
    if (s == CK_OK)
        s = run(c, args, o, e);
    ck_trace_span(CK_TRACE_COMPUTE, c->name, since, -1);
    ck_status closed = ck_trace_close(s == CK_OK ? e : NULL);
    return s == CK_OK ? closed : s;
}

int main(int argc, char **argv)
{
    ck_stdio_guard();
    ck_log_init("ck-model", false);
    ck_model_options o;
    ck_list args;
    ck_error e = {{0}};
    const struct command *c = NULL;
    ck_status s = ck_options_parse(&ck_model_program, argc, argv, &o, &args, &e);
    if (s == CK_OK && o.common.help)
        ck_options_help(&ck_model_program, stdout);
    else if (s == CK_OK && o.common.version)
        printf("ck-model %s\n", CK_VERSION);
    else if (s == CK_OK && (s = choose(&args, &o, &c, &e)) == CK_OK)
        s = run_traced(c, &args, &o, &e);
    if (s == CK_OK && (fflush(stdout) || ferror(stdout)))
        s = ck_fail_errno(&e, "cannot write to standard output");
    if (s != CK_OK)
        ck_log_error("%s", e.text);
    free(args.items);
    return s == CK_OK ? 0 : s == CK_ERR_ARGUMENT ? 2 : 1;
}
