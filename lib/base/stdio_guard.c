#include "base/stdio_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void ck_stdio_guard(void)
{
    /* open(2) returns the lowest free descriptor, which is fd: the lower ones are taken. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}
