#include "ck/child.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

void ck_child_follow(pid_t parent)
{
    struct sigaction term;
    bool ignored = !sigaction(SIGTERM, NULL, &term) && term.sa_handler == SIG_IGN;
    if (prctl(PR_SET_PDEATHSIG, ignored ? SIGKILL : SIGTERM) || getppid() != parent)
        _exit(1);
}
