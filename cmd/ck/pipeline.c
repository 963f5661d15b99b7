#include "ck/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/self.h"
#include "base/signals.h"
#include "ck/child.h"
#include "ck-decode/options.h"
#include "ck/args.h"
#include "ck/events.h"
#include "stream/stream.h"

/* Milliseconds.  After a failure each stage takes up to 0.2 s to end, the last one 1 s.  After PATIENCE, stages that
 * are stopped are terminated, and after LAST_PATIENCE killed; both repeat for stages that are stopped later. */
#define PATIENCE 1300
#define LAST_PATIENCE 300

/* The signals that wait_all receives.  Signals that the parent has set to be ignored (nohup, background jobs) stay
 * ignored. */
static sigset_t watched(void)
{
    sigset_t set;
    ck_signals_set(&set);
    sigaddset(&set, SIGCHLD);
    return set;
}

/* In the child: become the stage, with stdin from `in` and stdout to `out` (-1: unchanged). */
static void become(const ck_plan_stage *s, const char *before, pid_t parent, int in, int out)
{
    ck_child_follow(parent);
    if (setenv(CK_UPSTREAM, before, 1))
        _exit(1);
    if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) || (out >= 0 && dup2(out, STDOUT_FILENO) < 0))
        _exit(1);
    sigset_t set = watched();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    char *path = ck_self_program(s->program->name);
    if (path)
        execvp(path, s->argv);
    ck_log_error("cannot start %s: %s: install it beside ck or in $PATH", s->program->name, strerror(errno));
    _exit(1);
}

/* Start stage i; *in becomes the reading end of its output.  -1 on failure. */
static pid_t start(const ck_plan *p, int i, int *in)
{
    int pipes[2] = {-1, -1};
    if (i < p->n - 1 && pipe2(pipes, O_CLOEXEC)) {
        ck_log_error("cannot make a pipe: %s", strerror(errno));
        return -1;
    }
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        become(&p->stages[i], i ? p->stages[i - 1].program->name : "", self, *in, pipes[1]);
    if (pid < 0)
        ck_log_error("cannot start %s: %s", p->stages[i].program->name, strerror(errno));
    if (*in >= 0)
        close(*in);
    if (pipes[1] >= 0)
        close(pipes[1]);
    *in = pipes[0];
    return pid;
}

static double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int ck_pipeline_worse(int a, int b)
{
    static const int rank[] = {0, 3, 2, 1};
    return rank[a] >= rank[b] ? a : b;
}

typedef struct children {
    const ck_plan *plan;
    pid_t pids[CK_STAGES];
    int started, left;
    int result;
    int interrupted;      /* the first signal that told us to end, or 0 */
    bool told[CK_STAGES]; /* it was stopped, and a signal to end was sent */
    int blocked, starved; /* the last stage that waited --timeout for its reader, the first that did for its writer */
    bool named;           /* the cause, a stage between these two, has been reported */
    bool first_done;      /* the first stage has sent the whole input */
    bool first_failed;    /* the first stage, which waits for no other, has failed and reported why */
} children;

/* True if `sig` is about to reach us too: the terminal sends it to the whole process group. */
static bool pending(int sig)
{
    sigset_t set;
    return !sigpending(&set) && sigismember(&set, sig) == 1;
}

/* Exit status for the end of stage i.  SIGPIPE means that the downstream stage ended first and has reported why. */
static int judge(const children *c, int i, int status)
{
    const ck_plan_stage *s = &c->plan->stages[i];
    int sig = WIFEXITED(status) ? 0 : WTERMSIG(status);
    int code = sig ? 128 + sig : WEXITSTATUS(status) <= 3 ? WEXITSTATUS(status) : 1;
    ck_events_stage(s->program->name, code, sig);
    if (!sig)
        return code;
    if (sig == SIGPIPE)
        return 0;
    if (!c->interrupted && !c->told[i] && !pending(sig))
        ck_log_error("%s was killed by signal %d (%s)", s->program->name, sig, strsignal(sig));
    return 1;
}

static void note_wait(children *c, int i, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    c->first_done |= i == 0 && WIFEXITED(status) && code == 0;
    c->first_failed |= i == 0 && (code == 1 || code == 2);
    if (code == CK_EXIT_BLOCKED && i > c->blocked)
        c->blocked = i;
    if (code == CK_EXIT_STARVED && i < c->starved)
        c->starved = i;
}

static void reap(children *c)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < c->started; i++)
            if (c->pids[i] == pid) {
                note_wait(c, i, status);
                c->result = ck_pipeline_worse(c->result, judge(c, i, status));
                c->pids[i] = 0;
                c->left--;
            }
}

static void send(const children *c, int sig)
{
    for (int i = 0; i < c->started; i++)
        if (c->pids[i] > 0)
            kill(c->pids[i], sig);
}

/* Send the signal to all stages, or SIGKILL if it is the second one.  SIGCONT lets a stopped stage act on it. */
static void pass_on(children *c, int sig)
{
    send(c, c->interrupted ? SIGKILL : SIGTERM);
    send(c, SIGCONT);
    if (!c->interrupted)
        c->interrupted = sig;
}

/* True if a stage is stopped by a signal: state T in /proc/PID/stat, after the name in parentheses. */
static bool stands_still(const children *c, int i)
{
    if (c->pids[i] <= 0)
        return false;
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)c->pids[i]);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    const char *name_end = n ? strrchr(text, ')') : NULL;
    return name_end && !strncmp(name_end, ") T", 3);
}

/* True if an option of ck-decode names the file of another plane. */
static bool reads_other_files(const ck_plan_stage *decode)
{
    bool found = false;
    for (int k = 1; k < decode->argc; k++) {
        char name[64];
        ck_args_name(decode->argv[k], name, sizeof name);
        found |= ck_decode_option_gives_file(name);
    }
    return found;
}

/* "A or B": the stages from `from` to `to`, which is not included; only the stopped ones if `stopped`. */
static void list_stages(const children *c, int from, int to, bool stopped, char *names, size_t size)
{
    *names = 0;
    for (int i = from; i < to; i++) {
        size_t n = strlen(names);
        if (!stopped || stands_still(c, i))
            snprintf(names + n, size - n, "%s%s", n ? " or " : "", c->plan->stages[i].program->name);
    }
}

/* ck-decode waits for its files only, so if it did not end, they sent nothing, or a later stage hangs. */
static void name_the_input(const children *c)
{
    char others[CK_STAGES * 20];
    const char *input = c->plan->args.items[0];
    list_stages(c, 1, c->starved, false, others, sizeof others);
    ck_log_error("%s%s: no frame came within --timeout%s%s%s: check its source, or raise --timeout",
                 strcmp(input, "-") ? input : "standard input",
                 reads_other_files(c->plan->stages) ? " or a file of another plane" : "", *others ? " (or " : "",
                 others, *others ? " is stuck)" : "");
}

/* After --timeout, name the stages that are stopped.  If none is, name those between the blocked and the starved one.
 */
static void name_the_still(children *c)
{
    if (c->named || c->first_failed || c->interrupted || (c->blocked < 0 && c->starved == c->plan->n))
        return;
    char names[CK_STAGES * 20];
    bool stopped = false;
    for (int i = 0; i < c->started; i++)
        stopped |= stands_still(c, i);
    int after = c->blocked + 1 + (c->blocked < 0 && c->first_done);
    list_stages(c, stopped ? 0 : after, stopped ? c->started : c->starved, stopped, names, sizeof names);
    if (c->blocked < 0 && !stopped && !c->first_done)
        name_the_input(c);
    else
        ck_log_error("%s is stuck: it neither sent nor took data within --timeout", *names ? names : "a stage");
    c->named = true;
}

/* After a failure, end stopped stages, which do not end otherwise.  Stages that still work, on a stream that was
 * complete before the failure, go on. */
static void end_the_stopped(children *c)
{
    for (int i = 0; i < c->started; i++) {
        if (c->pids[i] <= 0 || !(c->told[i] || stands_still(c, i)))
            continue;
        if (!c->told[i] && !c->interrupted && !c->named)
            ck_log_warning("%s is stopped (SIGSTOP or a debugger): ended, since the run has failed",
                           c->plan->stages[i].program->name);
        kill(c->pids[i], c->told[i] ? SIGKILL : SIGTERM);
        kill(c->pids[i], SIGCONT);
        c->told[i] = true;
    }
}

static void wait_all(children *c)
{
    sigset_t set = watched();
    double deadline = 0;
    for (reap(c); c->left > 0; reap(c)) {
        bool failed = c->interrupted || c->result == 1 || c->result == 2 || c->started < c->plan->n;
        if (failed && deadline == 0)
            deadline = milliseconds() + PATIENCE;
        double wait = deadline - milliseconds();
        if (failed && wait <= 0) {
            name_the_still(c);
            end_the_stopped(c);
            deadline = milliseconds() + LAST_PATIENCE;
            continue;
        }
        struct timespec limit = {(time_t)(wait / 1000), (long)fmod(wait, 1000) * 1000000};
        int sig = failed ? sigtimedwait(&set, NULL, &limit) : sigwaitinfo(&set, NULL);
        if (sig > 0 && sig != SIGCHLD)
            pass_on(c, sig);
    }
    name_the_still(c);
}

int ck_pipeline_run(const ck_plan *p, int *interrupted)
{
    children c = {.plan = p, .blocked = -1, .starved = p->n};
    sigset_t set = watched();
    signal(SIGCHLD, SIG_DFL); /* a parent may have left it ignored, and waitpid would find no child */
    sigprocmask(SIG_BLOCK, &set, NULL);
    int in = -1;
    ck_events_pipeline(p);
    while (c.started < p->n && (c.pids[c.started] = start(p, c.started, &in)) > 0)
        c.started++;
    c.left = c.started;
    if (in >= 0)
        close(in);
    wait_all(&c);
    *interrupted = c.interrupted;
    return c.started < p->n || c.interrupted ? 1 : c.result;
}
