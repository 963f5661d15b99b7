/* peak FILE COMMAND...: run the command and write its peak anonymous memory, in KiB, to FILE.
 *
 * The kernel has no high-water mark of anonymous memory only, so RssAnon is sampled every 2 ms; pools of frames live
 * much longer than that.  Exit status: the command's. */
#include <time.h>

#include "child.h"

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    pid_t pid = child_start(argv + 2);
    long long most = 0;
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        long long now = child_number(pid, "status", "RssAnon: %lld", 0);
        most = now > most ? now : most;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return child_report(argv[1], most, status);
}
