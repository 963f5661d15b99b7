/* peak FILE COMMAND...: run the command and write its largest anonymous memory, in KiB, to FILE.
 *
 * The kernel keeps no high-water mark of anonymous memory alone, so RssAnon is sampled every
 * 2 ms; pools of frames live far longer than that.  Exit status: the command's. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long anonymous(pid_t pid)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
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
    /* Only the command may hold the pipe ends: its neighbours wait for them to close. */
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    long most = 0;
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        long now = anonymous(pid);
        most = now > most ? now : most;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    FILE *f = fopen(argv[1], "w");
    if (!f || fprintf(f, "%ld\n", most) < 0 || fclose(f))
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
