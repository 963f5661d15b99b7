#include "io/exr_layers.h"

#include <string.h>
#include <strings.h>

/* Length of the layer's name in a channel name. */
static size_t prefix(const char *channel)
{
    const char *dot = strrchr(channel, '.');
    return dot ? (size_t)(dot - channel) : 0;
}

static bool same_layer(const char *a, size_t n, const char *channel)
{
    return prefix(channel) == n && !memcmp(a, channel, n);
}

/* Remember channel i in *at if its last name is one of the two.  The plain capital, as in the format's own convention,
 * replaces other spellings. */
static void take(int *at, int i, const char *last, const char *letter, const char *word)
{
    if (!strcmp(last, letter) || (*at < 0 && (!strcasecmp(last, letter) || (word && !strcasecmp(last, word)))))
        *at = i;
}

ck_exr_layer ck_exr_layer_of(const exr_attr_chlist_t *list, int channel)
{
    const char *name = list->entries[channel].name.str;
    ck_exr_layer l = {.name_view = name,
                      .length = prefix(name),
                      .first = channel,
                      .rgb = {-1, -1, -1},
                      .xyz = {-1, -1, -1},
                      .y = -1,
                      .ry = -1,
                      .by = -1,
                      .a = -1};
    for (int i = 0; i < list->num_channels; i++) {
        const char *s = list->entries[i].name.str;
        if (!same_layer(name, l.length, s))
            continue;
        const char *last = strrchr(s, '.') ? s + l.length + 1 : s;
        l.n++;
        take(&l.rgb[0], i, last, "R", "red");
        take(&l.rgb[1], i, last, "G", "green");
        take(&l.rgb[2], i, last, "B", "blue");
        take(&l.a, i, last, "A", "alpha");
        take(&l.xyz[0], i, last, "X", NULL);
        take(&l.xyz[1], i, last, "Y", NULL);
        take(&l.xyz[2], i, last, "Z", NULL);
        take(&l.y, i, last, "Y", NULL);
        take(&l.ry, i, last, "RY", NULL);
        take(&l.by, i, last, "BY", NULL);
    }
    return l;
}

bool ck_exr_layer_next(const exr_attr_chlist_t *list, int *at, ck_exr_layer *out)
{
    for (; *at < list->num_channels; ++*at) {
        const char *name = list->entries[*at].name.str;
        int before = 0;
        while (before < *at && !same_layer(name, prefix(name), list->entries[before].name.str))
            before++;
        if (before < *at)
            continue;
        *out = ck_exr_layer_of(list, (*at)++);
        return true;
    }
    return false;
}

bool ck_exr_has_all(const int index[3])
{
    return index[0] >= 0 && index[1] >= 0 && index[2] >= 0;
}
