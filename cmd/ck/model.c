/* ck model: fetch the public checkpoints, tell which one is used; all else is ck-model's. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/outfile.h"
#include "base/self.h"
#include "checkpoint/find.h"
#include "ck/commands.h"
#include "fetch/fetch.h"

/* As their author publishes them. */
static const struct published {
    const char *screen, *folder, *file;
    const char *sha256; /* NULL: not published; that of the first download is kept beside the file */
} published[] = {
    {"green", "https://huggingface.co/nikopueringer/CorridorKey_v1.0/resolve/main/", "CorridorKey_v1.0.pth",
     "a03827f58e8c79b2ca26031bf67c77db5390dc1718c1ffc5b7aed8b57315788f"},
    {"blue", "https://huggingface.co/nikopueringer/CorridorKeyBlue_1.0/resolve/main/",
     "CorridorKeyBlue_1.0.safetensors", NULL},
};

static void show(void *ctx, uint64_t done, uint64_t total)
{
    const char *file = ctx;
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%s: %.0f", file, (double)done / 1e6);
    if (total)
        fprintf(stderr, " of %.0f MB, %.0f %%", (double)total / 1e6, 100 * (double)done / (double)total);
    else
        fprintf(stderr, " MB");
}

/* The checksum kept in PATH.sha256, in the format of sha256sum; false without one. */
static bool kept_sum(const char *path, char sum[CK_SHA256_TEXT])
{
    char name[PATH_MAX + 96];
    snprintf(name, sizeof name, "%s.sha256", path);
    FILE *f = fopen(name, "r");
    bool found = f && fscanf(f, "%64[0-9a-f]", sum) == 1 && strlen(sum) == 64;
    if (f)
        fclose(f);
    return found;
}

static ck_status keep_sum(const char *path, const char *sum, ck_error *e)
{
    char name[PATH_MAX + 96], line[PATH_MAX + 80];
    ck_outfile o;
    snprintf(name, sizeof name, "%s.sha256", path);
    snprintf(line, sizeof line, "%s  %s\n", sum, strrchr(path, '/') + 1);
    ck_status s = ck_outfile_open(&o, name, e);
    if (s != CK_OK)
        return s;
    s = ck_outfile_write(&o, line, strlen(line), e);
    if (s == CK_OK)
        return ck_outfile_commit(&o, e);
    ck_outfile_discard(&o);
    return s;
}

/* A file that is there already.  CK_END if it is good. */
static ck_status look(const char *path, const char *want, ck_error *e)
{
    char got[CK_SHA256_TEXT];
    if (access(path, F_OK))
        return CK_OK;
    ck_status s = want ? ck_sha256_file(path, got, e) : CK_END;
    if (s != CK_OK)
        return s;
    return strcmp(got, want)
               ? ck_fail(e, CK_ERR_FORMAT,
                         "%s is there, but it is another file (SHA-256 %s): move it away, then repeat", path, got)
               : CK_END;
}

static void introduce(const struct published *p, const char *url)
{
    fprintf(stderr,
            "%s: CorridorKey's network for %s screens, by Niko Pueringer, from\n%s\n"
            "Licence: the author's, a variant of CC BY-NC-SA 4.0: <https://github.com/nikopueringer/CorridorKey>.\n"
            "Keying for commercial projects is allowed; selling the model or offering it as a paid service is not.\n",
            p->file, p->screen, url);
}

static ck_status fetch(const struct published *p, const char *url, const char *path, ck_error *e)
{
    char got[CK_SHA256_TEXT], kept[CK_SHA256_TEXT];
    const char *want = p->sha256 ? p->sha256 : kept_sum(path, kept) ? kept : NULL;
    char file[64];
    snprintf(file, sizeof file, "%s", p->file);
    ck_status s = look(path, want, e);
    if (s == CK_END) {
        fprintf(stderr, "%s is there already\n", path);
        return CK_OK;
    }
    if (s != CK_OK)
        return s;
    s = ck_fetch_run(&(ck_fetch){.url = url, .path = path, .sha256 = want, .progress = show, .ctx = file}, got, e);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (s == CK_OK && !p->sha256 && !want) {
        s = keep_sum(path, got, e);
        ck_log_notice("%s: no checksum is published: SHA-256 %s is kept in %s.sha256", p->file, got, path);
    }
    return s;
}

static int command_fetch(const char *screen)
{
    const struct published *p = &published[!strcmp(screen, "blue")];
    char folder[PATH_MAX], path[PATH_MAX + 64], url[PATH_MAX];
    const char *base = getenv("CK_MODEL_URL");
    bool slash = base && *base && base[strlen(base) - 1] == '/';
    ck_error e;
    ck_checkpoint_folder(folder, sizeof folder);
    if (!*folder) {
        ck_log_error("no folder for the checkpoint: set HOME or XDG_DATA_HOME");
        return 1;
    }
    snprintf(path, sizeof path, "%s/%s", folder, p->file);
    int n = snprintf(url, sizeof url, "%s%s%s", base && *base ? base : p->folder, base && *base && !slash ? "/" : "",
                     p->file);
    if (n < 0 || (size_t)n >= sizeof url) {
        ck_log_error("CK_MODEL_URL is too long");
        return 2;
    }
    introduce(p, url);
    ck_status s = ck_mkdirs(folder, &e);
    s = s == CK_OK ? fetch(p, url, path, &e) : s;
    if (s != CK_OK) {
        ck_log_error("%s", e.text);
        return 1;
    }
    printf("%s\n", path);
    return ck_log_flush_stdout();
}

/* The checkpoint for the screen, and the rule by which it is found. */
static int where_is(bool blue)
{
    ck_error e;
    char *path = NULL;
    const char *named = getenv("CK_MODEL");
    ck_status s = ck_checkpoint_find(NULL, blue, &path, &e);
    if (s != CK_OK)
        ck_log_error("%s", e.text);
    else if (path)
        printf("%s: %s%s\n", blue ? "blue" : "green", path, named && *named ? " (by $CK_MODEL)" : "");
    else
        printf("%s: none: ck model fetch%s\n", blue ? "blue" : "green", blue ? " blue" : "");
    free(path);
    return s != CK_OK;
}

static int command_where(void)
{
    char folder[PATH_MAX];
    ck_checkpoint_folder(folder, sizeof folder);
    printf("folder: %s\n", *folder ? folder : "none: set HOME or XDG_DATA_HOME");
    int bad = where_is(false) | where_is(true);
    return ck_log_flush_stdout() || bad;
}

static int help(void)
{
    printf("Usage: ck model fetch [green|blue]\n"
           "       ck model where\n"
           "       ck model check|list|convert ...\n\n"
           "ck model: fetch the public checkpoint, tell which one is used, or run ck-model\n\n"
           "Examples:\n  ck model fetch\n  ck model where\n  ck model check FILE\n\n"
           "Manual: man ck, man ck-model\n");
    return ck_log_flush_stdout();
}

/* ck-model takes the place of this process. */
static int hand_over(char **argv)
{
    char *program = ck_self_program("ck-model");
    if (program) {
        argv[0] = program;
        execvp(program, argv);
    }
    ck_log_error("cannot start ck-model: %s", strerror(errno));
    free(program);
    return 1;
}

int ck_command_model(int argc, char **argv)
{
    ck_log_init("ck model", CK_LOG_NORMAL);
    if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help=all"))
        return argc < 2 ? (help(), 2) : help();
    if (strcmp(argv[1], "fetch") != 0 && strcmp(argv[1], "where") != 0)
        return hand_over(argv);
    bool where = !strcmp(argv[1], "where");
    const char *screen = argc > 2 ? argv[2] : "green";
    if (argc > (where ? 2 : 3) || (strcmp(screen, "green") != 0 && strcmp(screen, "blue") != 0)) {
        ck_log_error(where ? "ck model where takes no argument" : "ck model fetch takes green or blue");
        return 2;
    }
    return where ? command_where() : command_fetch(screen);
}
