/* ck key --help: the front end's options and the stages'. */
#include "base/help.h"
#include "ck/plan_inside.h"

/* True if an earlier stage has the same option. */
static bool listed(int stage, const ck_option *o)
{
    for (int i = 0; i < stage; i++)
        if (ck_option_find(ck_plan_stages[i].program, o->name))
            return true;
    return false;
}

static void most_used(void)
{
    printf("\nMost used options of the stages (each goes to every stage that has it):\n");
    for (int i = 0; i < CK_STAGES; i++)
        for (const ck_option *o = ck_plan_stages[i].program->options; o->name; o++)
            if (!listed(i, o))
                ck_help_row(o, CK_IN_KEY, stdout);
}

static void all(void)
{
    printf("\nAn option goes to every stage that has it, --STAGE:OPTION to one, as in\n--encode:threads 4.\n");
    for (int i = 0; i < CK_STAGES; i++) {
        printf("\nOptions of %s (--%s:...):\n", ck_plan_stages[i].program->name, ck_plan_stages[i].name);
        for (const ck_option *o = ck_plan_stages[i].program->options; o->name; o++)
            ck_help_row(o, CK_IN_ALL, stdout);
    }
}

void ck_plan_help(int level)
{
    ck_help_head(&ck_key_program, stdout);
    ck_help_options(&ck_key_program, level == CK_HELP_ALL ? CK_IN_ALL : CK_IN_KEY, stdout);
    if (level == CK_HELP_ALL)
        all();
    else
        most_used();
    ck_help_tail(&ck_key_program, level, stdout);
}
