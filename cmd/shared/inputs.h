/* Identities of the files that frames were read from, handed on in metadata so that no output replaces them.
 *
 * HEAD has `host`, and `inputs` for files that all frames come from; a FRAM has `inputs` for its own files.  An
 * identity is DEVICE:INODE, so links and other names of a folder do not matter; it is valid on that host only. */
#ifndef CK_SHARED_INPUTS_H
#define CK_SHARED_INPUTS_H

#include <stdbool.h>

#include "stream/meta.h"

/* Keys of HEAD, for a video: the absolute path of the file if it has sound; its time in seconds at frame 0; what it
 * says of its camera, by the container's keys. */
#define CK_SOUND "sound"
#define CK_SOUND_START "sound-start"
#define CK_CAMERA "camera."

/* Name this machine in HEAD. */
ck_status ck_inputs_host(ck_meta *head, ck_error *e);
/* Append a regular file; "-" is standard input.  Anything else is ignored. */
ck_status ck_inputs_add(ck_meta *m, const char *path, ck_error *e);

/* "SIZE MTIME" of a regular file, in bytes and seconds since 1970; false for anything else.  Unlike DEVICE:INODE it is
 * the same on every machine. */
bool ck_inputs_state(const char *path, char *buf, size_t n);

/* True if `head` was made on this machine, so that identities may be compared. */
bool ck_inputs_local(const ck_meta *head);
/* True if `path` exists and is one of the `inputs` in m. */
bool ck_inputs_have(const ck_meta *m, const char *path);

/* Fail if `path` ("-": standard input) is a saved ck-frame(5) stream, which a stage reads without ck-decode. */
ck_status ck_inputs_refuse_stream(const char *path, ck_error *e);

#endif
