#include "ck/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/self.h"
#include "ck/events.h"

/* The signals that wait_all takes one by one; blocked while stages run.  What a parent ignores for us (nohup, a
 * shell's background jobs) stays ignored. */
static sigset_t watched(void)
{
    static const int ends[] = {SIGINT, SIGTERM};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction now;
        if (!sigaction(ends[i], NULL, &now) && now.sa_handler != SIG_IGN)
            sigaddset(&set, ends[i]);
    }
    return set;
}

/* In the child: stdin from `in`, stdout to `out` (-1: as they are). */
static void become(const ck_plan_stage *s, int in, int out)
{
    if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) || (out >= 0 && dup2(out, STDOUT_FILENO) < 0))
        _exit(1);
    sigset_t set = watched();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    char *path = ck_self_program(s->program->name);
    if (path)
        execvp(path, s->argv);
    ck_log_error("cannot start %s: %s: is it installed beside ck, or in $PATH?", s->program->name, strerror(errno));
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
    pid_t pid = fork();
    if (pid == 0)
        become(&p->stages[i], *in, pipes[1]);
    if (pid < 0)
        ck_log_error("cannot start %s: %s", p->stages[i].program->name, strerror(errno));
    if (*in >= 0)
        close(*in);
    if (pipes[1] >= 0)
        close(pipes[1]);
    *in = pipes[0];
    return pid;
}

int ck_pipeline_worse(int a, int b)
{
    static const int rank[] = {0, 3, 2, 1};
    return rank[a] >= rank[b] ? a : b;
}

/* One stage's end.  SIGPIPE means that the one behind it ended first, and spoke. */
static int judge(const ck_plan_stage *s, int status, int interrupted)
{
    int sig = WIFEXITED(status) ? 0 : WTERMSIG(status);
    ck_event_stage(s->program->name, sig ? 128 + sig : WEXITSTATUS(status), sig);
    if (!sig)
        return WEXITSTATUS(status) <= 3 ? WEXITSTATUS(status) : 1;
    if (sig == SIGPIPE)
        return 0;
    if (!interrupted)
        ck_log_error("%s was killed by signal %d (%s)", s->program->name, sig, strsignal(sig));
    return 1;
}

typedef struct children {
    const ck_plan *plan;
    pid_t pids[CK_STAGES];
    int started, left;
    int result;
    int interrupted; /* the first signal that told us to end, or 0 */
} children;

static void reap(children *c)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < c->started; i++)
            if (c->pids[i] == pid) {
                c->result = ck_pipeline_worse(c->result, judge(&c->plan->stages[i], status, c->interrupted));
                c->pids[i] = 0;
                c->left--;
            }
}

/* Pass SIGINT and SIGTERM on; who asks twice means it. */
static void pass_on(children *c, int sig)
{
    for (int i = 0; i < c->started; i++)
        if (c->pids[i] > 0)
            kill(c->pids[i], c->interrupted ? SIGKILL : SIGTERM);
    if (!c->interrupted)
        c->interrupted = sig;
}

static void wait_all(children *c)
{
    sigset_t set = watched();
    for (reap(c); c->left > 0; reap(c)) {
        int sig = sigwaitinfo(&set, NULL);
        if (sig == SIGINT || sig == SIGTERM)
            pass_on(c, sig);
    }
}

int ck_pipeline_run(const ck_plan *p)
{
    children c = {.plan = p};
    sigset_t set = watched(), before;
    signal(SIGCHLD, SIG_DFL); /* a parent may have left it ignored, and waitpid would find nobody */
    sigprocmask(SIG_BLOCK, &set, &before);
    int in = -1;
    ck_event_start(p);
    while (c.started < p->n && (c.pids[c.started] = start(p, c.started, &in)) > 0)
        c.started++;
    c.left = c.started;
    if (in >= 0)
        close(in);
    wait_all(&c);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (c.interrupted) {
        signal(c.interrupted, SIG_DFL);
        raise(c.interrupted);
    }
    return c.started < p->n ? 1 : c.result;
}
