#include "ck-decode/facts.h"

#include <string.h>

#include "base/log.h"
#include "image/gamut.h"
#include "io/still.h"

static const char *const keys[] = {"transfer", "primaries", CK_SOURCE_TRANSFER, CK_SOURCE_PRIMARIES, CK_SOURCE_SPACE,
                                   "sar",      "rate"};
#define KEYS (sizeof keys / sizeof *keys)

ck_status ck_facts_start(ck_facts *t, const ck_frame *first, ck_meta *head, ck_error *e)
{
    ck_status s = CK_OK;
    for (size_t i = 0; i < KEYS && s == CK_OK; i++) {
        const char *value = ck_meta_get(&first->meta, keys[i]);
        if (value)
            s = ck_meta_set(head, keys[i], value, e);
        if (s == CK_OK)
            s = ck_meta_set(&t->head, keys[i], ck_meta_get(head, keys[i]), e);
    }
    return s;
}

/* Remove values that equal HEAD's; a different value stays in the frame, and is reported once. */
static ck_status compare(ck_facts *t, const char *name, ck_frame *f, ck_error *e)
{
    ck_status s = CK_OK;
    for (size_t i = 0; i < KEYS && s == CK_OK; i++) {
        const char *value = ck_meta_get(&f->meta, keys[i]), *first = ck_meta_get(&t->head, keys[i]);
        if (!value || (first && !strcmp(first, value)))
            s = ck_meta_set(&f->meta, keys[i], NULL, e);
        else if (!atomic_flag_test_and_set(&t->differed))
            ck_log_warning("%s: %s is %s, but %s in the first frame, whose value labels all outputs", name, keys[i],
                           value, first ? first : "not stated");
    }
    return s;
}

ck_status ck_facts_say(ck_facts *t, bool overruled, const char *name, ck_frame *f, ck_error *e)
{
    const char *note = ck_meta_get(&f->meta, CK_STILL_NOTE), *warning = ck_meta_get(&f->meta, CK_STILL_WARNING);
    if (note && !atomic_flag_test_and_set(&t->noted))
        ck_log_info("%s: %s", name, note);
    if (warning && !overruled && !atomic_flag_test_and_set(&t->warned))
        ck_log_warning("%s: %s", name, warning);
    ck_status s = ck_meta_set(&f->meta, CK_STILL_NOTE, NULL, e);
    if (s == CK_OK)
        s = ck_meta_set(&f->meta, CK_STILL_WARNING, NULL, e);
    return s;
}

ck_status ck_facts_settle(ck_facts *t, bool overruled, const char *name, ck_frame *f, ck_error *e)
{
    ck_status s = ck_facts_say(t, overruled, name, f, e);
    return s == CK_OK ? compare(t, name, f, e) : s;
}

void ck_facts_free(ck_facts *t)
{
    ck_meta_free(&t->head);
}
