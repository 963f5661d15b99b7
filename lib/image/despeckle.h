/* Keep a matte's large parts and their surroundings, drop specks. */
#ifndef CK_IMAGE_DESPECKLE_H
#define CK_IMAGE_DESPECKLE_H

#include <stdint.h>

#include "base/status.h"

#define CK_DESPECKLE_AREA 400
#define CK_DESPECKLE_GROW 25 /* radius: the 51 px ellipse */
#define CK_DESPECKLE_BLUR 11 /* taps */

/* out = alpha * mask/255, mask: alpha > 0.5, of which the 8-connected components of at least `area`
 * pixels, dilated by the ellipse of radius `grow`, blurred with `blur` taps in fixed point.
 * alpha and out are (h,w) and may be the same. */
ck_status ck_despeckle(const float *alpha, int h, int w, uint64_t area, int grow, int blur, float *out, ck_error *e);

#endif
