/* ck key INPUT OUT */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/outfile.h"
#include "base/signals.h"
#include "ck/args.h"
#include "ck/commands.h"
#include "ck/events.h"
#include "ck/find_screen.h"
#include "ck/jobs.h"
#include "ck/join.h"
#include "ck/plan.h"
#include "ck/pipeline.h"
#include "ck/settings.h"
#include "ck/remaining.h"
#include "ck/report.h"
#include "ck/watch.h"
#include "io/sequence.h"
#include "io/size.h"
#include "checkpoint/find.h"
#include "stream/stage.h"

static bool is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* True if the stills differ in size, so that they cannot be one stream.  A file whose size cannot be read is left to
 * ck-decode, which reports why. */
static bool sizes_differ(const ck_sequence *s)
{
    ck_size first = {0}, size;
    for (size_t i = 0; i < s->n; i++) {
        if (ck_still_size(s->files[i].path, &size, NULL) != CK_OK)
            return false;
        if (i == 0)
            first = size;
        else if (size.w != first.w || size.h != first.h)
            return true;
    }
    return false;
}

/* Name the settings of a plain run to ck-encode, which records them with every frame that is finished.  If a file
 * cannot be read for them, the run fails too, and reports it. */
static void announce_settings(const ck_plan *plan, bool one_by_one)
{
    ck_job_run run = {.frames = one_by_one ? strdup(CK_JOB_ONE_BY_ONE) : NULL};
    char *text = NULL;
    if (plan->args.n > 1 && ck_settings_of(plan, &run, NULL) == CK_OK && (text = ck_job_run_text(&run)))
        (void)(setenv(CK_JOB_ENV, text, 1) || setenv(CK_FRAME_TIMES_ENV, "1", 1));
    free(text);
    ck_job_run_free(&run);
}

/* Take the model for one still's screen, which its stages find again.  The record names it. */
static ck_status choose_for_still(ck_plan *plan, ck_error *e)
{
    const char *screen = ck_plan_screen(plan);
    ck_status s = strcmp(screen, "auto") != 0 ? CK_OK : ck_look_for_screen(plan, &screen, e);
    if (s == CK_OK)
        s = ck_plan_model_for(plan, screen && !strcmp(screen, "blue"), e);
    if (s != CK_OK)
        return s;
    ck_log_notice("model: %s", plan->found);
    announce_settings(plan, true);
    return CK_OK;
}

/* Run one pipeline per still, all with the same OUT. */
static int run_stills(ck_plan *plan, const ck_sequence *s, int *interrupted)
{
    bool two = !plan->own.dry && ck_plan_has_two_models(plan);
    if (plan->own.dry)
        printf("# stills of different sizes: one pipeline each\n");
    int result = 0;
    for (size_t i = 0; i < s->n && !*interrupted && (result == 0 || plan->own.common.keep_going); i++) {
        ck_error e;
        if (ck_plan_set_input(plan, s->files[i].path, &e) != CK_OK || (two && choose_for_still(plan, &e) != CK_OK)) {
            ck_log_error("%s", e.text);
            return 1;
        }
        int code = plan->own.dry ? (ck_plan_print(plan), 0) : ck_pipeline_run(plan, interrupted);
        result = ck_pipeline_worse(result, code);
    }
    return result;
}

/* True if each still is keyed by a pipeline of its own; *stills then lists them. */
static bool one_by_one(const ck_plan *plan, ck_sequence *stills)
{
    const char *input = plan->args.items[0];
    return is_folder(input) && ck_sequence_open(&input, 1, stills, NULL) == CK_OK && sizes_differ(stills);
}

static int run(ck_plan *plan, const ck_sequence *stills, int *interrupted)
{
    if (stills)
        return run_stills(plan, stills, interrupted);
    if (!plan->own.dry)
        return ck_pipeline_run(plan, interrupted);
    if (ck_plan_has_two_models(plan) && !strcmp(ck_plan_screen(plan), "auto"))
        printf("# without -n, the screen is found first, and decides which model\n");
    ck_plan_print(plan);
    return 0;
}

/* A blocked signal that has arrived outside of ck_pipeline_run, or 0. */
static int pending(const sigset_t *set)
{
    static const struct timespec now;
    int sig = sigtimedwait(set, NULL, &now);
    return sig > 0 ? sig : 0;
}

/* After a run of a job, join the videos that are complete.  Returns the exit status. */
static int join_videos(const ck_plan *plan, const ck_remaining *rest)
{
    ck_error e;
    ck_status s = ck_signals_watch(&e);
    ck_outfile_sync(ck_args_has(&plan->stages[plan->n - 1], "fsync"));
    if (s == CK_OK)
        s = ck_join_videos(plan->args.items[1], &rest->run, &rest->shot, &e);
    if (s != CK_OK)
        ck_log_error("%s", e.text);
    return s == CK_OK ? 0 : 1;
}

static bool has_record(const char *out)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/" CK_JOB_FILE, out) < (int)sizeof path && access(path, F_OK) == 0;
}

/* After a run with a record: list the frames that differ from their neighbours there, and write the page of --report.
 * code: exit status of the run, returned unless it becomes worse.  A run that failed early, or over an empty chunk, has
 * begun no record. */
static int look_back(const ck_plan *plan, int code)
{
    const char *out = plan->args.n > 1 ? plan->args.items[1] : NULL, *page = plan->own.report;
    ck_error e;
    if (!out || !has_record(out))
        return code;
    ck_status s = getenv(CK_JOB_ENV) ? ck_outliers_record(out, &e) : CK_OK;
    if (s == CK_OK && page)
        s = ck_report_write(out, page, &e);
    if (s != CK_OK)
        ck_log_error("%s", e.text);
    return s == CK_OK ? code : ck_pipeline_worse(code, 1);
}

/* Block signals while the folder of traces exists, so that it is always removed.  rest: of a job, or NULL. */
static int run_watched(ck_plan *plan, const ck_sequence *stills, const ck_remaining *rest)
{
    ck_watch w;
    ck_error e = {{0}};
    sigset_t set;
    int sig = 0;
    ck_signals_set(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ck_status s = ck_watch_start(&w, plan, &e);
    if (s == CK_OK)
        s = ck_events_start(&plan->own, &e);
    if (s != CK_OK)
        ck_log_error("%s", e.text);
    int code = s == CK_OK ? run(plan, stills, &sig) : 1;
    if (ck_watch_end(&w, plan, &e) != CK_OK) {
        ck_log_error("%s", e.text);
        code = ck_pipeline_worse(code, 1);
    }
    if (sig || (sig = pending(&set))) {
        ck_events_done(code);
        ck_signals_die(sig);
    }
    if (rest && (code == 0 || code == 3))
        code = ck_pipeline_worse(code, join_videos(plan, rest));
    code = look_back(plan, code);
    ck_events_done(code);
    return code;
}

static void say_finished(const char *out, const ck_remaining *rest)
{
    if (rest->from < rest->to)
        ck_log_notice("%s: nothing is left to do: frames finished: %zu", out, rest->to - rest->from);
    else if (rest->unit > 1)
        ck_log_notice("%s: this chunk has no frames: chunks begin at multiples of %zu frames", out, rest->unit);
    else
        ck_log_notice("%s: this chunk has no frames: the job has %zu", out, rest->shot.n);
}

/* Join videos without a run before it. */
static int join_alone(const ck_plan *plan, const ck_remaining *rest)
{
    ck_error e;
    ck_status s = ck_events_start(&plan->own, &e);
    if (s != CK_OK)
        ck_log_error("%s", e.text);
    int code = s == CK_OK ? look_back(plan, join_videos(plan, rest)) : 1;
    ck_events_done(code);
    return code;
}

/* Run a job: what is left of it. */
static int run_job(ck_plan *plan)
{
    ck_remaining rest;
    ck_error e;
    const char *out = plan->args.items[1];
    ck_status s = ck_remaining_make(plan, &rest, &e);
    int code = s == CK_ERR_ARGUMENT ? 2 : 1;
    if (s == CK_OK && rest.n_left == 0) {
        say_finished(out, &rest);
        code = join_alone(plan, &rest);
    } else if (s == CK_OK) {
        if (rest.n_left < rest.to - rest.from)
            ck_log_notice("%s: %zu of %zu frames are left to do", out, rest.n_left, rest.to - rest.from);
        s = ck_remaining_apply(&rest, plan, &e);
        if (s == CK_OK)
            code = run_watched(plan, NULL, &rest);
    }
    if (s != CK_OK)
        ck_log_error("%s", e.text);
    ck_remaining_free(&rest);
    return code;
}

/* Take the model for the screen, and report it unless --model names the file. */
static ck_status choose_model(ck_plan *plan, ck_error *e)
{
    const char *screen = ck_plan_screen(plan), *env = getenv("CK_MODEL");
    bool blue = !strcmp(screen, "blue"), two = ck_plan_has_two_models(plan);
    ck_status s = ck_plan_model_for(plan, blue, e);
    if (s != CK_OK || !plan->found)
        return s;
    if (two && !strcmp(screen, "auto"))
        ck_log_notice("model: %s, since no screen was found: --screen chooses another", plan->found);
    else if (two)
        ck_log_notice("model: %s, for a %s screen", plan->found, screen);
    else if (strcmp(screen, "auto") != 0 && blue != ck_checkpoint_is_blue(plan->found) &&
             (!env || strcmp(env, plan->found) != 0))
        ck_log_notice("model: %s, though the screen is %s: %s", plan->found, screen,
                      blue ? "no file there has 'blue' in its name" : "no file there is without 'blue' in its name");
    else
        ck_log_notice("model: %s", plan->found);
    return CK_OK;
}

/* Check that the page of --report can be written.  Its folder may be OUT, which need not exist yet. */
static ck_status check_report(const ck_plan *plan, ck_error *e)
{
    const char *path = plan->own.report, *slash = path ? strrchr(path, '/') : NULL;
    if (!path)
        return CK_OK;
    if (plan->args.n < 2)
        return ck_fail(e, CK_ERR_ARGUMENT, "--report needs OUT, a folder");
    if (is_folder(path))
        return ck_fail(e, CK_ERR_ARGUMENT, "--report %s: is a folder: name a file, such as report.html", path);
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!folder)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for --report");
    ck_status s =
        is_folder(folder) && access(folder, W_OK) ? ck_fail_errno(e, "--report %s: cannot be written", path) : CK_OK;
    free(folder);
    return s;
}

/* Tell ck-encode to keep pictures, and the command that the page shows. */
static ck_status announce_report(const ck_plan *plan, ck_error *e)
{
    char *command = plan->own.report ? ck_report_command(plan) : NULL;
    bool good = !plan->own.report || (command && !setenv(CK_JOB_REPORT_ENV, command, 1));
    free(command);
    return good ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for --report");
}

/* Refuse options that contradict --resume and --chunk. */
static ck_status check_job(const ck_plan *plan, const ck_sequence *stills, ck_error *e)
{
    const char *word = plan->own.resume ? "--resume" : "--chunk";
    const ck_plan_stage *encode = &plan->stages[plan->n - 1];
    if (plan->args.n < 2)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s needs OUT, a folder", word);
    if (ck_args_has(encode, "existing"))
        return ck_fail(e, CK_ERR_ARGUMENT, "%s decides which files are kept: leave out --existing", word);
    if (plan->streams)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: a stream on standard output cannot be joined: write files", word);
    if (stills)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: %s needs frames of one size", plan->args.items[0], word);
    return CK_OK;
}

/* Find the screen, then run.  For stills of different sizes, the stages find their screens. */
static int prepare_and_run(ck_plan *plan, const ck_sequence *stills)
{
    int none = 0;
    ck_error e;
    if (stills && (ck_plan_decode_has_files(plan) || ck_plan_decode_has(plan, "frames") || plan->own.profile)) {
        ck_log_error(
            "%s: stills of different sizes are keyed one by one: leave out --frames, --profile and planes from files",
            plan->args.items[0]);
        return 2;
    }
    if (plan->own.dry)
        return run(plan, stills, &none);
    ck_status s = ck_plan_check_input(plan, &e);
    bool job = plan->own.resume || plan->own.chunk;
    if (s == CK_OK)
        s = check_report(plan, &e);
    if (s == CK_OK && job)
        s = check_job(plan, stills, &e);
    if (s == CK_OK && !stills)
        s = ck_find_screen(plan, &e);
    if (s == CK_OK && !(stills && ck_plan_has_two_models(plan)))
        s = choose_model(plan, &e);
    if (s != CK_OK) {
        ck_log_error("%s", e.text);
        return s == CK_ERR_ARGUMENT ? 2 : 1;
    }
    /* Remove those of a run around this one. */
    (void)(unsetenv(CK_JOB_ENV) || unsetenv(CK_JOB_SEGMENTS_ENV) || unsetenv(CK_JOB_REPORT_ENV));
    if (announce_report(plan, &e) != CK_OK) {
        ck_log_error("%s", e.text);
        return 1;
    }
    if (job)
        return run_job(plan);
    announce_settings(plan, stills != NULL);
    return run_watched(plan, stills, NULL);
}

static int key(ck_plan *plan)
{
    ck_sequence stills = {0};
    bool each = one_by_one(plan, &stills);
    ck_error e;
    ck_status s = each && plan->args.n > 1 ? ck_plan_check_names(plan, &stills, &e) : CK_OK;
    int code = 2;
    if (s == CK_OK)
        code = prepare_and_run(plan, each ? &stills : NULL);
    else
        ck_log_error("%s", e.text);
    ck_sequence_free(&stills);
    return code;
}

static void say_no_model(void)
{
    char folder[PATH_MAX];
    ck_checkpoint_folder(folder, sizeof folder);
    ck_log_notice("no model was found%s%s%s: classical keying; for the network, run ck model fetch or give --model",
                  *folder ? " in " : "", folder, *folder ? " (*.safetensors, *.pth)" : "");
}

int ck_command_key(int argc, char **argv)
{
    ck_log_init("ck key", CK_LOG_NORMAL);
    ck_plan plan;
    ck_error e = {{0}};
    ck_status s = ck_plan_make(&plan, argc, argv, &e);
    int code;
    ck_log_init("ck key", ck_log_level_of(plan.own.common.quiet, plan.own.common.verbose));
    if (s != CK_OK) {
        ck_log_error("%s", e.text);
        code = s == CK_ERR_ARGUMENT ? 2 : 1;
    } else if (plan.own.common.help) {
        ck_plan_help(plan.own.common.help);
        code = ck_log_flush_stdout();
    } else if (plan.own.common.version) {
        printf("ck key %s\n", CK_VERSION);
        code = ck_log_flush_stdout();
    } else if (plan.own.jobs) {
        code = ck_jobs_run(&plan);
    } else {
        if (!plan.own.dry && plan.classical && !plan.asked)
            say_no_model();
        if (!plan.own.dry && plan.classical && plan.own.quality != CK_QUALITY_AUTO)
            ck_log_notice("--quality has no effect without a network");
        code = key(&plan);
        if (ck_log_flush_stdout())
            code = 1;
    }
    ck_plan_free(&plan);
    return code;
}
