/* A subset of JSON (RFC 8259), read strictly: objects whose values the caller expects, strings and numbers without an
 * exponent.  No recursion.
 *
 * Every function fails with "WHERE, byte N: ..." and leaves the rest unread. */
#ifndef CK_BASE_JSON_H
#define CK_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

typedef struct ck_json {
    const uint8_t *start, *p, *end;
    const char *where, *advice; /* of messages: "header", "the file is damaged"; borrowed */
    char *texts;                /* decoded strings, end - start bytes: none is longer than its source */
    size_t used;
} ck_json;

typedef struct ck_json_text {
    const char *s; /* NUL-terminated, may contain NULs; valid as long as the reader */
    size_t n;
} ck_json_text;

/* `text` must be valid UTF-8 and outlive the reader. */
ck_status ck_json_open(ck_json *j, const void *text, size_t n, const char *where, const char *advice, ck_error *e);
void ck_json_close(ck_json *j);

/* Skip white space, then require the character `c`. */
ck_status ck_json_expect(ck_json *j, char c, ck_error *e);
/* Skip white space; take the character `c` if it follows. */
bool ck_json_accept(ck_json *j, char c);
ck_status ck_json_string(ck_json *j, ck_json_text *out, ck_error *e);
/* Read a whole number without sign, fraction or exponent. */
ck_status ck_json_number(ck_json *j, uint64_t *out, ck_error *e);
/* The same with an optional minus sign. */
ck_status ck_json_signed(ck_json *j, int64_t *out, ck_error *e);

/* Read a number that may have a sign and a fraction. */
ck_status ck_json_real(ck_json *j, double *out, ck_error *e);

/* Read the next key of an object, up to its colon; the opening brace has been read.  *more = false after the last.
 * first: true on the first call. */
ck_status ck_json_member(ck_json *j, bool first, bool *more, ck_json_text *key, ck_error *e);
/* Require that only white space is left. */
ck_status ck_json_end(ck_json *j, ck_error *e);

/* Fail with "WHERE, byte N: WHAT: ADVICE". */
ck_status ck_json_fail(const ck_json *j, ck_error *e, const char *what);

/* Write a string with its quotes; bytes from 128 on as they are. */
void ck_json_put(FILE *f, const char *text);
void ck_json_put_bytes(FILE *f, const char *text, size_t n); /* which may contain NULs */

#endif
