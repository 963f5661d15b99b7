/* The self-check: every kernel passes; planted faults are found, and survived where there is a plainer kernel.
 *
 *     nn_check_test [DEVICE [faults]]        cpu; faults: on cuda's emulation (CK_CUDA_HOST_FAULT) */
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

/* The names of `without` are those of `fault`, in any order. */
static bool same_names(const char *fault)
{
    char name[80];
    size_t n = 0;
    bool good = true;
    for (const char *at = fault; *at; at += strcspn(at, ","), at += *at == ',') {
        snprintf(name, sizeof name, " %.*s", (int)strcspn(at, ","), at);
        const char *there = strstr(found.without, name);
        good = good && there && (there[strlen(name)] == ' ' || !there[strlen(name)]);
        n += strlen(name);
    }
    return good && n == strlen(found.without);
}

static void survived(ck_nn_precision p, const char *fault)
{
    ck_status s = check("cuda", p, fault);
    ok(s == CK_OK && same_names(fault) && strstr(found.first.text, "gelu_8"), "%s without%s: %s",
       ck_nn_precision_name(p), found.without, s == CK_OK ? found.first.text : e.text);
}

static void unfit(ck_nn_precision p, const char *fault, const char *kernel)
{
    ok(check("cuda", p, fault) == CK_ERR_UNSUPPORTED && strstr(e.text, kernel), "%s, a fault in %s: %s",
       ck_nn_precision_name(p), fault, e.text);
}

int main(int argc, char **argv)
{
    const char *device = argc > 1 ? argv[1] : "cpu";
    if (strcmp(device, "cuda")) {
        ok(check(device, CK_NN_PRECISION_F32, "") == CK_OK, "%s passes%s%s", device, *e.text ? ": " : "", e.text);
        return done_testing();
    }
    sound(device);
    if (argc < 3)
        return done_testing();
    survived(CK_NN_PRECISION_F16, "conv_mma16,conv_mma16_small,attention_mma16,attention_windows,gelu_8,patch_tiled,"
                                  "layer_norm_4,pool_8,fuse_8,apply_8,head_8");
    survived(CK_NN_PRECISION_F32, "patch_tiled,layer_norm_4,pool_8,fuse_8,apply_8,head_8,gelu_8");
    static const char *const alone[] = {"linear", "coarse", "group_norm", "finish"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        unfit(CK_NN_PRECISION_F16, alone[i], alone[i]);
    unfit(CK_NN_PRECISION_TF32, "conv_wmma", "conv_wmma");
    unfit(CK_NN_PRECISION_TF32, "attention_wmma", "attention_wmma");
    unfit(CK_NN_PRECISION_F32, "conv_f32", "conv_f32");
    unfit(CK_NN_PRECISION_F32, "attention_f32", "attention_f32");
    unfit(CK_NN_PRECISION_BF16, "pool_8,pool", "pool_8");
    unfit(CK_NN_PRECISION_TF32, "block_sums", "conv_wmma");
    unfit(CK_NN_PRECISION_BF16, "round", "linear");
    return done_testing();
}
