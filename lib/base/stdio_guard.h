/* Standard descriptors that the parent closed. */
#ifndef CK_BASE_STDIO_GUARD_H
#define CK_BASE_STDIO_GUARD_H

/* Call first in main.  The next file opened would get a closed standard descriptor, and with it the data meant for
 * stdin, stdout or stderr.  This opens a placeholder there that can be neither read nor written: using it fails with
 * EBADF, as before. */
void ck_stdio_guard(void);

#endif
