/* written FILE COMMAND...: run the command and write to FILE the number of bytes that it passed to write(2), as counted
 * by the kernel.  Exit status: the command's. */
#include "child.h"

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    pid_t pid = child_start(argv + 2);
    siginfo_t info;
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
        return 1;
    /* The count remains readable until the process is waited for. */
    long long n = child_number(pid, "io", "wchar: %lld", -1);
    int status;
    waitpid(pid, &status, 0);
    return n < 0 ? 1 : child_report(argv[1], n, status);
}
