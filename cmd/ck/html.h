/* Pieces of an HTML page. */
#ifndef CK_CK_HTML_H
#define CK_CK_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Text: markup is escaped, control characters and bytes that are not UTF-8 become U+FFFD. */
void ck_html_put(FILE *f, const char *text);

/* Bytes in base64. */
void ck_html_put_base64(FILE *f, const uint8_t *data, size_t n);

#endif
