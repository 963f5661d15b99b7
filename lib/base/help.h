/* The texts of --help and --help=all, made from the option tables. */
#ifndef CK_BASE_HELP_H
#define CK_BASE_HELP_H

#include "base/option.h"

/* `level`: CK_HELP_BRIEF or CK_HELP_ALL. */
void ck_help_print(const ck_program *p, int level, FILE *f);

/* Its parts, for a program with more sections: usage and summary; options; examples and where to read on. */
void ck_help_head(const ck_program *p, FILE *f);
void ck_help_options(const ck_program *p, ck_listed least, FILE *f);
void ck_help_tail(const ck_program *p, int level, FILE *f);

/* One row, if it is at least as much used as `least`. */
void ck_help_row(const ck_option *o, ck_listed least, FILE *f);

#endif
