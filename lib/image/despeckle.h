/* Remove specks from a matte; keep large parts and their surroundings. */
#ifndef CK_IMAGE_DESPECKLE_H
#define CK_IMAGE_DESPECKLE_H

#include <stdint.h>

#include "base/status.h"

#define CK_DESPECKLE_AREA 400
#define CK_DESPECKLE_GROW 25 /* radius in pixels: an ellipse of 51 x 51 */
#define CK_DESPECKLE_BLUR 11 /* taps */

/* out = alpha * mask/255.  The mask: alpha > 0.5, reduced to 8-connected components of at least `area` pixels, dilated
 * by the ellipse of radius `grow`, blurred with `blur` x `blur` taps in fixed point (ck_gaussian).  alpha and out are
 * [h, w] f32 and may be the same. */
ck_status ck_despeckle(const float *alpha, int h, int w, uint64_t area, int grow, int blur, float *out, ck_error *e);

#endif
