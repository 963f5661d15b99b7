/* The main function of a program that is not a stage: options, help, trace, one error message, exit status. */
#ifndef CK_BASE_TOOL_H
#define CK_BASE_TOOL_H

#include "base/option.h"

/* `run` does the program's work.  `opts` is the program's option struct, args the arguments that remain.  A failed
 * write to standard output is detected afterwards.  Exit status: 0 done, 1 failed, 2 for CK_ERR_ARGUMENT. */
int ck_tool_main(const ck_program *p, ck_status (*run)(const void *opts, const ck_list *args, ck_error *e), int argc,
                 char **argv);

#endif
