/* A list of devices in one string: "cuda:0,1" stands for cuda:0 and cuda:1. */
#ifndef CK_NN_DEVICES_H
#define CK_NN_DEVICES_H

#include "base/status.h"

#define CK_NN_DEVICES 16

typedef struct ck_nn_devices {
    int n; /* at least 1 */
    char name[CK_NN_DEVICES][32];
} ck_nn_devices;

/* Split a list.  Any other text is one device, which ck_nn_open checks.  CK_ERR_ARGUMENT for a malformed list or a
 * device named twice. */
ck_status ck_nn_devices_named(const char *text, ck_nn_devices *out, ck_error *e);

/* Number of devices in the list, 1 if it is malformed. */
int ck_nn_devices_count(const char *text);

#endif
