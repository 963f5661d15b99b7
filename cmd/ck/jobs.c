#include "ck/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/outfile.h"
#include "base/self.h"
#include "base/signals.h"
#include "ck/child.h"
#include "ck/pipeline.h"
#include "ck/jobs_list.h"

typedef struct jobs {
    const ck_plan *plan;
    ck_jobs_list shots;
    int at_once;
    int next;        /* the first shot that has not been started */
    int running;     /* children */
    int ended;       /* shots */
    int interrupted; /* the first signal that told us to end, or 0 */
} jobs;

/* Signals that the main loop receives.  Each shot is a process group of its own, so the terminal's signals reach only
 * this process, which passes them on. */
static sigset_t watched(void)
{
    sigset_t set;
    struct sigaction stop;
    ck_signals_set(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGCONT);
    if (!sigaction(SIGTSTP, NULL, &stop) && stop.sa_handler != SIG_IGN)
        sigaddset(&set, SIGTSTP);
    return set;
}

/* ---- one shot ---- */

/* In the child: become `ck key`, with no input.  If shots run side by side, its messages name the shot. */
static void become(const jobs *j, const ck_jobs_shot *shot, pid_t parent)
{
    sigset_t set = watched();
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_child_follow(parent);
    setpgid(0, 0);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || unsetenv("CK_PROGRESS_FD") ||
        (j->at_once > 1 && setenv("CK_SHOT", shot->input, 1)))
        _exit(1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    char *path = ck_self_program("ck");
    if (path)
        execvp(path, shot->argv);
    ck_log_error("cannot start ck: %s", strerror(errno));
    _exit(1);
}

static void start(jobs *j, ck_jobs_shot *shot)
{
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        become(j, shot, self);
    if (pid < 0) {
        ck_log_error("%s: cannot be started: %s", shot->input, strerror(errno));
        shot->status = 1;
        j->ended++;
        return;
    }
    setpgid(pid, pid); /* in parent and child, since either may run first */
    shot->pid = pid;
    j->running++;
}

static void note_end(jobs *j, ck_jobs_shot *shot, int status)
{
    shot->sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    shot->status = WIFEXITED(status) && WEXITSTATUS(status) <= 3 ? WEXITSTATUS(status) : 1;
    shot->pid = 0;
    j->running--;
    j->ended++;
    if (isatty(STDERR_FILENO))
        ck_log_notice("%s: %s, %d of %d shots", shot->input, shot->status ? "failed" : "done", j->ended, j->shots.n);
}

static void reap(jobs *j)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < j->next; i++)
            if (j->shots.items[i].pid == pid)
                note_end(j, &j->shots.items[i], status);
}

/* ---- all shots ---- */

/* Send a signal to every shot's `ck key`, or to its stages too. */
static void send(const jobs *j, int sig, bool stages)
{
    for (int i = 0; i < j->next; i++)
        if (j->shots.items[i].pid > 0)
            kill(stages ? -j->shots.items[i].pid : j->shots.items[i].pid, sig);
}

static void act(jobs *j, int sig)
{
    if (sig == SIGCHLD) {
        reap(j);
    } else if (sig == SIGTSTP) {
        send(j, SIGTSTP, true);
        raise(SIGSTOP);
    } else if (sig == SIGCONT) {
        send(j, SIGCONT, true);
    } else {
        send(j, sig, false);
        send(j, SIGCONT, true); /* a stopped process acts on a signal once it continues */
        if (!j->interrupted)
            j->interrupted = sig;
    }
}

static void run_all(jobs *j)
{
    sigset_t set = watched();
    signal(SIGCHLD, SIG_DFL); /* if it stayed ignored, as a parent may leave it, waitpid would find no child */
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (;;) {
        while (!j->interrupted && j->running < j->at_once && j->next < j->shots.n) {
            start(j, &j->shots.items[j->next]);
            j->next++;
        }
        if (!j->running)
            return;
        int sig = sigwaitinfo(&set, NULL);
        if (sig > 0)
            act(j, sig);
    }
}

/* ---- the report ---- */

static void name_failure(const jobs *j, const ck_jobs_shot *shot)
{
    char why[80];
    if (shot->sig)
        snprintf(why, sizeof why, "killed by signal %d (%s)", shot->sig, strsignal(shot->sig));
    else
        snprintf(why, sizeof why, "%s (status %d)", shot->status == 3 ? "some frames failed" : "failed", shot->status);
    ck_log_error("%s:%d: %s: %s", j->plan->own.jobs, shot->number, shot->input, why);
}

/* Name the shots that failed, without those that the signal to us ended.  Returns the number of shots that are not
 * done. */
static int report(const jobs *j, int *worst)
{
    int left = 0;
    for (int i = 0; i < j->shots.n; i++) {
        const ck_jobs_shot *shot = &j->shots.items[i];
        left += shot->status != 0;
        if (shot->status > 0 && !(j->interrupted && shot->sig == j->interrupted))
            name_failure(j, shot);
        *worst = ck_pipeline_worse(*worst, shot->status < 0 ? 1 : shot->status);
    }
    return left;
}

/* "LIST.failed"; for standard input "jobs.failed" in the current folder.  Owned; NULL when out of memory. */
static char *failed_path(const char *list)
{
    char *path;
    return asprintf(&path, "%s.failed", strcmp(list, "-") != 0 ? list : "jobs") < 0 ? NULL : path;
}

static ck_status write_lines(const jobs *j, const char *path, ck_error *e)
{
    ck_outfile o;
    ck_status s = ck_outfile_open(&o, path, e);
    if (s != CK_OK)
        return s;
    for (int i = 0; i < j->shots.n && s == CK_OK; i++) {
        const char *line = j->shots.items[i].status ? j->shots.items[i].line : NULL;
        if (line)
            s = ck_outfile_write(&o, line, strlen(line), e);
        if (line && s == CK_OK)
            s = ck_outfile_write(&o, "\n", 1, e);
    }
    if (s == CK_OK)
        return ck_outfile_commit(&o, e);
    ck_outfile_discard(&o);
    return s;
}

static int conclude(const jobs *j, const char *path)
{
    int worst = 0, left = report(j, &worst);
    ck_error e;
    if (!left || j->plan->own.dry)
        return worst;
    ck_status s = write_lines(j, path, &e);
    if (s != CK_OK) {
        ck_fail_in(&e, s, path);
        ck_log_error("%s", e.text);
        return 1;
    }
    ck_log_error("%d of %d shots %s: their lines are in %s", left, j->shots.n, j->interrupted ? "are left" : "failed",
                 path);
    return worst;
}

static int run(jobs *j)
{
    char *path = failed_path(j->plan->own.jobs);
    if (!path) {
        ck_log_error("out of memory for a file name");
        return 1;
    }
    if (!j->plan->own.dry && unlink(path) && errno != ENOENT)
        ck_log_warning("%s: cannot be removed: %s", path, strerror(errno));
    run_all(j);
    int code = conclude(j, path);
    free(path);
    return code;
}

int ck_jobs_run(const ck_plan *p)
{
    jobs j = {.plan = p};
    ck_error e;
    ck_status s = ck_jobs_list_read(&j.shots, p, &e);
    int code = s == CK_ERR_ARGUMENT ? 2 : 1;
    j.at_once = p->own.dry ? 1 : j.shots.at_once;
    if (s == CK_OK)
        code = run(&j);
    else
        ck_log_error("%s", e.text);
    ck_jobs_list_free(&j.shots);
    if (j.interrupted)
        ck_signals_die(j.interrupted);
    return code;
}
