/* ck-gain: multiply alpha.  ck-decode shot.mov | ck-hint --method key | ck-matte --from hint | ck-gain -g 0.9 | ... */
#include <ckeyer/ckeyer.h>

typedef struct options {
    ck_common common; /* must be first */
    double gain;
} options;

static ck_status multiply(void *state, ck_frame *f, ck_error *e)
{
    ck_plane *alpha;
    ck_status s = ck_frame_need(f, "alpha", 1, 1 << CK_F32, &alpha, e);
    if (s != CK_OK || (s = ck_frame_edit(f, "alpha", &alpha, e)) != CK_OK)
        return s;
    float *a = (float *)ck_plane_data(alpha), gain = (float)((options *)state)->gain;
    for (size_t i = 0; i < alpha->bytes / sizeof *a; i++)
        a[i] *= gain;
    return CK_OK;
}

static const ck_option rows[] = {
    {'g', "gain", CK_FLOAT, offsetof(options, gain), "X", "0.9", 0, 10, NULL, 0, "factor for alpha", CK_IN_HELP}, {0}};
static const ck_program program = {"ck-gain", "multiply alpha", "", rows, sizeof(options), NULL, "", NULL, NULL, "1.0"};
static const ck_stage stage = {.program = &program, .frame = multiply};

int main(int argc, char **argv)
{
    return ck_stage_main(&stage, argc, argv);
}
