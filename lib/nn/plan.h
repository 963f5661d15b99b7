/* A network as a list of steps over one arena, laid out before the first frame.
 *
 *     ck_nn_plan_new(dev) -> tensors and steps in the order they run -> ck_nn_plan_finish -> run, run, run …
 *
 * A tensor is alive from the first step that writes it to the last that reads it; tensors never alive together share
 * memory.  Functions that build the plan keep the first failure and go on, so that building code needs no error
 * handling; ck_nn_plan_finish reports it. */
#ifndef CK_NN_PLAN_H
#define CK_NN_PLAN_H

#include "nn/nn.h"

typedef struct ck_nn_plan ck_nn_plan;

/* Several plans may share a device. */
ck_status ck_nn_plan_new(ck_nn *dev, ck_nn_plan **out, ck_error *e);
void ck_nn_plan_free(ck_nn_plan *p); /* NULL is allowed; the device stays open */

/* New tensors: activations in the device's type (ck_nn.act), f32, f64, planar f32.  Pixels of 16-bit tensors begin at
 * multiples of 16 bytes.  A size that is not positive or overflows is kept as the plan's error. */
ck_nn_tensor ck_nn_plan_act(ck_nn_plan *p, int h, int w, int c);
ck_nn_tensor ck_nn_plan_f32(ck_nn_plan *p, int h, int w, int c);
ck_nn_tensor ck_nn_plan_f64(ck_nn_plan *p, int h, int w, int c);
ck_nn_tensor ck_nn_plan_planar(ck_nn_plan *p, int c, int h, int w);

/* An activation that a bounded plan may spill to a file. */
ck_nn_tensor ck_nn_plan_map(ck_nn_plan *p, int h, int w, int c);

/* Views of t: channels from … from + n - 1; rows from … from + n - 1 (t must not be planar). */
ck_nn_tensor ck_nn_plan_view(const ck_nn_tensor *t, int from, int n);
ck_nn_tensor ck_nn_plan_rows(const ck_nn_tensor *t, int from, int n);

/* Limit memory to `bytes` (0: no limit); call before finish.  Steps with a `part` run in bands of `rows` rows, a
 * multiple of CK_NN_BLOCK, top to bottom, one step after the other.  Maps beyond the limit are spilled to a temporary
 * file; only the current band's input and output rows are in memory.  Results are bit-identical.
 *
 * A step of dilation d may write a map that begins d + rows rows before its input map in the same memory: a band
 * overwrites only rows that no later band reads.  Finish fails with CK_ERR_ARGUMENT if the limit is too small. */
void ck_nn_plan_bound(ck_nn_plan *p, size_t bytes, int rows);

/* Keep alive from the start (filled by upload), or to the end (read by download). */
void ck_nn_plan_input(ck_nn_plan *p, const ck_nn_tensor *t);
void ck_nn_plan_output(ck_nn_plan *p, const ck_nn_tensor *t);

/* Add a step; its label is "GROUP NAME". */
void ck_nn_plan_add(ck_nn_plan *p, const char *group, const char *name, ck_nn_step s);

/* Keep an error met while building, unless there is an earlier one. */
void ck_nn_plan_fail(ck_nn_plan *p, ck_status s, const ck_error *e);

/* Lay out the arena, prepare every step, allocate.  Nothing can be added afterwards. */
ck_status ck_nn_plan_finish(ck_nn_plan *p, ck_error *e);

/* The same without allocating, for ck_nn_plan_bytes.  The plan cannot run. */
ck_status ck_nn_plan_measure(ck_nn_plan *p, ck_error *e);

/* The tensor with its address, after finish. */
ck_nn_tensor ck_nn_plan_placed(const ck_nn_plan *p, const ck_nn_tensor *t);

/* Run all steps and wait for them.  timed: wait after each step and record its time. */
ck_status ck_nn_plan_run(ck_nn_plan *p, bool timed, ck_error *e);

/* Run all steps without waiting, if the backend has a queue.  The second consecutive run of the same steps without
 * lists of blocks or tokens records them; later ones replay the recording.  If recording fails, the device's
 * `unrecorded` gives the reason and steps are run one by one. */
ck_status ck_nn_plan_queue(ck_nn_plan *p, ck_error *e);

size_t ck_nn_plan_bytes(const ck_nn_plan *p);   /* memory for tensors and scratch */
size_t ck_nn_plan_spilled(const ck_nn_plan *p); /* size of the temporary file */
int ck_nn_plan_steps(const ck_nn_plan *p);
const ck_nn_step *ck_nn_plan_step(const ck_nn_plan *p, int i);
/* Kernel of step i; `why`: why faster ones do not serve it, or "".  NULL on devices without a choice. */
const char *ck_nn_plan_kernel(const ck_nn_plan *p, int i, ck_error *why);
double ck_nn_plan_ms(const ck_nn_plan *p, int i);      /* ms of step i in the last timed run */
double ck_nn_plan_mean_ms(const ck_nn_plan *p, int i); /* ms, mean over all timed runs */

#endif
