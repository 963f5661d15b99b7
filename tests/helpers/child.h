/* Run a command and read about it in /proc, for helpers: ARGV[0] FILE COMMAND... */
#ifndef CK_TESTS_CHILD_H
#define CK_TESTS_CHILD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Start the command.  Only it may hold the pipe ends, because its neighbours wait for them to close. */
static inline pid_t child_start(char **command)
{
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    return pid;
}

/* The number in a line of /proc/PID/FILE that matches the scanf format; `none` if no line matches. */
static inline long long child_number(pid_t pid, const char *file, const char *format, long long none)
{
    char path[64], line[256];
    long long n = none;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, format, &n) == 1)
            break;
    if (f)
        fclose(f);
    return n;
}

/* Write the number to FILE; returns the helper's exit status, which is the command's. */
static inline int child_report(const char *file, long long n, int status)
{
    FILE *f = fopen(file, "w");
    if (!f || fprintf(f, "%lld\n", n) < 0 || fclose(f))
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
