/* Attention of some tokens against that of all: CPU seconds of one step.
 *
 *     route_bench [SIDE [HEADS [WIDTH]]]        128 8 56: stage 2 of the public model at 2048
 *
 * A step with all tokens and one with every fourth alternate three times, so that other load on the machine meets both;
 * the best of each counts.  A line for a table: seconds of all, of the quarter, and their ratio. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../tests/guard.h"
#include "nn/nn.h"

static void die(const char *what)
{
    fprintf(stderr, "route_bench: %s\n", what);
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static ck_nn_tensor map(int side, int c)
{
    ck_nn_tensor t = {.h = side, .w = side, .c = c, .ld = c, .id = -1};
    uint32_t seed = 1;
    t.data = malloc(ck_nn_pixels(&t) * (size_t)c * sizeof(float));
    for (size_t i = 0; t.data && i < ck_nn_pixels(&t) * (size_t)c; i++)
        ((float *)t.data)[i] = rnd_float(&seed, -1, 1);
    return t;
}

static double run(ck_nn *dev, ck_nn_step s)
{
    size_t bytes;
    ck_error e;
    if (dev->ops->prepare(dev, &s, &bytes, &e) != CK_OK)
        die(e.text);
    s.scratch = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    double start = cpu_seconds();
    dev->ops->run[s.kind](dev, &s);
    double end = cpu_seconds();
    free(s.scratch);
    return end - start;
}

int main(int argc, char **argv)
{
    int side = argc > 1 ? atoi(argv[1]) : 128, heads = argc > 2 ? atoi(argv[2]) : 8;
    int c = heads * (argc > 3 ? atoi(argv[3]) : 56);
    double all = 1e9, some = 1e9;
    ck_nn *dev;
    ck_error e;
    if (side < 2 || heads < 1 || c < heads || ck_nn_open("cpu", 2, &dev, &e) != CK_OK)
        die("usage: route_bench [SIDE [HEADS [WIDTH]]]");
    ck_nn_tensor qkv = map(side, 3 * c), y = map(side, c);
    ck_nn_tensor part[3] = {qkv, qkv, qkv};
    for (int i = 0; i < 3; i++) {
        part[i].c = c;
        part[i].data = (float *)qkv.data + i * c;
    }
    int *list = malloc((size_t)(side * side) * sizeof *list);
    ck_nn_rows quarter = {list, 0};
    for (int i = 0; list && i < side * side; i += 4)
        list[quarter.n++] = i;
    ck_nn_step s = {.kind = CK_NN_OP_ATTENTION, .x = {part[0], part[1], part[2]}, .y = y, .heads = heads};
    for (int i = 0; i < 3; i++) {
        s.rows = NULL;
        double t = run(dev, s);
        all = t < all ? t : all;
        s.rows = &quarter;
        t = run(dev, s);
        some = t < some ? t : some;
    }
    printf("%.2f | %.2f | %.3f\n", all, some, some / all);
    ck_nn_close(dev);
    free(qkv.data);
    free(y.data);
    free(list);
    return 0;
}
