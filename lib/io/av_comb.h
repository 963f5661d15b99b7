/* Combing: the trace of two fields in one frame, where something has moved between them. */
#ifndef CK_IO_AV_COMB_H
#define CK_IO_AV_COMB_H

struct AVFrame;

/* The part of the picture, 0 to 1, whose lines differ from their neighbours but not from the lines after those: every
 * 8th line is looked at, in runs of 8 pixels, so that grain averages out.  A run counts if it differs by more than
 * 1/16 of the range, and by four times as much as lines of one field do.  0 for formats that are not planar with 8 to
 * 16 bits. */
double ck_av_combing(const struct AVFrame *av);

/* From here on a picture is said to be combed. */
#define CK_COMBED 0.01

#endif
