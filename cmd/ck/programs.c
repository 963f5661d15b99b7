#include "ck/programs.h"

#include "ck-compare/options.h"
#include "ck-decode/options.h"
#include "ck-encode/options.h"
#include "ck-hint/options.h"
#include "ck-infer/options.h"
#include "ck-info/options.h"
#include "ck-matte/options.h"
#include "ck-model/options.h"
#include "ck-post/options.h"
#include "ck-refine/options.h"
#include "ck-synth/options.h"

const ck_program *const ck_programs[] = {&ck_decode_program, &ck_synth_program, &ck_hint_program,    &ck_infer_program,
                                         &ck_refine_program, &ck_matte_program, &ck_post_program,    &ck_encode_program,
                                         &ck_info_program,   &ck_model_program, &ck_compare_program, NULL};
