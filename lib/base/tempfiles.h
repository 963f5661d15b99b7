/* Unfinished files, to be removed when the process ends in the middle of its work. */
#ifndef CK_BASE_TEMPFILES_H
#define CK_BASE_TEMPFILES_H

/* Create `path`, borrowed, with open(2)'s flags, and register it for removal.  The descriptor, or -1 with errno. */
int ck_tempfiles_create(const char *path, int flags);
/* Unregister the same pointer; do so before freeing it. */
void ck_tempfiles_forget(const char *path);

/* Remove them all.  Only before _exit(2): a thread that then creates or finishes a file waits for ever. */
void ck_tempfiles_remove(void);

#endif
