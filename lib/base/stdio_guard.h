/* Placeholders for standard descriptors that the parent closed. */
#ifndef CK_BASE_STDIO_GUARD_H
#define CK_BASE_STDIO_GUARD_H

/* Call first in main.  Otherwise the next file opened would get the number of a closed standard descriptor, and data
 * for stdin, stdout or stderr would go there.  The placeholder can be neither read nor written: use fails with EBADF,
 * as before. */
void ck_stdio_guard(void);

#endif
