/* The self-check: every kernel passes; planted faults are found, and survived where there is a plainer kernel.
 *
 *     nn_check_test [DEVICE [KERNEL...]]        cpu; KERNEL...: those of cuda, whose faults the emulation plants
 *                                               (CK_CUDA_HOST_FAULT): each is found */
#include <stdlib.h>
#include <string.h>

#include "nn/check.h"
#include "tap.h"

static ck_nn_findings found;
static ck_error e;

static ck_status check(const char *device, ck_nn_precision p, const char *fault)
{
    setenv("CK_CUDA_HOST_FAULT", fault, 1);
    e = (ck_error){""};
    return ck_nn_check(device, p, &found, &e);
}

static void sound(const char *device)
{
    for (ck_nn_precision p = CK_NN_PRECISION_F32; p < CK_NN_PRECISION_AUTO; p++)
        ok(check(device, p, "") == CK_OK && !*found.without && !*found.first.text, "%s at %s%s%s", device,
           ck_nn_precision_name(p), *e.text ? ": " : "", e.text);
}

/* Faults that were found, each with a comma before and after it. */
static char known[4096] = ",";

static void remember(const char *faults)
{
    size_t n = strlen(known);
    snprintf(known + n, sizeof known - n, "%s,", faults);
}

/* The names of `without` are those of `fault`, in any order. */
static bool same_names(const char *fault)
{
    char name[80];
    size_t n = 0;
    bool good = true;
    for (const char *at = fault; *at; at += strcspn(at, ","), at += *at == ',') {
        snprintf(name, sizeof name, " %.*s", (int)strcspn(at, ":,"), at);
        const char *there = strstr(found.without, name);
        good = good && there && (there[strlen(name)] == ' ' || !there[strlen(name)]);
        n += strlen(name);
    }
    return good && n == strlen(found.without);
}

/* Plainer kernels replace all that are faulty, of which `first` is found first. */
static void survived(ck_nn_precision p, const char *fault, const char *first)
{
    ck_status s = check("cuda", p, fault);
    bool good = s == CK_OK && same_names(fault) && strstr(found.first.text, first);
    ok(good, "%s, faults in %s: without%s: %s", ck_nn_precision_name(p), fault, found.without,
       s == CK_OK ? found.first.text : e.text);
    remember(good ? fault : "");
}

/* With the last fault no kernel is left.  `first`: the kernel that is found first. */
static void unfit(ck_nn_precision p, const char *fault, const char *first)
{
    bool good = check("cuda", p, fault) == CK_ERR_UNSUPPORTED && strstr(e.text, first);
    ok(good, "%s, a fault in %s: %s", ck_nn_precision_name(p), fault, e.text);
    const char *last = strrchr(fault, ',');
    remember(good ? last ? last + 1 : fault : "");
}

static void faults(void)
{
    const ck_nn_precision f32 = CK_NN_PRECISION_F32, f16 = CK_NN_PRECISION_F16, tf32 = CK_NN_PRECISION_TF32,
                          bf16 = CK_NN_PRECISION_BF16;
    survived(f16,
             "conv_mma16,conv_mma16_small,attention_mma16,attention_windows,gelu_8,patch_tiled,layer_norm_4,pool_8,"
             "fuse_8,apply_8,head_8",
             "gelu_8");
    survived(f32, "patch_tiled,layer_norm_4,pool_8,fuse_8,apply_8,head_8,gelu_8", "gelu_8");
    static const char *const alone[] = {"linear", "coarse", "group_norm", "finish", "merge"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        unfit(f16, alone[i], alone[i]);
    unfit(tf32, "conv_wmma", "conv_wmma");
    unfit(tf32, "attention_wmma", "attention_wmma");
    unfit(f32, "conv_f32", "conv_f32");
    unfit(f32, "attention_f32", "attention_f32");
    unfit(bf16, "pool_8,pool", "pool_8");
    unfit(f32, "gelu_8,gelu", "gelu_8");
    unfit(f32, "patch_tiled,patch_simple", "patch_tiled");
    unfit(f32, "layer_norm_4,layer_norm", "layer_norm_4");
    unfit(f32, "fuse_8,fuse", "fuse_8");
    unfit(f32, "apply_8,apply", "apply_8");
    unfit(f32, "head_8,head", "head_8");
    unfit(tf32, "block_sums", "conv_wmma");
    unfit(bf16, "round", "linear");
}

/* Faults in launches with a list of tokens or blocks only. */
static void faults_of_lists(void)
{
    const ck_nn_precision f32 = CK_NN_PRECISION_F32, f16 = CK_NN_PRECISION_F16, tf32 = CK_NN_PRECISION_TF32;
    survived(f16, "attention_mma16:list,conv_mma16:list,conv_mma16_small:list,apply_8:list,head_8:list",
             "norm, add, relu of listed blocks: apply_8");
    unfit(f16, "merge:list", "merge of listed tokens: merge");
    unfit(tf32, "attention_wmma:list", "attention of listed tokens: attention_wmma");
    unfit(tf32, "conv_wmma:list", "convolution of listed blocks: conv_wmma");
    unfit(tf32, "block_sums:list", "convolution of listed blocks: conv_wmma");
    unfit(f32, "attention_f32:list", "attention of listed tokens: attention_f32");
    unfit(f32, "conv_f32:list", "convolution of listed blocks: conv_f32");
    unfit(f32, "coarse:list", "coarse matte of listed blocks: coarse");
    unfit(f32, "apply_8:list,apply:list", "listed blocks: apply_8");
    unfit(f32, "head_8:list,head:list", "listed blocks: head_8");
    unfit(f32, "finish:list", "final matte of listed blocks: finish");
}

/* Every kernel of the backend's table has a problem, or its fault would not have been found. */
static void all_known(char **kernels, int n)
{
    char name[80];
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, ",%s,", kernels[i]);
        ok(strstr(known, name), "a fault in %s is found", kernels[i]);
    }
}

int main(int argc, char **argv)
{
    const char *device = argc > 1 ? argv[1] : "cpu";
    if (strcmp(device, "cuda")) {
        ok(check(device, CK_NN_PRECISION_F32, "") == CK_OK, "%s passes%s%s", device, *e.text ? ": " : "", e.text);
        return done_testing();
    }
    sound(device);
    if (argc > 2) {
        faults();
        faults_of_lists();
        all_known(argv + 2, argc - 2);
    }
    return done_testing();
}
