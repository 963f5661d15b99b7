#include "ocio/near.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void lower(char out[CK_OCIO_NAME], const char *name)
{
    snprintf(out, CK_OCIO_NAME, "%s", name);
    for (char *p = out; *p; p++)
        *p = (char)tolower((unsigned char)*p);
}

void ck_ocio_near_begin(ck_ocio_near *n, const char *typed)
{
    lower(n->typed, typed);
    n->best[0] = 0;
    n->near = (ck_near){.typed = n->typed, .n = strlen(n->typed)};
}

void ck_ocio_near_try(ck_ocio_near *n, const char *name)
{
    char text[CK_OCIO_NAME];
    const char *before = n->near.name;
    lower(text, name);
    ck_near_try(&n->near, text);
    if (n->near.name == before)
        return;
    snprintf(n->best, sizeof n->best, "%s", name);
    n->near.name = n->best; /* `text` ends here */
}
