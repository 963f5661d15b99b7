/* The commands of ck.  Each takes the arguments from its own name on, and returns the exit status. */
#ifndef CK_CK_COMMANDS_H
#define CK_CK_COMMANDS_H

/* Their names, for completion; tests/completion.t compares them with `ck help`. */
#define CK_COMMAND_NAMES "key verify report model doctor formats bench completion help version"

int ck_command_key(int argc, char **argv);
int ck_command_verify(int argc, char **argv);
int ck_command_report(int argc, char **argv);
int ck_command_model(int argc, char **argv);
int ck_command_doctor(int argc, char **argv);
int ck_command_formats(int argc, char **argv);
int ck_command_bench(int argc, char **argv);
int ck_command_completion(int argc, char **argv);

#endif
