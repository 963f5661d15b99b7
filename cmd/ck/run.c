#include "ck/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

static volatile sig_atomic_t interrupted; /* the signal we were told to end by */

static void remember(int sig)
{
    interrupted = sig;
}

char *ck_program_path(const char *name)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        char *slash = strrchr(self, '/'), *path;
        if (slash && asprintf(&path, "%.*s/%s", (int)(slash - self), self, name) >= 0) {
            if (!access(path, X_OK))
                return path;
            free(path);
        }
    }
    return strdup(name);
}

/* In the child: stdin from `in`, stdout to `out` (-1: as they are). */
static void become(const ck_plan_stage *s, int in, int out)
{
    if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) || (out >= 0 && dup2(out, STDOUT_FILENO) < 0))
        _exit(1);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    char *path = ck_program_path(s->program->name);
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

int ck_run_worse(int a, int b)
{
    static const int rank[] = {0, 3, 2, 1};
    return rank[a] >= rank[b] ? a : b;
}

/* One stage's end.  SIGPIPE means that the one behind it ended first, and spoke. */
static int judge(const ck_plan_stage *s, int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status) <= 3 ? WEXITSTATUS(status) : 1;
    int sig = WTERMSIG(status);
    if (sig == SIGPIPE)
        return 0;
    if (!interrupted)
        ck_log_error("%s was killed by signal %d (%s)", s->program->name, sig, strsignal(sig));
    return 1;
}

static int wait_all(const ck_plan *p, pid_t *pids, int started)
{
    int result = 0, left = started;
    bool told = false;
    while (left) {
        if (interrupted && !told) {
            for (int i = 0; i < started; i++)
                if (pids[i] > 0)
                    kill(pids[i], SIGTERM);
            told = true;
        }
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        for (int i = 0; i < started && pid > 0; i++) {
            if (pids[i] == pid) {
                result = ck_run_worse(result, judge(&p->stages[i], status));
                pids[i] = 0;
                left--;
            }
        }
        if (pid < 0 && errno != EINTR)
            return 1;
    }
    return result;
}

int ck_run(const ck_plan *p)
{
    /* No SA_RESTART: the wait comes back, and the stages are told. */
    struct sigaction sa = {.sa_handler = remember}, old_int, old_term;
    sigaction(SIGINT, &sa, &old_int);
    sigaction(SIGTERM, &sa, &old_term);
    pid_t pids[CK_STAGES];
    int in = -1, started = 0;
    while (started < p->n && (pids[started] = start(p, started, &in)) > 0)
        started++;
    if (in >= 0)
        close(in);
    int result = wait_all(p, pids, started);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    if (interrupted) {
        signal(interrupted, SIG_DFL);
        raise(interrupted);
    }
    return started < p->n ? 1 : result;
}
