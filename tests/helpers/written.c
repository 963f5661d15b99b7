/* written FILE COMMAND...: run the command and write to FILE how many bytes it handed to write(2), by the kernel's
 * count.  Exit status: the command's. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The count outlives the process until somebody waits for it. */
static long long count(pid_t pid)
{
    char path[64], line[256];
    long long n = -1;
    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "wchar: %lld", &n) == 1)
            break;
    if (f)
        fclose(f);
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    siginfo_t info;
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
        return 1;
    long long n = count(pid);
    int status;
    waitpid(pid, &status, 0);
    FILE *f = fopen(argv[1], "w");
    if (!f || fprintf(f, "%lld\n", n) < 0 || fclose(f) || n < 0)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
