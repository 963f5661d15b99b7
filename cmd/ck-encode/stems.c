#include "ck-encode/stems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ck_status ck_stem_make(const ck_frame *f, char **out, ck_error *e)
{
    const char *stem = ck_meta_get(&f->meta, "stem");
    *out = NULL;
    if (!stem) {
        if (asprintf(out, "%05llu", (unsigned long long)f->seq) < 0)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
        return CK_OK;
    }
    if (!*stem || strchr(stem, '/') || !strcmp(stem, ".") || !strcmp(stem, ".."))
        return ck_fail(e, CK_ERR_FORMAT,
                       "its stem '%s' is not a file name: it must not be empty, '.', '..' or have a '/'", stem);
    *out = strdup(stem);
    return *out ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
}

/* FNV-1a, its bits mixed once more because the table uses the low ones. */
static uint64_t hash(const char *s, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    h = (h ^ (h >> 32)) * 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
    return h ? h : 1;
}

static struct ck_stem_slot *find(const ck_stems *s, uint64_t h)
{
    size_t i = h & (s->cap - 1);
    while (s->slots[i].hash && s->slots[i].hash != h)
        i = (i + 1) & (s->cap - 1);
    return &s->slots[i];
}

static bool grow(ck_stems *s)
{
    if (4 * s->n < 3 * s->cap)
        return true;
    ck_stems big = {.cap = s->cap ? 2 * s->cap : 256, .n = s->n};
    big.slots = calloc(big.cap, sizeof *big.slots);
    if (!big.slots)
        return false;
    for (size_t i = 0; i < s->cap; i++)
        if (s->slots[i].hash)
            *find(&big, s->slots[i].hash) = s->slots[i];
    free(s->slots);
    *s = big;
    return true;
}

ck_status ck_stems_claim(ck_stems *s, const char *stem, const ck_frame *f, bool *free, long *taken, ck_error *e)
{
    if (!grow(s))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the names of files");
    uint64_t h = hash(stem, strlen(stem));
    struct ck_stem_slot *slot = find(s, h);
    *free = !slot->hash;
    *taken = slot->number;
    if (!*free)
        return CK_OK;
    *slot = (struct ck_stem_slot){h, f->seq, ck_frame_number(f)};
    s->n++;
    return CK_OK;
}

const struct ck_stem_slot *ck_stems_find(const ck_stems *s, const char *stem, size_t len)
{
    const struct ck_stem_slot *slot = s->cap ? find(s, hash(stem, len)) : NULL;
    return slot && slot->hash ? slot : NULL;
}

void ck_stems_free(ck_stems *s)
{
    free(s->slots);
    *s = (ck_stems){0};
}
