/* ociorun [-c CONFIG] between FROM TO       transform raw planes [3, n] f32 from stdin to stdout
 * ociorun [-c CONFIG] view FROM VIEW        the same for a view
 * ociorun [-c CONFIG] chromaticities SPACE  print eight numbers, or "none"
 * ociorun [-c CONFIG] has NAME              print yes or no
 * ociorun [-c CONFIG] wanted                print yes or no
 *
 * Without -c: $OCIO.  Each third of the pixels is transformed by a thread of its own. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocio/ocio.h"

enum { MOST = 1 << 18, THREADS = 3 };

static float data[MOST];

typedef struct part {
    const ck_ocio_transform *t;
    float *r, *g, *b;
    size_t n;
} part;

static int die(const char *text)
{
    fprintf(stderr, "ociorun: %s\n", text);
    return 1;
}

static void *run(void *arg)
{
    const part *p = arg;
    ck_ocio_apply(p->t, p->r, p->g, p->b, p->n);
    return NULL;
}

static int transform(const ck_ocio_transform *t)
{
    pthread_t thread[THREADS];
    part parts[THREADS];
    size_t n = fread(data, sizeof *data, MOST, stdin) / 3, at = 0;
    for (size_t i = 0; i < THREADS; i++, at = n * i / THREADS) {
        parts[i] = (part){t, data + at, data + n + at, data + 2 * n + at, n * (i + 1) / THREADS - at};
        if (pthread_create(&thread[i], NULL, run, &parts[i]))
            return die("no thread");
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    fwrite(data, sizeof *data, 3 * n, stdout);
    return 0;
}

static int chromaticities(const ck_ocio *c, const char *space)
{
    double xy[8];
    bool known = ck_ocio_chromaticities(c, space, xy);
    if (!known)
        printf("none");
    for (int i = 0; known && i < 8; i++)
        printf("%s%.6g", i ? " " : "", xy[i]);
    printf("\n");
    return 0;
}

static int answer(bool yes)
{
    puts(yes ? "yes" : "no");
    return 0;
}

static int command(ck_ocio *c, int argc, char **argv)
{
    ck_ocio_transform *t;
    ck_error e;
    ck_status s;
    if (argc == 3 && !strcmp(argv[0], "between"))
        s = ck_ocio_between(c, argv[1], argv[2], &t, &e);
    else if (argc == 3 && !strcmp(argv[0], "view"))
        s = ck_ocio_view(c, argv[1], argv[2], &t, &e);
    else if (argc == 2 && !strcmp(argv[0], "chromaticities"))
        return chromaticities(c, argv[1]);
    else if (argc == 2 && !strcmp(argv[0], "has"))
        return answer(ck_ocio_has(c, argv[1]));
    else
        return die("see its source for the arguments");
    if (s != CK_OK)
        return die(e.text);
    int status = transform(t);
    ck_ocio_transform_free(t);
    return status;
}

int main(int argc, char **argv)
{
    bool given = argc > 2 && !strcmp(argv[1], "-c");
    const char *config = given ? argv[2] : NULL;
    argc -= given ? 3 : 1;
    argv += given ? 3 : 1;
    if (argc == 1 && !strcmp(argv[0], "wanted"))
        return answer(ck_ocio_wanted(config));
    ck_ocio *c;
    ck_error e;
    if (ck_ocio_open(config, &c, &e) != CK_OK)
        return die(e.text);
    int status = command(c, argc, argv);
    ck_ocio_close(c);
    return status;
}
