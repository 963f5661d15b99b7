/* A benchmark's folder, which is removed however the benchmark ends. */
#ifndef CK_BENCH_FOLDER_H
#define CK_BENCH_FOLDER_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char bench_folder_path[64];
static volatile pid_t bench_worker;

static inline void bench_stop(int sig)
{
    (void)sig;
    kill(-bench_worker, SIGTERM);
}

/* Wait for the benchmark, remove its folder and end as it did. */
static inline void bench_wait(void)
{
    static const int all[] = {SIGINT, SIGTERM, SIGHUP};
    char command[100];
    int status = 0;
    struct sigaction stop = {};
    stop.sa_handler = bench_stop;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sigaction(all[i], &stop, NULL);
    while (waitpid(bench_worker, &status, 0) < 0)
        continue;
    snprintf(command, sizeof command, "rm -rf '%s'", bench_folder_path);
    int rv = system(command);
    _exit(!WIFEXITED(status) ? 1 : WEXITSTATUS(status) ? WEXITSTATUS(status) : rv != 0);
}

/* Make the folder, in /dev/shm if that exists.  Returns in a new process, of a group of its own, so that a signal also
 * ends what the benchmark runs; the one that called waits for it. */
static inline const char *bench_folder(void)
{
    snprintf(bench_folder_path, sizeof bench_folder_path, "%s/ck-bench-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(bench_folder_path)) {
        perror(bench_folder_path);
        exit(1);
    }
    fflush(NULL);
    bench_worker = fork();
    if (bench_worker > 0) {
        setpgid(bench_worker, bench_worker);
        bench_wait();
    }
    if (bench_worker < 0) {
        perror("fork");
        rmdir(bench_folder_path);
        exit(1);
    }
    setpgid(0, 0);
    /* A process that is not in the foreground must not read the terminal, as ffmpeg does. */
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        close(nothing);
    }
    return bench_folder_path;
}

#endif
