/* goldcompare FILE TENSOR PLANE TOLERANCE [PART] < STREAM
 *
 * Compare a plane of the first frame with a golden's tensor, both as numbers (u8 and u16 by code).  Prints the largest
 * difference and the number of differing samples.  Status 0: no difference above TOLERANCE, and at most PART of the
 * samples (default 1, all) differ; 1: otherwise; 77: no such golden.
 *
 * TOLERANCE half+X: X plus half a ULP of the golden's float16, by which it was rounded. */
#include <string.h>
#include <unistd.h>

#include "../golden.h"
#include "image/convert.h"
#include "stream/stream.h"

static float sample(const ck_plane *p, size_t i)
{
    float v;
    if (p->type == CK_U8)
        return ((const uint8_t *)p->data)[i];
    if (p->type == CK_U16)
        return ((const uint16_t *)p->data)[i];
    ck_to_f32((const uint8_t *)p->data + i * p->elem, p->type, &v, 1);
    return v;
}

/* Half a ULP of v as a float16, whose smallest is 2^-24. */
static double half_ulp(double v)
{
    int exponent;
    frexp(v, &exponent); /* v = m 2^exponent, 0.5 <= m < 1; float16 keeps 11 bits of m */
    return ldexp(0.5, exponent < -13 ? -24 : exponent - 11);
}

static int compare(const ck_plane *p, const golden_image *want, const char *text, double part)
{
    bool rounded = !strncmp(text, "half+", 5);
    double tolerance = atof(rounded ? text + 5 : text);
    bool good = true;
    size_t n = (size_t)want->c * (size_t)want->h * (size_t)want->w, differ = 0;
    double worst = 0;
    if (p->c != want->c || p->h != want->h || p->w != want->w || p->type == CK_OTHER) {
        fprintf(stderr, "goldcompare: %d x %d x %d against %d x %d x %d\n", p->c, p->h, p->w, want->c, want->h,
                want->w);
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)sample(p, i) - (double)want->data[i]);
        differ += d != 0;
        worst = d > worst || isnan(d) ? d : worst;
        good = good && d <= tolerance + (rounded ? half_ulp(want->data[i]) : 0);
    }
    printf("largest difference %g, %zu of %zu samples differ\n", worst, differ, n);
    return good && (double)differ <= part * (double)n ? 0 : 1;
}

int main(int argc, char **argv)
{
    golden g;
    ck_error e;
    ck_reader *r = NULL;
    ck_frame f = {0};
    if (argc < 5 || !golden_open(&g, argv[1]))
        return 77;
    golden_image want = golden_planar(&g, argv[2]);
    if (ck_reader_open(STDIN_FILENO, "goldcompare", 0, &r, &e) || ck_reader_next(r, &f, &e)) {
        fprintf(stderr, "goldcompare: %s\n", e.text);
        return 1;
    }
    ck_plane *p = ck_frame_plane(&f, argv[3]);
    int status = p ? compare(p, &want, argv[4], argc > 5 ? atof(argv[5]) : 1) : 1;
    if (!p)
        fprintf(stderr, "goldcompare: no plane %s\n", argv[3]);
    ck_frame_free(&f);
    ck_reader_free(r);
    free(want.data);
    golden_close(&g);
    return status;
}
