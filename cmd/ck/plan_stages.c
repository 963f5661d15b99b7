/* The stages that a plan is made of. */
#include <string.h>

#include "ck-decode/options.h"
#include "ck-encode/options.h"
#include "ck-hint/options.h"
#include "ck-infer/options.h"
#include "ck-matte/options.h"
#include "ck-post/options.h"
#include "ck-refine/options.h"
#include "ck/plan_inside.h"

const ck_plan_stage ck_plan_stages[CK_STAGES] = {
    [DECODE] = {.program = &ck_decode_program, .name = "decode"},
    [HINT] = {.program = &ck_hint_program, .name = "hint"},
    [INFER] = {.program = &ck_infer_program, .name = "infer"},
    [REFINE] = {.program = &ck_refine_program, .name = "refine"},
    [MATTE] = {.program = &ck_matte_program, .name = "matte"},
    [POST] = {.program = &ck_post_program, .name = "post"},
    [ENCODE] = {.program = &ck_encode_program, .name = "encode"},
};

void ck_plan_drop(ck_plan *p, int i)
{
    ck_args_free(&p->stages[i]);
    memmove(&p->stages[i], &p->stages[i + 1], (size_t)(p->n - i - 1) * sizeof *p->stages);
    p->n--;
}

const char *ck_plan_screen(const ck_plan *p)
{
    const char *screen = "auto";
    for (int i = 0; i < p->n; i++)
        for (int k = 1; k < p->stages[i].argc; k++)
            if (!strncmp(p->stages[i].argv[k], "--screen=", 9))
                screen = p->stages[i].argv[k] + 9;
    return screen;
}
