#include "ck-encode/labels.h"

#include <string.h>

#include "io/av_colour.h"
#include "io/av_write.h"

/* The plane encoding of a curve that no program decodes; NULL for the others. */
static const char *kept_curve(const char *transfer)
{
    if (!transfer)
        return NULL;
    if (!strncmp(transfer, "gamma", 5) && strchr(transfer, '.'))
        return transfer; /* "gamma1.8"; libav's gamma22 and gamma28 are curves of video */
    if (!strcmp(transfer, "log"))
        return transfer;
    const char *encoding = ck_av_encoding_of((int)ck_av_transfer(transfer));
    return strcmp(encoding, "srgb") && strcmp(encoding, "linear") ? encoding : NULL;
}

const char *ck_label_encoding(const char *transfer, const ck_plane *p, bool display)
{
    const char *curve = kept_curve(transfer);
    bool made = !strcmp(p->name, "fg") || !strcmp(p->name, "comp") || !strcmp(p->name, "processed");
    bool linear = !strcmp(p->encoding, "linear"), srgb = !strcmp(p->encoding, "srgb");
    if (curve && made && (srgb || (linear && display)))
        return curve;
    if (curve && made && linear)
        return "unknown";
    if (linear && display)
        return "srgb";
    return *p->encoding ? p->encoding : "unknown";
}
