#include "ck/find_screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/self.h"
#include "ck-decode/options.h"
#include "ck-hint/options.h"
#include "ck/plan_inside.h"
#include "io/av_still.h"
#include "key/screen.h"
#include "stream/stream.h"

/* Maximum number of frames searched: longer than a leader, and few enough to decode twice. */
#define MOST_FRAMES 500

/* True if the stage has an option --screen that is not given, or is auto. */
static bool undecided(const ck_plan_stage *s)
{
    const char *last = NULL;
    for (int k = 1; k < s->argc; k++)
        if (!strncmp(s->argv[k], "--screen=", 9))
            last = s->argv[k] + 9;
    return ck_option_find(s->program, "screen") && (!last || !strcmp(last, "auto"));
}

/* False for standard input and pipes, which can be read only once. */
static bool readable_twice(const char *input)
{
    struct stat st;
    return strcmp(input, "-") != 0 && (stat(input, &st) || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

static bool is_video(const char *input)
{
    struct stat st;
    ck_still_kind kind;
    return !stat(input, &st) && S_ISREG(st.st_mode) && ck_still_probe(input, &kind, NULL) == CK_OK &&
           (kind == CK_STILL_NONE || kind == CK_STILL_ANIMATED);
}

/* The first stage's command line without --frames, or with `frames` instead, and without files of other planes, which
 * may be pipes, or shorter than INPUT.  Borrowed strings, owned array. */
static char **whole_input(const ck_plan_stage *decode, char *frames)
{
    char **argv = calloc((size_t)decode->argc + 2, sizeof *argv);
    bool options = true;
    for (int k = 0, n = 0; argv && k < decode->argc; k++) {
        if (n == 1 && frames)
            argv[n++] = frames;
        char name[64];
        options = options && strcmp(decode->argv[k], "--") != 0;
        ck_args_name(decode->argv[k], name, sizeof name);
        if (!options || (strcmp(name, "frames") != 0 && !ck_decode_option_gives_file(name)))
            argv[n++] = decode->argv[k];
    }
    return argv;
}

/* In the child: become ck-decode, silently, since the run itself reports problems of the input. */
static void become(char **argv, pid_t parent, int out)
{
    sigset_t none;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent || setenv("CK_RING", "off", 1) ||
        unsetenv("CK_TRACE") || unsetenv("CK_PROFILE") || unsetenv("CK_PROGRESS_FD") || unsetenv("CK_PROGRESS_TALLY") ||
        null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        _exit(1);
    char *path = ck_self_program(argv[0]);
    if (path)
        execvp(path, argv);
    _exit(1);
}

/* The value of --timeout, which goes to the stages. */
static double timeout_of(const ck_plan_stage *s)
{
    double t = 0;
    for (int k = 1; k < s->argc; k++)
        if (!strncmp(s->argv[k], "--timeout=", 10))
            t = atof(s->argv[k] + 10);
    return t;
}

/* Search the stream on `fd` for the first frame with a screen.  If the stream fails, nothing is decided.  *frames:
 * number of frames searched. */
static ck_status look(int fd, double timeout, ck_screen_choice *c, int *frames, ck_error *e)
{
    ck_reader *r;
    bool now;
    *frames = 0;
    ck_status s = ck_reader_open(fd, "ck key", timeout, &r, e);
    while (s == CK_OK && !c->decided && *frames < MOST_FRAMES) {
        ck_frame f = {0};
        s = ck_reader_next(r, &f, e);
        if (s == CK_OK)
            s = ck_screen_admit(c, &f, &now, e);
        *frames += s == CK_OK;
        ck_frame_free(&f);
    }
    ck_reader_free(r);
    ck_pool_trim();
    return s == CK_ERR_STARVED ? s : CK_OK;
}

/* Wait for the decoder.  Only a decoder that was killed is a failure here; the run reports all others. */
static ck_status reap(pid_t pid, bool needed, ck_error *e)
{
    int status = 0;
    if (!needed)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!needed || !WIFSIGNALED(status) || WTERMSIG(status) == SIGPIPE)
        return CK_OK;
    return ck_fail(e, CK_ERR_UPSTREAM, "ck-decode was killed by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
}

/* Run the decoder and search its frames, all or those of `only`.  A signal that ends us also ends the child. */
static ck_status decode(const ck_plan_stage *stage, char *only, ck_screen_choice *c, ck_error *e)
{
    int ends[2], frames = 0;
    char **argv = whole_input(stage, only);
    if (!argv)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a command line");
    if (pipe2(ends, O_CLOEXEC)) {
        free(argv);
        return ck_fail_errno(e, "cannot make a pipe");
    }
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        become(argv, self, ends[1]);
    close(ends[1]);
    ck_status s =
        pid > 0 ? look(ends[0], timeout_of(stage), c, &frames, e) : ck_fail_errno(e, "cannot start ck-decode");
    close(ends[0]);
    free(argv);
    if (pid < 0)
        return s;
    ck_error killed;
    bool enough = c->decided || frames == MOST_FRAMES;
    ck_status end = reap(pid, s == CK_OK && !enough, &killed);
    if (end != CK_OK)
        *e = killed;
    if (s == CK_OK && !c->decided && enough)
        ck_log_notice("no screen in the first %d frames: the keyed frames decide, unless --screen is given",
                      MOST_FRAMES);
    return s == CK_OK ? end : ck_fail_in(e, s, "ck-decode");
}

/* A video's first frame mostly decides, and a decoder that knows that it is the last does not run ahead. */
static ck_status search(const ck_plan_stage *stage, ck_screen_choice *c, ck_error *e)
{
    char first[] = "--frames=0";
    const char *input = stage->argv[stage->argc - 1];
    if (!readable_twice(input))
        return CK_OK;
    ck_status s = is_video(input) ? decode(stage, first, c, e) : CK_OK;
    return s == CK_OK && !c->decided ? decode(stage, NULL, c, e) : s;
}

/* The screen's colour from --screen-colour or --screen-at of ck-hint. */
static ck_status hand_of(const ck_plan_stage *hint, ck_hand *out, ck_error *e)
{
    ck_hint_options o;
    ck_status s = ck_args_parse(hint, &o, e);
    if (s == CK_OK)
        s = ck_hand_parse(o.screen_colour, o.screen_at, out, e);
    ck_options_free(&ck_hint_program, &o);
    return s;
}

ck_status ck_look_for_screen(const ck_plan *p, const char **screen, ck_error *e)
{
    ck_hand hand;
    *screen = NULL;
    ck_status s = hand_of(&p->stages[HINT], &hand, e);
    if (s != CK_OK)
        return s;
    ck_screen_choice c = {.hand = hand.colour || hand.spot ? &hand : NULL};
    s = search(&p->stages[DECODE], &c, e);
    if (s == CK_OK && c.decided)
        *screen = ck_screen_name(c.blue);
    return s;
}

ck_status ck_find_screen(ck_plan *p, ck_error *e)
{
    bool wanted = false;
    const char *screen = NULL;
    ck_hand hand;
    for (int i = 0; i < p->n; i++)
        wanted |= undecided(&p->stages[i]);
    ck_status s = wanted ? ck_look_for_screen(p, &screen, e) : hand_of(&p->stages[HINT], &hand, e);
    for (int i = 0; i < p->n && s == CK_OK && screen; i++)
        if (undecided(&p->stages[i]))
            s = ck_args_push(&p->stages[i], "--screen=", screen, e);
    return s;
}
