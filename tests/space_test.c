/* Free space: the estimate, the verdict, and the files that count. */
#include <stdlib.h>

#include "ck-encode/siblings.h"
#include "ck-encode/space.h"
#include "tap.h"

static void estimates(void)
{
    ok(ck_space_needed(1000, 99, 0) == 99000, "the first frame's bytes, times the frames to come");
    ok(ck_space_needed(1000, 99, 9000) == 90000, "less the files that are replaced");
    ok(ck_space_needed(1000, 3, 9000) == 0 && ck_space_needed(0, 99, 0) == 0, "at least nothing");
    ok(ck_space_needed(UINT64_MAX / 2, 3, 0) == UINT64_MAX, "no overflow");
    ok(ck_space_judge(1000, 1000) == CK_SPACE_ENOUGH && ck_space_judge(0, 0) == CK_SPACE_ENOUGH, "it fits");
    ok(ck_space_judge(1000, 999) == CK_SPACE_TIGHT && ck_space_judge(1000, 500) == CK_SPACE_TIGHT, "it may not fit");
    ok(ck_space_judge(1000, 499) == CK_SPACE_SHORT && ck_space_judge(1, 0) == CK_SPACE_TIGHT, "it cannot fit");
    ok(ck_space_judge(UINT64_MAX, 1) == CK_SPACE_SHORT, "a huge estimate");
}

static void siblings(void)
{
    ck_ranges numbers, any = {0};
    if (ck_ranges_parse("1-10x3,100", &numbers, NULL) != CK_OK)
        abort();
    static const struct {
        const char *name;
        bool all, listed;
    } rows[] = {{"p.0001.exr", true, true},       {"p.0004.exr", true, true},
                {"p.0100.exr", true, true},       {"p.0002.exr", true, false},
                {"p.0001.png", false, false},     {"q.0001.exr", false, false},
                {"p.0001.exr.tmp", false, false}, {".ck-1-1-p.0001.exr.tmp", false, false},
                {"p..exr", false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(ck_sibling(rows[i].name, "p.0007.exr", &any) == rows[i].all &&
               ck_sibling(rows[i].name, "p.0007.exr", &numbers) == rows[i].listed,
           "%s", rows[i].name);
    ck_ranges_free(&numbers);
}

int main(void)
{
    estimates();
    siblings();
    return done_testing();
}
