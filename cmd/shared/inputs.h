/* Identities of the files that frames were read from, handed on in metadata so that no output replaces them.
 *
 * HEAD has `host` and `inputs`, the files that all frames come from; a FRAME has in `inputs` its own.  An identity is
 * DEVICE:INODE, so links and other names of a folder do not matter; it means nothing on another host. */
#ifndef CK_SHARED_INPUTS_H
#define CK_SHARED_INPUTS_H

#include "stream/meta.h"

/* Name this machine in HEAD. */
ck_status ck_inputs_host(ck_meta *head, ck_error *e);
/* Append a regular file; "-" is standard input.  Anything else is passed over. */
ck_status ck_inputs_add(ck_meta *m, const char *path, ck_error *e);

/* True if `head` was made on this machine, so that identities may be compared. */
bool ck_inputs_local(const ck_meta *head);
/* True if `path` exists and is one of them. */
bool ck_inputs_have(const ck_meta *m, const char *path);

/* A failure that says what to do if `path` holds a stream that was saved, which no program takes as footage. */
ck_status ck_inputs_refuse_stream(const char *path, ck_error *e);

#endif
