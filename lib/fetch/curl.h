/* The functions of libcurl that ck uses, loaded on demand. */
#ifndef CK_FETCH_CURL_H
#define CK_FETCH_CURL_H

#include <curl/curl.h>

#include "base/status.h"

typedef struct ck_curl {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *handle);
    CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
    const char *(*easy_strerror)(CURLcode code);
    void (*easy_cleanup)(CURL *handle);
} ck_curl;

/* Load the library.  Not thread-safe.  CK_ERR_UNSUPPORTED, with the package to install, without it. */
ck_status ck_curl_load(ck_curl *c, ck_error *e);

#endif
