#include "ck/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool on;

/* Write each line by one write(2), because the stages write to the same descriptor. */
static void say(const char *line)
{
    if (on && write(STDOUT_FILENO, line, strlen(line)) < 0)
        on = false; /* the reader is gone */
}

/* Duplicate standard output for events, and pass the descriptor's number to the stages by the environment. */
ck_status ck_events_start(ck_error *e)
{
    int fd = dup(STDOUT_FILENO);
    char text[16];
    if (fd < 0)
        return ck_fail_errno(e, "cannot duplicate standard output");
    snprintf(text, sizeof text, "%d", fd);
    if (setenv("CK_PROGRESS_FD", text, 1))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the environment");
    on = true;
    return CK_OK;
}

void ck_event_start(const ck_plan *p)
{
    char line[512];
    int n = snprintf(line, sizeof line, "{\"event\":\"start\",\"stages\":[");
    for (int i = 0; i < p->n; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, "%s\"%s\"", i ? "," : "", p->stages[i].program->name);
    snprintf(line + n, sizeof line - (size_t)n, "]}\n");
    say(line);
}

void ck_event_stage(const char *program, int status, int sig)
{
    char line[128];
    snprintf(line, sizeof line, "{\"event\":\"stage\",\"program\":\"%s\",\"status\":%d,\"signal\":%d}\n", program,
             status, sig);
    say(line);
}

void ck_event_end(int status)
{
    char line[64];
    snprintf(line, sizeof line, "{\"event\":\"end\",\"status\":%d}\n", status);
    say(line);
}
