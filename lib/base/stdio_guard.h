/* Standard input, output and error, whatever the parent left of them. */
#ifndef CK_BASE_STDIO_GUARD_H
#define CK_BASE_STDIO_GUARD_H

/* Call first in main.  A standard descriptor that the parent closed would be given to the next file that is opened,
 * which then takes what is meant for it; here it is given something that can be neither read nor written, so that
 * using it fails with EBADF as if it were closed still. */
void ck_stdio_guard(void);

#endif
