/* A network as a list of steps over one arena, laid out before the first frame.
 *
 *     ck_nn_plan_new(dev) -> tensors and steps in the order they run -> ck_nn_plan_finish -> run, run, run …
 *
 * A tensor takes memory from the step that writes it first to the one that reads it last; tensors
 * that are never alive together share bytes.  The functions that add a step remember the first failure,
 * so that a network reads like its formula; ck_nn_plan_finish reports it. */
#ifndef CK_NN_PLAN_H
#define CK_NN_PLAN_H

#include "nn/nn.h"

typedef struct ck_nn_plan ck_nn_plan;

/* Several plans may share a device. */
ck_status ck_nn_plan_new(ck_nn *dev, ck_nn_plan **out, ck_error *e);
void ck_nn_plan_free(ck_nn_plan *p); /* NULL is fine; the device stays */

/* New tensors: activations in the device's preferred type, float32, float64, planar float32.  Pixels of 16-bit ones
 * begin at multiples of 16 bytes.  A size that is not positive or overflows is remembered as an error. */
ck_nn_tensor ck_nn_plan_act(ck_nn_plan *p, int h, int w, int c);
ck_nn_tensor ck_nn_plan_f32(ck_nn_plan *p, int h, int w, int c);
ck_nn_tensor ck_nn_plan_f64(ck_nn_plan *p, int h, int w, int c);
ck_nn_tensor ck_nn_plan_planar(ck_nn_plan *p, int c, int h, int w);

/* An activation that may lie in a file where the plan is bounded. */
ck_nn_tensor ck_nn_plan_map(ck_nn_plan *p, int h, int w, int c);

/* Channels from … from+n-1 of t; its rows, of one that is not planar. */
ck_nn_tensor ck_nn_plan_view(const ck_nn_tensor *t, int from, int n);
ck_nn_tensor ck_nn_plan_rows(const ck_nn_tensor *t, int from, int n);

/* Before finish: take at most `bytes` of memory.  Steps that have a `part` are run in bands of `rows` rows (a multiple
 * of CK_NN_BLOCK) from top to bottom, all of a step before the next; the maps that do not fit lie in a temporary file,
 * of which one band's surroundings are in memory at a time.  The results are the same to the byte.
 * A step of dilation d may write a map that lies d + rows rows before the one that it reads, in the same memory:
 * what a band overwrites nobody needs any more.  Finish fails with CK_ERR_ARGUMENT if the rest alone is too large. */
void ck_nn_plan_bound(ck_nn_plan *p, size_t bytes, int rows);

/* Alive from the start (filled by upload) or to the end (read by download). */
void ck_nn_plan_input(ck_nn_plan *p, const ck_nn_tensor *t);
void ck_nn_plan_output(ck_nn_plan *p, const ck_nn_tensor *t);

/* Add a step; its label is "GROUP NAME". */
void ck_nn_plan_add(ck_nn_plan *p, const char *group, const char *name, ck_nn_step s);

/* Remember an error met while building. */
void ck_nn_plan_fail(ck_nn_plan *p, ck_status s, const ck_error *e);

/* Lay out the arena, prepare every step, take the memory.  No tensors or steps can be added after. */
ck_status ck_nn_plan_finish(ck_nn_plan *p, ck_error *e);

/* Instead of finish: all but the memory, which ck_nn_plan_bytes then tells.  The plan cannot run. */
ck_status ck_nn_plan_measure(ck_nn_plan *p, ck_error *e);

/* The tensor with its place in memory, after finish. */
ck_nn_tensor ck_nn_plan_placed(const ck_nn_plan *p, const ck_nn_tensor *t);

/* Run all steps and wait for them.  `timed`: wait after each one and keep its time. */
ck_status ck_nn_plan_run(ck_nn_plan *p, bool timed, ck_error *e);

/* Run all steps without waiting, where the backend queues them.  It records them at the second run in a row that has
 * the same steps to do and no lists of blocks, and replays them from then on; where it cannot, the device's
 * `unrecorded` says why, and they are run as before. */
ck_status ck_nn_plan_queue(ck_nn_plan *p, ck_error *e);

size_t ck_nn_plan_bytes(const ck_nn_plan *p);   /* of memory: tensors and scratch */
size_t ck_nn_plan_spilled(const ck_nn_plan *p); /* of the temporary file */
int ck_nn_plan_steps(const ck_nn_plan *p);
const ck_nn_step *ck_nn_plan_step(const ck_nn_plan *p, int i);
double ck_nn_plan_ms(const ck_nn_plan *p, int i);      /* of step i in the last timed run */
double ck_nn_plan_mean_ms(const ck_nn_plan *p, int i); /* in all of them */

#endif
