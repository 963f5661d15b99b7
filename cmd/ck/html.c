#include "ck/html.h"

#include <string.h>

#include "base/utf8.h"

static const char *entity(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < 0x20 && c != '\n') || c == 0x7f ? "&#xfffd;" : NULL;
    }
}

void ck_html_put(FILE *f, const char *text)
{
    size_t n = strlen(text), len;
    for (; n; text += len, n -= len) {
        const char *as = entity((unsigned char)*text);
        size_t valid = ck_utf8_length((const uint8_t *)text, n);
        len = valid ? valid : 1;
        if (as || !valid)
            fputs(as ? as : "&#xfffd;", f);
        else
            fwrite(text, 1, len, f);
    }
}

void ck_html_put_base64(FILE *f, const uint8_t *data, size_t n)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)data[i] << 16;
        v |= i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0;
        v |= i + 2 < n ? data[i + 2] : 0;
        fputc(alphabet[v >> 18], f);
        fputc(alphabet[v >> 12 & 63], f);
        fputc(i + 1 < n ? alphabet[v >> 6 & 63] : '=', f);
        fputc(i + 2 < n ? alphabet[v & 63] : '=', f);
    }
}
