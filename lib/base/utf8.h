#ifndef CK_BASE_UTF8_H
#define CK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the UTF-8 sequence at s, of n > 0 bytes; 0 if it is malformed. */
size_t ck_utf8_length(const uint8_t *s, size_t n);

/* True for well-formed UTF-8: no overlong forms, surrogates or code points beyond U+10FFFF. */
bool ck_utf8_valid(const uint8_t *s, size_t n);

#endif
