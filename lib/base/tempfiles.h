/* A register of unfinished files, removed when the process ends early. */
#ifndef CK_BASE_TEMPFILES_H
#define CK_BASE_TEMPFILES_H

/* Create `path` with open(2)'s flags and register it for removal.  The pointer is kept, not copied.  Returns the
 * descriptor, or -1 with errno set. */
int ck_tempfiles_create(const char *path, int flags);
/* Unregister; takes the same pointer, before it is freed. */
void ck_tempfiles_forget(const char *path);

/* Remove all registered files.  Only before _exit(2): afterwards a thread that creates or finishes a file blocks for
 * ever. */
void ck_tempfiles_remove(void);

#endif
