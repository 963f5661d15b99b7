/* Output files appear complete or not at all, with any name and after any interruption. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/outfile.h"
#include "tap.h"

static char dir[] = "/tmp/ck-outfile-XXXXXX";

/* fsync(2) as the library sees it: what was flushed, in order, F for a file and D for a folder; small letters before
 * the file has its name.  sync_fails: the error of the next call. */
static char synced[32];
static int sync_fails;

int fsync(int fd)
{
    struct stat st;
    char c[2] = "?";
    if (!fstat(fd, &st))
        c[0] = S_ISDIR(st.st_mode) ? 'D' : 'F';
    if (access("safe/file", F_OK))
        c[0] = (char)(c[0] | 0x20);
    strcat(synced, c);
    errno = sync_fails;
    sync_fails = 0;
    return errno ? -1 : 0;
}

static int entries(void)
{
    int n = 0;
    DIR *d = opendir(".");
    for (struct dirent *e; (e = readdir(d));)
        n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
    closedir(d);
    return n;
}

static bool holds(const char *path, const char *text)
{
    char buf[256] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(buf, 1, sizeof buf - 1, f) : 0;
    if (f)
        fclose(f);
    return f && n == strlen(text) && !memcmp(buf, text, n);
}

static ck_status put(const char *path, const char *text, ck_error *e)
{
    ck_outfile o;
    ck_status s = ck_outfile_open(&o, path, e);
    if (s == CK_OK)
        s = ck_outfile_write(&o, text, strlen(text), e);
    if (s == CK_OK)
        return ck_outfile_commit(&o, e);
    ck_outfile_discard(&o);
    return s;
}

static void test_names(void)
{
    char longest[256], wide[256] = "";
    memset(longest, 'x', 255);
    longest[255] = 0;
    for (int i = 0; i < 127; i++)
        strcat(wide, "é");
    const char *names[] = {"plain", "a b", "new\nline", "Füße ☂.exr", "-", "%04d.png", "\xff\xfe", longest, wide};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_error e = {""};
        int before = entries();
        ck_outfile o;
        ck_status s = ck_outfile_open(&o, names[i], &e);
        bool hidden = s == CK_OK && access(names[i], F_OK) && entries() == before + 1;
        if (s == CK_OK)
            s = ck_outfile_write(&o, "abc", 3, &e);
        if (s == CK_OK)
            s = ck_outfile_commit(&o, &e);
        ok(s == CK_OK && hidden && holds(names[i], "abc") && entries() == before + 1, "name %zu: %s", i, e.text);
        unlink(names[i]);
    }
}

static void test_twins(void)
{
    char name[2][256];
    ck_outfile o[2];
    ck_error e = {""};
    for (int i = 0; i < 2; i++) {
        memset(name[i], 'y', 255);
        name[i][254] = (char)('0' + i);
        name[i][255] = 0;
        ok(ck_outfile_open(&o[i], name[i], &e) == CK_OK, "long names that differ at the end: open %d %s", i, e.text);
        ck_outfile_write(&o[i], name[i] + 254, 1, &e);
    }
    ok(ck_outfile_commit(&o[0], &e) == CK_OK && ck_outfile_commit(&o[1], &e) == CK_OK && holds(name[0], "0") &&
           holds(name[1], "1"),
       "long names that differ at the end stay apart");
    unlink(name[0]);
    unlink(name[1]);
}

static void test_replace_and_discard(void)
{
    ck_error e = {""};
    ck_outfile o;
    put("old", "before", &e);
    ck_outfile_open(&o, "old", &e);
    ck_outfile_write(&o, "aft", 3, &e);
    ok(holds("old", "before"), "the old file stays until commit");
    ck_outfile_discard(&o);
    ok(holds("old", "before") && entries() == 1, "discard leaves the old file and nothing else");
    ck_outfile_discard(&o);
    ck_outfile zero = {.fd = -1};
    ck_outfile_discard(&zero);
    ok(put("old", "after", &e) == CK_OK && holds("old", "after"), "commit replaces it");

    ck_outfile_open(&o, "old", &e);
    ck_outfile_write(&o, "xxxxxx", 6, &e);
    ok(ck_outfile_write_at(&o, "YZ", 2, 1, &e) == CK_OK && ck_outfile_write(&o, "x", 1, &e) == CK_OK &&
           ck_outfile_commit(&o, &e) == CK_OK && holds("old", "xYZxxxx"),
       "write_at leaves the position alone");

    ck_outfile_open(&o, "old", &e);
    FILE *other = fopen(o.temp, "wb");
    fputs("by name", other);
    fclose(other);
    ok(ck_outfile_commit(&o, &e) == CK_OK && holds("old", "by name"), "another writer by the temporary name");
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    ok(!stat("old", &st) && (st.st_mode & 0777) == (0666 & ~mask), "permissions follow the umask");
    unlink("old");
}

static void test_links(void)
{
    ck_error e = {""};
    mkdir("far", 0777);
    put("far/real", "1", &e);
    ok(!symlink("far/real", "link") && put("link", "22", &e) == CK_OK && holds("far/real", "22"), "a link is followed");
    struct stat st;
    ok(!lstat("link", &st) && S_ISLNK(st.st_mode), "and stays a link");
    ok(!symlink("nowhere", "broken") && put("broken", "x", &e) == CK_ERR_IO && e.text[0], "a broken one is refused: %s",
       e.text);
    unlink("link");
    unlink("broken");
    unlink("far/real");
    rmdir("far");
}

static void test_refusals(void)
{
    ck_error e = {""};
    ok(put("no/such/file", "x", &e) == CK_ERR_IO && strstr(e.text, "No such file"), "missing folder: %s", e.text);
    mkdir("folder", 0777);
    ok(put("folder", "x", &e) == CK_ERR_ARGUMENT, "a folder in the way: %s", e.text);
    ok(put("folder/", "x", &e) == CK_ERR_ARGUMENT, "a trailing slash: %s", e.text);
    ok(entries() == 1, "nothing is left behind");
    if (geteuid()) {
        chmod("folder", 0555);
        ok(put("folder/x", "x", &e) == CK_ERR_IO && strstr(e.text, "Permission"), "read-only folder: %s", e.text);
        chmod("folder", 0755);
    } else {
        skip("root may write anywhere", "read-only folder");
    }
    rmdir("folder");
    ok(put("/proc/ck-x", "x", &e) == CK_ERR_IO && e.text[0], "a file system that takes no files: %s", e.text);

    struct stat before, after;
    stat("/dev/full", &before);
    ok(put("/dev/full", "x", &e) == CK_ERR_FULL && strstr(e.text, "No space"), "/dev/full: %s", e.text);
    ok(!stat("/dev/full", &after) && before.st_ino == after.st_ino && S_ISCHR(after.st_mode), "the device stays");
    ok(put("/dev/null", "x", &e) == CK_OK, "/dev/null takes it in place");

    ok(!mkfifo("pipe", 0666), "a named pipe");
    int fd = open("pipe", O_RDONLY | O_NONBLOCK);
    char got[4] = "";
    ok(put("pipe", "abc", &e) == CK_OK && read(fd, got, 3) == 3 && !strcmp(got, "abc"), "is written in place");
    close(fd);
    unlink("pipe");
}

/* A file-size limit stops write(2) half way, like a full disk. */
static void test_full(void)
{
    ck_error e = {""};
    struct rlimit old, tight;
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    static char big[5000];
    memset(big, 'b', sizeof big - 1);
    ck_status s = put("big", big, &e);
    setrlimit(RLIMIT_FSIZE, &old);
    ok(s == CK_ERR_IO && strstr(e.text, "File too large"), "no room: %s", e.text);
    ok(entries() == 0, "nothing is left behind");
}

static void touch(const char *fmt, long pid)
{
    char name[300];
    snprintf(name, sizeof name, fmt, pid);
    close(open(name, O_CREAT | O_WRONLY, 0666));
}

static void test_sweep(void)
{
    pid_t child = fork();
    if (!child) {
        ck_outfile o;
        ck_error e;
        ck_outfile_open(&o, "killed", &e);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    ok(entries() == 1, "a killed writer leaves its temporary file");
    touch(".ck-%ld-0-live.tmp", getpid());
    touch(".ck-%ld-0-init.tmp", 1);
    touch(".ck-%ld-keep", child);
    touch("ck-%ld-0-keep.tmp", child);
    touch(".ck-x%ld-0-keep.tmp", child);
    touch(".ck-99999999999999999999%ld-0-keep.tmp", child);
    ck_outfile_sweep(".");
    ok(entries() == 6, "a sweep removes that one only (%d left)", entries());

    touch(".ck-%ld-0-elsewhere.tmp", child);
    char name[100];
    snprintf(name, sizeof name, ".ck-%ld-0-elsewhere.tmp", (long)child);
    ck_outfile o;
    ck_error e;
    ck_outfile_open(&o, "held", &e);
    rename(o.temp, name); /* as if held by a process on another machine */
    ck_outfile_sweep(".");
    ok(entries() == 7, "a locked one is somebody's, whatever its number says");
    ck_outfile_discard(&o);
    ck_outfile_sweep(".");
    ok(entries() == 6, "once unlocked it goes");
    /* The names of another machine or container: the number is that of a process here, by chance. */
    touch(".ck-%ld.00000000-0-far.tmp", getpid());
    ck_outfile_sweep(".");
    ok(entries() == 6, "an unlocked one of another place goes, whatever runs here");
    snprintf(name, sizeof name, ".ck-%ld.00000000-0-far.tmp", (long)child);
    ck_outfile_open(&o, "held", &e);
    rename(o.temp, name);
    ck_outfile_sweep(".");
    ok(entries() == 7, "a locked one stays");
    ck_outfile_discard(&o);
    unlink(name);
    ck_outfile_sweep("no such folder");
}

static void test_mkdirs(void)
{
    ck_error e = {""};
    char cwd[300];
    snprintf(cwd, sizeof cwd, "%s/sub/abs", dir);
    struct stat st;
    ok(ck_mkdirs("sub/a b/c\nd/", &e) == CK_OK && !stat("sub/a b/c\nd", &st) && S_ISDIR(st.st_mode), "mkdirs %s",
       e.text);
    ok(ck_mkdirs("sub/a b/c\nd", &e) == CK_OK && ck_mkdirs(".", &e) == CK_OK && ck_mkdirs("/", &e) == CK_OK,
       "folders that are there");
    ok(ck_mkdirs(cwd, &e) == CK_OK && !stat("sub/abs", &st), "an absolute path");
    put("sub/file", "x", &e);
    ok(ck_mkdirs("sub/file", &e) == CK_ERR_IO && ck_mkdirs("sub/file/x", &e) == CK_ERR_IO, "a file in the way: %s",
       e.text);
    ok(ck_mkdirs("/proc/ck/x", &e) == CK_ERR_IO && e.text[0], "no place for folders: %s", e.text);
    ok(ck_mkdirs("", &e) == CK_ERR_IO, "an empty name");
}

static void test_sync(void)
{
    ck_error e = {""};
    ok(!*synced, "nothing is flushed unless asked: '%s'", synced);
    ck_outfile_sync(true);
    ok(ck_mkdirs("safe/a", &e) == CK_OK && !strcmp(synced, "dd"), "the parents of new folders are flushed: %s", synced);
    *synced = 0;
    ok(put("safe/file", "x", &e) == CK_OK && !strcmp(synced, "fD"), "a file before it is renamed, then its folder: %s",
       synced);
    unlink("safe/file");
    *synced = 0;
    sync_fails = EIO;
    ok(put("safe/file", "x", &e) == CK_ERR_IO && strstr(e.text, "cannot flush the file"), "a failure: %s", e.text);
    ok(access("safe/file", F_OK) && !strcmp(synced, "f"), "leaves no file");
    ok(put("/dev/null", "x", &e) == CK_OK && !strcmp(synced, "f"), "a device is not flushed");
    ck_outfile_sync(false);
    ok(put("plain", "x", &e) == CK_OK && !strcmp(synced, "f"), "and off again");
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    test_names();
    test_twins();
    test_replace_and_discard();
    test_links();
    test_refusals();
    test_full();
    test_sweep();
    test_mkdirs();
    test_sync();
    char clean[100];
    snprintf(clean, sizeof clean, "rm -rf '%s'", dir);
    return system(clean) ? 1 : done_testing();
}
