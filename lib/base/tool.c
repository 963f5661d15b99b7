#include "base/tool.h"

#include <stdlib.h>

#include "base/help.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"
#include "base/stdio_guard.h"
#include "base/trace.h"

typedef ck_status (*work)(const void *opts, const ck_list *args, ck_error *e);

static ck_status run_traced(const ck_program *p, work run, const ck_common *opts, const ck_list *args, ck_error *e)
{
    uint64_t since = ck_trace_now();
    ck_status s = ck_signals_watch(e);
    if (s == CK_OK)
        s = ck_trace_open(opts->trace, p->name, e);
    if (s == CK_OK)
        s = run(opts, args, e);
    ck_trace_span(CK_TRACE_COMPUTE, "main", since, -1);
    ck_status closed = ck_trace_close(s == CK_OK ? e : NULL);
    return s == CK_OK ? closed : s;
}

int ck_tool_main(const ck_program *p, work run, int argc, char **argv)
{
    ck_stdio_guard();
    ck_log_init(p->name, CK_LOG_NORMAL);
    ck_common *opts = calloc(1, p->options_size);
    ck_list args = {0};
    ck_error e = {{0}};
    ck_status s = opts ? ck_options_parse(p, argc, argv, opts, &args, &e) : ck_fail(&e, CK_ERR_MEMORY, "out of memory");
    if (s == CK_OK && opts->help)
        ck_help_print(p, opts->help, stdout);
    else if (s == CK_OK && opts->version)
        printf("%s %s\n", p->name, CK_VERSION);
    else if (s == CK_OK) {
        ck_log_init(p->name, ck_log_level_of(opts->quiet, opts->verbose));
        s = run_traced(p, run, opts, &args, &e);
    }
    if (s == CK_OK && (fflush(stdout) || ferror(stdout)))
        s = ck_fail_errno(&e, "cannot write to standard output");
    if (s != CK_OK && *e.text) /* without text, another program has reported the failure */
        ck_log_error("%s", e.text);
    if (opts)
        ck_options_free(p, opts);
    free(args.items);
    free(opts);
    ck_pool_trim();
    return s == CK_OK ? 0 : s == CK_ERR_ARGUMENT ? 2 : 1;
}
