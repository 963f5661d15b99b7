/* A frame between its neighbours: the figures that are compared. */
#ifndef CK_CK_NEIGHBOURS_H
#define CK_CK_NEIGHBOURS_H

#include "shared/job_values.h"

typedef struct ck_neighbours {
    const ck_job_values *before, *self, *after;
} ck_neighbours;

typedef struct ck_figure {
    double (*of)(
        const ck_neighbours *n); /* difference of the frame from the mean of the others, at least 0; NAN: unknown */
    void (*say)(const ck_neighbours *n, char *text, size_t size); /* the figure, and that mean */
    double floor;                                                 /* differences below are not noticed */
} ck_figure;

#define CK_FIGURES 4
extern const ck_figure ck_figures_compared[CK_FIGURES];

/* Mean difference of a cell's coverage, 0...1. */
double ck_flicker(const ck_neighbours *n);

#endif
