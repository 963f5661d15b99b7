/* The main of a program that is no stage: options, help, trace, one message, the exit status. */
#ifndef CK_BASE_TOOL_H
#define CK_BASE_TOOL_H

#include "base/option.h"

/* run(): the program's work.  `opts` is its struct, args what is left on the command line; what it prints on standard
 * output is checked.  Exit status: 0 done, 1 failed, 2 for CK_ERR_ARGUMENT. */
int ck_tool_main(const ck_program *p, ck_status (*run)(const void *opts, const ck_list *args, ck_error *e), int argc,
                 char **argv);

#endif
