#include "ck-encode/siblings.h"

#include <string.h>

#include "io/natural.h"
#include "io/sequence_name.h"

bool ck_sibling(const char *name, const char *like, const ck_ranges *numbers)
{
    ck_sequence_name a = ck_sequence_name_of(name), b = ck_sequence_name_of(like);
    return a.number != CK_NO_NUMBER && a.from == b.from && !strncmp(name, like, a.from) &&
           !strcmp(name + a.to, like + b.to) && (!numbers->n || ck_ranges_has(numbers, a.number));
}
