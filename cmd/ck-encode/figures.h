/* Figures of each frame, which a later look at the whole shot compares, and a small picture for a report.  The record
 * of a run (recorder.h) has them beside the frame's files. */
#ifndef CK_ENCODE_FIGURES_H
#define CK_ENCODE_FIGURES_H

#include "shared/job_values.h"
#include "stream/frame.h"

typedef struct ck_figures {
    ck_job_values values;
    uint8_t *picture; /* a JPEG file; owned, or NULL */
    size_t size;
} ck_figures;

/* Measure the matte, if the frame has one, and draw the picture if `picture`.  Any thread. */
ck_status ck_figures_make(ck_frame *f, bool picture, ck_figures *out, ck_error *e);

/* Add the times that each program computed, this one's `spent` in microseconds among them. */
void ck_figures_times(const ck_frame *f, const char *program, uint64_t spent, ck_figures *out);

void ck_figures_free(ck_figures *g);

#endif
