/* Animated PNG: a PNG with further frames that ordinary PNG readers ignore. */
#ifndef CK_IO_APNG_H
#define CK_IO_APNG_H

/* Number of frames declared in the chunk acTL; 0 if it is not an animated PNG.  Reads with pread only. */
long ck_apng_frames(int fd);

#endif
