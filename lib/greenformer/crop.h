/* The region of a plate that the network sees instead of the whole plate.
 *
 *     frame --cut--> a frame of the region alone --network--> its results --paste--> the frame
 *
 * The network's programs run on the cut frame as on any other, so a region's results are those of a plate cropped by
 * hand, to the byte.  The region travels as FRAME metadata `region`. */
#ifndef CK_GREENFORMER_CROP_H
#define CK_GREENFORMER_CROP_H

#include "stream/frame.h"

#define CK_CROP_REGION "region" /* FRAME metadata: X,Y,W,H in pixels of the plate; none: the whole plate */
#define CK_CROP_HEAD "crop"     /* HEAD metadata: ck-infer's --crop; later frames may have a region */

typedef struct ck_crop {
    int x, y, w, h; /* pixels of the plate; w = 0: the whole plate */
} ck_crop;

/* Read "X,Y,W,H", whole numbers with W and H above 0.  Neither is checked against a plate. */
bool ck_crop_parse(const char *text, ck_crop *c);

/* True if the region lies inside a plate of h x w. */
bool ck_crop_inside(const ck_crop *c, int h, int w);

/* The frame's region; w = 0 if it has none or it covers the plate.  CK_ERR_FORMAT if it is malformed or exceeds the
 * plate. */
ck_status ck_crop_of(const ck_frame *f, const ck_plane *plate, ck_crop *c, ck_error *e);

/* Set the frame's region, or remove it if w = 0. */
ck_status ck_crop_set(ck_frame *f, const ck_crop *c, ck_error *e);

/* The box around the subject in a plate of h x w: hint above 0.1, a margin of 1/32 of the longer side, rounded outwards
 * to multiples of 64 pixels.  like_plate: widened to about the plate's aspect ratio.  w = 0, the whole plate, if the
 * box has more than two thirds of the plate's pixels, or if there is no subject.  hint: one channel of u8, u16, f16 or
 * f32, of any size; a NaN counts as subject.  Depends on nothing else: equal hints give equal boxes. */
ck_status ck_crop_subject(const ck_plane *hint, int h, int w, bool like_plate, ck_crop *c, ck_error *e);

/* Fill the empty frame *inside with the metadata, the region of `rgb`, and the logits, which are shared.  Free it by
 * ck_frame_free even after a failure. */
ck_status ck_crop_cut(ck_frame *f, const ck_crop *c, ck_frame *inside, ck_error *e);

/* Add the region of another plane, if the frame has it.  A plane of another size than the plate must have one channel,
 * and is resized to the plate first (ck_input_hint). */
ck_status ck_crop_cut_plane(ck_frame *f, const ck_crop *c, const char *name, ck_frame *inside, ck_error *e);

/* Add the region of refine_map, if the frame has it: u8, 255 for pixels that a sample above 0 covers in part.  A map
 * that is not one channel of a known type is shared as it is: the refiner refuses it. */
ck_status ck_crop_cut_map(ck_frame *f, const ck_crop *c, ck_frame *inside, ck_error *e);

/* Put results into the frame.  Matte and foreground get the plate's size: alpha is 0 outside the region, fg is the
 * plate, sRGB-encoded.  With `native` they are copied as they are, and cover the region alone.  Logits are copied, and
 * removed if `inside` lacks them. */
ck_status ck_crop_paste(ck_frame *inside, const ck_crop *c, bool native, ck_frame *f, ck_error *e);

/* Put the refine_map of `inside`, of one sample per block, into the frame at the plate's size, 0 outside. */
ck_status ck_crop_paste_map(ck_frame *inside, const ck_crop *c, ck_frame *f, ck_error *e);

#endif
