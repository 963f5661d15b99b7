#include "io/still.h"

#include "io/av_still.h"
#include "io/cineon.h"
#include "io/exr.h"
#include "io/png.h"
#include "io/tiff.h"

ck_status ck_still_read_as(const char *path, const ck_av_choice *choice, const ck_still_select *select, ck_want want,
                           const char *name, ck_frame *f, ck_error *e)
{
    ck_still_kind kind;
    ck_status s = ck_still_probe(path, &kind, e);
    if (s != CK_OK)
        return s;
    if (kind != CK_STILL_EXR && (select->layer || select->part))
        return ck_fail(e, CK_ERR_ARGUMENT, "not an OpenEXR file: leave --%s out", select->layer ? "layer" : "part");
    switch (kind) {
    case CK_STILL_PNG:
        return ck_png_read(path, want, name, f, e);
    case CK_STILL_EXR:
        return ck_exr_read_selected(path, select, want, name, f, e);
    case CK_STILL_TIFF:
        return ck_tiff_read(path, want, name, f, e);
    case CK_STILL_RADIANCE:
        return ck_fail(e, CK_ERR_UNSUPPORTED,
                       "a Radiance picture (HDR), which this libavcodec cannot decode: convert it to OpenEXR");
    case CK_STILL_HEIC:
        return ck_fail(e, CK_ERR_UNSUPPORTED, "an HEIC picture is not read: convert it to PNG, TIFF or AVIF");
    case CK_STILL_CINEON:
        return ck_cineon_read(path, want, name, f, e);
    case CK_STILL_AV:
        return ck_av_still_read(path, choice, want, name, f, e);
    case CK_STILL_ANIMATED:
        return ck_fail(e, CK_ERR_FORMAT, "an animated PNG is a video, not a still: name it alone");
    default:
        return ck_fail(e, CK_ERR_FORMAT, "unknown image format: convert it to EXR, PNG, TIFF or JPEG");
    }
}

ck_status ck_still_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e)
{
    static const ck_av_choice as_the_file_says;
    static const ck_still_select obvious = {.threads = 1};
    return ck_still_read_as(path, &as_the_file_says, &obvious, want, name, f, e);
}
