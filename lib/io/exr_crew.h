/* Chunks of one picture on several threads.  For lib/io/exr_*.c only.
 *
 * Programs read several pictures at once, one per worker thread.  A picture that is read while workers are idle (the
 * first one, the last ones) gets their cores: before each item the caller's thread starts a helper if fewer than
 * `threads` threads decode in the whole process, and helpers leave when more do. */
#ifndef CK_IO_EXR_CREW_H
#define CK_IO_EXR_CREW_H

#include <openexr.h>

typedef struct ck_exr_crew {
    const void *job;                 /* shared by the threads */
    void *(*start)(const void *job); /* NULL: out of memory */
    exr_result_t (*run)(void *thread, const void *job, long item);
    void (*end)(void *thread);
    long items;
    int threads; /* most threads of the process, at least 1 */
} ck_exr_crew;

/* Run all items, in ascending order of their starts.  After a failure no further item starts.  Returns the result of
 * the first item that failed, whose message ck_exr_on_error has kept for the caller. */
exr_result_t ck_exr_crew_run(const ck_exr_crew *c);

#endif
