/* `ck key` passes an option to every stage that has it, so an option of several stages must have the same row
 * everywhere. */
#include <stdlib.h>
#include <string.h>

#include "ck-decode/options.h"
#include "ck-encode/options.h"
#include "ck-hint/options.h"
#include "ck-infer/options.h"
#include "ck-matte/options.h"
#include "ck-post/options.h"
#include "ck-refine/options.h"
#include "ck/options.h"
#include "tap.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* True if the rows are equal, except for the offset. */
static bool same_meaning(const ck_option *a, const ck_option *b)
{
    return a->letter == b->letter && a->type == b->type && a->min == b->min && a->max == b->max &&
           a->word_value == b->word_value && same_text(a->metavar, b->metavar) && same_text(a->init, b->init) &&
           same_text(a->words, b->words) && same_text(a->help, b->help) && a->listed == b->listed;
}

/* The number of names of `a` with another meaning in `b`; two names must not share a letter either. */
static int conflicts(const ck_option *a, const ck_option *b, const char *who, const char *other)
{
    int n = 0;
    for (; a->name; a++)
        for (const ck_option *o = b; o->name; o++) {
            bool name = !strcmp(a->name, o->name), letter = a->letter && a->letter == o->letter;
            if ((name || letter) && !(name && same_meaning(a, o))) {
                printf("# --%s of %s is not --%s of %s\n", a->name, who, o->name, other);
                n++;
            }
        }
    return n;
}

int main(void)
{
    static const ck_program *const all[] = {&ck_key_program,   &ck_decode_program, &ck_hint_program,
                                            &ck_infer_program, &ck_refine_program, &ck_matte_program,
                                            &ck_post_program,  &ck_encode_program};
    enum { N = sizeof all / sizeof *all };
    for (int i = 0; i < N; i++) {
        int n = conflicts(all[i]->options, ck_common_options, all[i]->name, "all programs");
        for (int k = i + 1; k < N; k++)
            n += conflicts(all[i]->options, all[k]->options, all[i]->name, all[k]->name);
        ok(n == 0, "every option of %s means the same where others have it", all[i]->name);
    }
    const ck_option one[] = {{'x', "same", CK_INT, 0, "N", "1", 0, 9, NULL, 0, "a number", CK_IN_ALL}, {0}};
    ck_option other[2] = {one[0], {0}};
    other[0].help = "another number";
    ok(conflicts(one, one, "a", "b") == 0 && conflicts(one, other, "a", "b") == 1, "another help text is found");
    other[0] = one[0];
    other[0].init = "2";
    ok(conflicts(one, other, "a", "b") == 1, "another default is found");
    other[0] = one[0];
    other[0].name = "else";
    ok(conflicts(one, other, "a", "b") == 1, "a letter for two names is found");
    return done_testing();
}
