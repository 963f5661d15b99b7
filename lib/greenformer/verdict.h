/* Verdicts of the self-check, kept in the user's cache and in this process. */
#ifndef CK_GREENFORMER_VERDICT_H
#define CK_GREENFORMER_VERDICT_H

#include <stdbool.h>

typedef struct ck_verdict {
    bool fit;          /* false: the device cannot be used */
    char without[512]; /* kernels to do without, see ck_nn_findings */
    char why[1024];    /* the first failure; "" if everything passed */
} ck_verdict;

/* key: text of one line that identifies device, driver, build and precision. */
bool ck_verdict_known(const char *key, ck_verdict *v);
void ck_verdict_keep(const char *key, const ck_verdict *v);

#endif
