/* CK_CLONES before a function: compile its plain loops for several x86-64 instruction sets and pick one at load time.
 * Results are identical (no FMA contraction, no reassociation); only the vector width differs.  Functions that it calls
 * must be `static inline` to be cloned along.
 *
 * CK_CLONES_SHORT leaves out the 512-bit vectors.  It is for short loops amid other code: some processors lower their
 * clock for such vectors and slow that code down (libpng's inflate around our row splitter: 15 %).
 *
 * Off under the sanitizers: the resolver would run before their runtime is ready. */
#ifndef CK_BASE_CLONES_H
#define CK_BASE_CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__)
#define CK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#define CK_CLONES_SHORT __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define CK_CLONES
#define CK_CLONES_SHORT
#endif

#endif
