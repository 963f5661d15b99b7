#include "io/tiff_labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *ck_tiff_labels_text(const ck_meta *about)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    for (size_t i = 0; f && i < about->n; i++) {
        if (!strcmp(about->pairs[i].key, "software"))
            continue;
        fprintf(f, "%s=", about->pairs[i].key);
        for (const char *p = about->pairs[i].value; *p; p++)
            fputc(*p == '\n' ? ' ' : *p, f); /* a line each */
        fputc('\n', f);
    }
    if (f && !fclose(f))
        return text;
    free(text);
    return NULL;
}

/* The value of a key into buf; false if it is missing or too long. */
static bool value_of(const char *text, const char *key, char *buf, size_t size)
{
    size_t k = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        size_t n = strcspn(line, "\n");
        if (n <= k || strncmp(line, key, k) != 0 || line[k] != '=')
            continue;
        n -= k + 1;
        if (!n || n >= size)
            return false;
        memcpy(buf, line + k + 1, n);
        buf[n] = 0;
        return true;
    }
    return false;
}

ck_status ck_tiff_labels_read(const char *text, ck_colour_tag *tag, ck_frame *f, ck_error *e)
{
    char transfer[80], primaries[CK_PRIMARIES_TEXT], timecode[32];
    bool curve = value_of(text, "ck:transfer", transfer, sizeof transfer);
    bool named = value_of(text, "ck:primaries", primaries, sizeof primaries);
    ck_colour_tag_labels(tag, curve ? transfer : NULL, named ? primaries : NULL);
    return value_of(text, "ck:timecode", timecode, sizeof timecode) ? ck_meta_set(&f->meta, "timecode", timecode, e)
                                                                    : CK_OK;
}
