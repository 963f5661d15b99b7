/* Unfinished files, to be removed when the process ends in the middle of its work. */
#ifndef CK_BASE_TEMPFILES_H
#define CK_BASE_TEMPFILES_H

/* Register `path`, borrowed, for removal.  The same pointer unregisters it; do so before freeing it. */
void ck_tempfiles_add(const char *path);
void ck_tempfiles_forget(const char *path);

/* Remove them all.  Only before _exit(2): a thread that then finishes a file waits for ever. */
void ck_tempfiles_remove(void);

#endif
