/* The command line of one stage. */
#ifndef CK_CK_ARGS_H
#define CK_CK_ARGS_H

#include "ck/plan.h"

/* Append a word, a and b together; an option, with its value unless that is NULL; --no-NAME with `back`. */
ck_status ck_args_push(ck_plan_stage *s, const char *a, const char *b, ck_error *e);
ck_status ck_args_option(ck_plan_stage *s, const ck_option *o, const char *value, bool back, ck_error *e);

/* Prepend a word: the front end's choices stand before the user's, so that the user's win. */
ck_status ck_args_first(ck_plan_stage *s, const char *a, const char *b, ck_error *e);

/* Remove all occurrences of an option.  *value: the value of the last one, owned by the caller; NULL if there was no
 * occurrence or no value. */
ck_status ck_args_take(ck_plan_stage *s, const char *option, char **value, ck_error *e);

bool ck_args_has(const ck_plan_stage *s, const char *option); /* given, and not turned off by --no-OPTION */
bool ck_args_have(const ck_plan_stage *s, const char *word);

/* The option's name in a word, "" if it is not an option; false for --no-NAME, which turns NAME off. */
bool ck_args_name(const char *word, char *name, size_t n);

/* Parse the stage's options into `opts`, the option struct of its program, without the arguments.  The caller calls
 * ck_options_free in any case. */
ck_status ck_args_parse(const ck_plan_stage *s, void *opts, ck_error *e);

void ck_args_free(ck_plan_stage *s);

#endif
