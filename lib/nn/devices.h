/* Several devices under one name: "cuda:0,1" is cuda:0 and cuda:1. */
#ifndef CK_NN_DEVICES_H
#define CK_NN_DEVICES_H

#include "base/status.h"

#define CK_NN_DEVICES 16

typedef struct ck_nn_devices {
    int n; /* from 1 */
    char name[CK_NN_DEVICES][32];
} ck_nn_devices;

/* Any other text is one device: ck_nn_open says whether there is such.  CK_ERR_ARGUMENT for a list that is none, or
 * that names a device twice. */
ck_status ck_nn_devices_named(const char *text, ck_nn_devices *out, ck_error *e);

/* How many that are: 1 for what is an error above. */
int ck_nn_devices_count(const char *text);

#endif
