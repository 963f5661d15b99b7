/* Animated PNG: a PNG with further frames, which PNG readers do not see. */
#ifndef CK_IO_APNG_H
#define CK_IO_APNG_H

/* The frames that a file declares (its chunk acTL), 0 when it is no animated PNG.  Reads with pread alone. */
long ck_apng_frames(int fd);

#endif
