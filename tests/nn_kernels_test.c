/* Kernels that a device chooses for steps of published models, and the reasons why faster ones do not serve.
 *
 *     nn_kernels_test [DEVICE]        cpu, which has no choice; tests/cuda_kernels.t sets the limits of CUDA devices */
#include "nn/plan.h"
#include "precision.h"

typedef struct wanted {
    const char *name; /* of the step */
    ck_nn_step step;
    const char *kernel, *why; /* why: text in the reason; "": none */
} wanted;

static ck_nn *dev;

static ck_nn_tensor act(int h, int w, int c)
{
    return (ck_nn_tensor){.type = dev->act, .h = h, .w = w, .c = c, .ld = (c + 7) / 8 * 8, .id = -1};
}

static ck_nn_step conv(int in, int out, int dilation)
{
    return (ck_nn_step){
        .kind = CK_NN_OP_CONV, .x = {act(64, 64, in)}, .y = act(64, 64, out), .dilation = dilation, .label = "conv"};
}

/* Attention of a map of 64 x 64 keys; with halved: a quarter as many queries. */
static ck_nn_step attention(int heads, int width, int window, bool halved)
{
    int c = heads * width, side = halved ? 32 : 64;
    ck_nn_tensor kv = act(64, 64, 2 * c), v = kv;
    kv.c = v.c = c;
    v.at = (size_t)c * ck_nn_type_size(v.type);
    return (ck_nn_step){.kind = CK_NN_OP_ATTENTION,
                        .x = {act(side, side, c), kv, v},
                        .y = act(side, side, c),
                        .heads = heads,
                        .window = window,
                        .label = "attention"};
}

static const char *chosen(ck_nn_step s, ck_error *why)
{
    size_t scratch;
    *why = (ck_error){""};
    return dev->ops->prepare(dev, &s, &scratch, why) == CK_OK ? dev->ops->kernel(dev, &s, why) : "none";
}

/* Convolutions take small stages if shared memory is short. */
static bool small_stages(const wanted *w, const char *kernel, const ck_error *why)
{
    return !strcmp(w->kernel, "conv_mma16") && !strcmp(kernel, "conv_mma16_small") &&
           strstr(why->text, "KiB of shared memory");
}

static void want(const wanted *w)
{
    ck_error why;
    const char *kernel = chosen(w->step, &why);
    if (small_stages(w, kernel, &why)) {
        ok(true, "%s: %s: %s", w->name, kernel, why.text);
        return;
    }
    ok(!strcmp(kernel, w->kernel) && (*w->why ? strstr(why.text, w->why) != NULL : !*why.text), "%s: %s%s%s", w->name,
       kernel, *why.text ? ": " : "", why.text);
}

/* On every device of at least compute capability 8.0 the fast kernels serve published models. */
static void published(void)
{
    const wanted all[] = {{"refiner, dilation 1", conv(64, 64, 1), "conv_mma16", ""},
                          {"refiner, dilation 2", conv(64, 64, 2), "conv_mma16", ""},
                          {"refiner, dilation 4", conv(64, 64, 4), "conv_mma16", ""},
                          {"refiner, dilation 8", conv(64, 64, 8), "conv_mma16", ""},
                          {"stem", conv(7, 64, 1), "conv_mma16", ""},
                          {"heads of 56", attention(8, 56, 0, false), "attention_mma16", ""},
                          {"heads of 72", attention(2, 72, 0, false), "attention_mma16", ""},
                          {"heads of 96", attention(4, 96, 0, false), "attention_mma16", ""},
                          {"heads of 56, windows", attention(2, 56, 8, false), "attention_windows", ""},
                          {"heads of 72, windows", attention(2, 72, 8, false), "attention_windows", ""},
                          {"heads of 96, windows", attention(1, 96, 8, false), "attention_windows", ""},
                          {"heads of 56, fewer queries", attention(2, 56, 4, true), "attention_windows", ""},
                          {"heads of 72, fewer queries", attention(2, 72, 4, true), "attention_windows", ""},
                          {"heads of 96, fewer queries", attention(2, 96, 4, true), "attention_windows", ""},
                          {"heads of 96, fewer queries of more", attention(1, 96, 8, true), "attention_windows", ""}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        want(&all[i]);
}

static void others(void)
{
    ck_nn_step skewed = conv(64, 64, 1);
    skewed.y.at = 8;
    const wanted all[] = {
        {"dilation 3", conv(64, 64, 3), "conv_wmma", "conv_mma16: dilation 3"},
        {"72 channels", conv(72, 64, 1), "conv_wmma", "conv_mma16: 72 channels: at most 64"},
        {"a view between pieces", skewed, "conv_wmma", "pixels do not begin at multiples of 16 bytes"},
        {"heads of 33", attention(1, 33, 0, false), "attention_wmma", "33 channels: no multiple of 8"},
        {"heads of 128", attention(1, 128, 0, false), "attention_wmma", "heads of 128 channels: at most 96"},
        {"heads of 136", attention(1, 136, 0, false), "none", "heads of 136 channels: at most 128"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        want(&all[i]);
}

/* Kernels given up one by one. */
static void given_up(void)
{
    ck_error why;
    ok(dev->ops->without(dev, "conv_mma16") && !strcmp(chosen(conv(64, 64, 1), &why), "conv_mma16_small") &&
           strstr(why.text, "conv_mma16: it failed the self-check"),
       "without conv_mma16: %s", why.text);
    ok(dev->ops->without(dev, "conv_mma16_small") && !strcmp(chosen(conv(64, 64, 1), &why), "conv_wmma"),
       "nor small stages: %s", why.text);
    ok(dev->ops->without(dev, "conv_wmma"), "conv_f32 is left");
    ok(!strcmp(chosen(conv(64, 64, 1), &why), "none") && strstr(why.text, "conv_f32: operands are rounded"),
       "but does not serve: %s", why.text);
    ok(!dev->ops->without(dev, "group_norm") && !dev->ops->without(dev, "linear"), "some have no other");
    ok(!dev->ops->without(dev, "abacus"), "an unknown kernel");
}

/* Steps without blocks start no kernel, which would be an error. */
static void empty_lists(void)
{
    static const ck_nn_kind kinds[] = {CK_NN_OP_CONV, CK_NN_OP_COARSE, CK_NN_OP_APPLY, CK_NN_OP_HEAD, CK_NN_OP_FINISH};
    static const int none[1];
    const ck_nn_part part = {none, 0};
    ck_error e = {""};
    bool good = true;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && good; i++) {
        ck_nn_step s = conv(64, 64, 1);
        size_t scratch;
        s.kind = kinds[i];
        s.part = &part;
        good = dev->ops->prepare(dev, &s, &scratch, &e) == CK_OK;
        if (good)
            dev->ops->run[s.kind](dev, &s);
        good = good && dev->ops->sync(dev, &e) == CK_OK;
    }
    ok(good, "empty lists start nothing%s%s", *e.text ? ": " : "", e.text);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        dev = op_open("cpu", 1);
        ok(!dev->ops->kernel && !dev->ops->without, "the cpu has no choice");
        ck_nn_close(dev);
        return done_testing();
    }
    dev = precision_open(argv[1], 1, CK_NN_PRECISION_F16);
    published();
    others();
    empty_lists();
    given_up();
    ck_nn_close(dev);
    return done_testing();
}
