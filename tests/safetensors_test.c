/* .safetensors: everything that the format allows is read, everything else is refused with its reason. */
#include "weights.h"

/* A valid header for 24 bytes of data. */
#define A "\"a\": {\"dtype\": \"F32\", \"shape\": [2, 3], \"data_offsets\": [0, 24]}"
#define B "\"b\": {\"dtype\": \"F16\", \"shape\": [4], \"data_offsets\": [24, 32]}"

static void good_files(void)
{
    blob f = st_file("{" A ", " B "}", 32);
    ck_weights *w = weights_open(f.p, f.n);
    ok(w && !strcmp(ck_weights_format(w), "safetensors") && ck_weights_count(w) == 2, "two tensors are read");
    if (w) {
        const ck_tensor *a = ck_weights_find(w, "a"), *b = ck_weights_find(w, "b");
        ok(a && a == ck_weights_at(w, 0) && a->dtype == CK_DTYPE_F32 && a->dims == 2 && a->shape[0] == 2 &&
               a->shape[1] == 3 && a->stride[0] == 3 && a->stride[1] == 1 && a->count == 6 && a->contiguous,
           "type, shape and strides");
        ok(b && b->dtype == CK_DTYPE_F16 && b->data == a->data + 24 && b->data[0] == 24, "data are where they are");
        ok(!ck_weights_find(w, "c") && !ck_weights_find(w, ""), "others are not there");
        weights_close(w);
    }
    ok(weights_cuts(&f), "every cut is refused");
    /* Unnoticed changes: three for each of the 32 bytes of data, and two that keep a name valid: ` for a, c for b. */
    ok(weights_changes(&f) == 3 * 32 + 2, "every changed byte of the header is refused, but for two in names");
    blob_free(&f);
}

/* True if a file with that header and `data` bytes is read as n tensors. */
static bool opens(const char *header, size_t data, size_t n)
{
    blob f = st_file(header, data);
    ck_weights *w = weights_open(f.p, f.n);
    bool good = w && ck_weights_count(w) == n;
    if (!good)
        printf("# %s\n", weights_error.text);
    weights_close(w);
    blob_free(&f);
    return good;
}

static bool refused(const char *header, size_t data, const char *text)
{
    blob f = st_file(header, data);
    bool good = weights_refused(&f, text);
    blob_free(&f);
    return good;
}

static void allowed(void)
{
    ok(opens("{}", 0, 0), "no tensor at all");
    ok(opens("{" B ",\n\t" A "\r }    ", 32, 2), "tensors in another order than their data; white space");
    ok(opens("{\"s\": {\"dtype\": \"F64\", \"shape\": [], \"data_offsets\": [0, 8]}}", 8, 1), "a scalar");
    ok(opens("{\"z\": {\"dtype\": \"F32\", \"shape\": [3, 0], \"data_offsets\": [24, 24]}, " A "}", 24, 2),
       "a tensor without elements");
    ok(opens("{\"data\": {\"data_offsets\": [0, 8], \"shape\": [1], \"dtype\": \"I64\"}}", 8, 1),
       "members in another order; integers");
    ok(opens("{\"8\": {\"dtype\": \"F32\", \"shape\": [1,1,1,1,1,1,1,2], \"data_offsets\": [0, 8]}}", 8, 1), "8 axes");
}

static void metadata(void)
{
    blob f =
        st_file("{\"__metadata__\": {\"num_heads\": \"2\", \"text\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"
                "\xc3\xa9\", \"z\": \"a\\u0000b\", \"\": \"\"}, " A "}",
                24);
    ck_weights *w = weights_open(f.p, f.n);
    ok(w != NULL, "metadata of any text are read");
    if (w) {
        const char *text = ck_weights_meta(w, "text");
        ok(!strcmp(ck_weights_meta(w, "num_heads"), "2") && !ck_weights_meta(w, "num_head"), "a value by its key");
        ok(text && !strcmp(text, "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9"), "every escape is decoded");
        ok(ck_weights_texts(w) == 4 && ck_weights_text_at(w, 2)->value_n == 3 &&
               !memcmp(ck_weights_text_at(w, 2)->value, "a\0b", 4),
           "a NUL in a value survives");
        weights_close(w);
    }
    blob_free(&f);
    ok(opens("{\"__metadata__\": {}, " A "}", 24, 1), "empty metadata");
    ok(refused("{\"__metadata__\": {\"a\": 1}}", 0, "no '\"' where one must be"), "a number as metadata");
    ok(refused("{\"__metadata__\": {\"a\": \"\", \"b\": \"\", \"a\": \"\"}}", 0, "'a' appears twice"),
       "a metadata key twice");
    ok(refused("{\"__metadata__\": {}, \"__metadata__\": {}}", 0, "__metadata__ appears twice"), "metadata twice");
}

/* True if a tensor called `in_file` gets the name `want`. */
static bool named(const char *in_file, const char *want)
{
    char header[200];
    snprintf(header, sizeof header, "{\"%s\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}",
             in_file);
    blob f = st_file(header, 4);
    ck_weights *w = weights_open(f.p, f.n);
    bool good = w && !strcmp(ck_weights_at(w, 0)->name, want) && ck_weights_find(w, want);
    weights_close(w);
    blob_free(&f);
    return good;
}

static void names(void)
{
    ok(named("_orig_mod.a", "a") && named("module.a", "a") && named("model.a", "a"),
       "wrappers' prefixes are taken off");
    ok(named("_orig_mod.module._orig_mod.a", "a"), "several, in any order");
    ok(named("a.module.b", "a.module.b"), "but not from the middle");
    ok(named("module._orig_mod.module", "module") && named("module.", "module."), "nor all of a name");
    ok(refused("{" A ", \"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [24, 28]}}", 28,
               "'a' appears twice"),
       "a name twice");
    ok(refused("{" A ", \"module.a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [24, 28]}}", 28,
               "'a' and 'module.a' are the same tensor twice"),
       "a name twice without its prefix");
    ok(refused("{\"\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "not clean text"),
       "no name");
    ok(refused("{\"a\\nb\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "not clean text"),
       "a name of two lines");
    ok(refused("{\"a\\u0000b\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "not clean text"),
       "a name with a NUL");
    char header[800];
    snprintf(header, sizeof header, "{\"%0600d\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 7);
    ok(refused(header, 4, "longer than 512"), "a very long name");
}

/* True if a tensor with that dtype, shape and offsets is refused with `text`. */
static bool entry_refused(const char *dtype, const char *shape, const char *offsets, size_t data, const char *text)
{
    char header[400];
    snprintf(header, sizeof header, "{\"x\": {\"dtype\": %s, \"shape\": %s, \"data_offsets\": %s}}", dtype, shape,
             offsets);
    return refused(header, data, text) &&
           (strstr(weights_error.text, "'x'") || printf("# the tensor is not named\n") < 0);
}

static void offsets(void)
{
    ok(entry_refused("\"F32\"", "[2]", "[0, 8]", 7, "is the download complete"), "data beyond the file");
    ok(entry_refused("\"F32\"", "[2]", "[8, 0]", 8, "is the download complete"), "an end before the beginning");
    ok(entry_refused("\"F32\"", "[2]", "[-8, 0]", 8, "negative"), "a negative offset");
    ok(entry_refused("\"F32\"", "[2]", "[18446744073709551608, 0]", 8, "is the download complete"),
       "an offset that would wrap around");
    ok(entry_refused("\"F32\"", "[2]", "[0, 18446744073709551616]", 8, "overflows"), "an offset of 65 bits");
    ok(entry_refused("\"F32\"", "[2]", "[0, 4]", 4, "not the size of [2]"), "fewer bytes than the shape has");
    ok(entry_refused("\"F16\"", "[2]", "[0, 8]", 8, "not the size of [2]"), "more bytes than the shape has");
    ok(entry_refused("\"F32\"", "[4294967296, 4294967296]", "[0, 0]", 0, "overflows"), "a shape that overflows to 0");
    ok(entry_refused("\"F32\"", "[4611686018427387905]", "[0, 4]", 4, "overflows"), "bytes that overflow to 4");
    ok(entry_refused("\"F32\"", "[2, -3]", "[0, 24]", 24, "negative"), "a negative size");
    ok(entry_refused("\"F32\"", "[2.0]", "[0, 8]", 8, "not a whole number"), "a size with a fraction");
    ok(entry_refused("\"F32\"", "[2e0]", "[0, 8]", 8, "not a whole number"), "a size with an exponent");
    ok(entry_refused("\"F32\"", "[02]", "[0, 8]", 8, "not a whole number"), "a size with a leading zero");
    ok(entry_refused("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0, 4]", 4, "too many numbers"), "9 axes");
    ok(entry_refused("\"F32\"", "[1]", "[0, 4, 4]", 4, "too many numbers"), "three offsets");
    ok(entry_refused("\"F32\"", "[1]", "[4]", 4, "not two numbers"), "one offset");
    ok(entry_refused("\"F8_E4M3\"", "[4]", "[0, 4]", 4, "'F8_E4M3', which is not read"), "a type that is not read");
    ok(entry_refused("\"f32\"", "[1]", "[0, 4]", 4, "which is not read"), "a type in small letters");
    ok(entry_refused("\"F32\\u0000\"", "[1]", "[0, 4]", 4, "which is not read"), "a type with a NUL");
    ok(refused("{" A ", \"b\": {\"dtype\": \"F16\", \"shape\": [4], \"data_offsets\": [20, 28]}}", 28,
               "'a' and 'b' overlap"),
       "two tensors that overlap");
    ok(refused("{" A ", \"b\": {\"dtype\": \"F32\", \"shape\": [2, 3], \"data_offsets\": [0, 24]}}", 24, "overlap"),
       "two tensors in one place");
    ok(refused("{" A ", \"b\": {\"dtype\": \"F16\", \"shape\": [4], \"data_offsets\": [25, 33]}}", 33,
               "1 bytes before tensor 'b'"),
       "a hole");
    ok(refused("{" A "}", 25, "1 bytes at the end"), "data of no tensor");
}

static void wrong_json(void)
{
    static const struct {
        const char *header, *text, *name;
    } bad[] = {
        {"{ ", "header, byte 2: no '\"' where one must be", "only a brace"},
        {"{" A, "no ',' where one must be", "no last brace"},
        {"{" A ",}", "no '\"' where one must be", "a comma too many"},
        {"{" A " " B "}", "no ',' where one must be", "a comma too few"},
        {"{" A "} x", "data after the last brace", "text after the last brace"},
        {"{" A "}{}", "data after the last brace", "two objects"},
        {"{\"a\" " A "}", "no ':' where one must be", "no colon"},
        {"{'a': 1}", "no '\"' where one must be", "single quotes"},
        {"{\"a\": 1}", "no '{' where one must be", "a number as tensor"},
        {"{\"a\": null}", "no '{' where one must be", "null as tensor"},
        {"{\"a\": [1]}", "no '{' where one must be", "a list as tensor"},
        {"{\"a\": {}}", "missing", "an empty tensor object"},
        {"{\"a\": {\"dtype\": \"F32\", \"shape\": []}}", "missing", "no offsets"},
        {"{\"a\": {\"dtype\": 4}}", "no '\"' where one must be", "a number as dtype"},
        {"{\"a\": {\"shape\": 4}}", "no '[' where one must be", "a number as shape"},
        {"{\"a\": {\"shape\": [1 2]}}", "no ',' where one must be", "a shape without commas"},
        {"{\"a\": {\"shape\": [1,]}}", "not a whole number", "a shape that ends in a comma"},
        {"{\"a\": {\"shape\": [[1]]}}", "not a whole number", "a shape in a shape"},
        {"{\"a\": {\"shape\": [1], \"shape\": [1]}}", "twice", "a shape twice"},
        {"{\"a\": {\"strides\": [1]}}", "other keys than dtype", "an unknown member"},
        {"{\"a\": {\"dtype\\u0000\": \"F32\"}}", "other keys than dtype", "a member with a NUL"},
        {"{\"a", "unterminated string", "a string that does not end"},
        {"{\"a\n\": 1}", "control character", "a newline in a string"},
        {"{\"\\x\": 1}", "unknown escape", "\\x"},
        {"{\"\\", "unterminated string", "an escape that does not end"},
        {"{\"\\u12g4\": 1}", "four hexadecimal digits", "\\u12g4"},
        {"{\"\\u12", "four hexadecimal digits", "\\u12"},
        {"{\"\\ud83d\": 1}", "surrogate", "half of a pair"},
        {"{\"\\ud83d\\u0041\": 1}", "surrogate", "half of a pair before a letter"},
        {"{\"\\ude00\": 1}", "surrogate", "the second half alone"},
        {"{\"\xff\": 1}", "not UTF-8", "a byte that is not UTF-8"},
        {"{\"\xc0\x80\": 1}", "not UTF-8", "an overlong NUL"},
        {"{\"\xed\xa0\x80\": 1}", "not UTF-8", "a surrogate as UTF-8"},
        {"{\"\xf4\x90\x80\x80\": 1}", "not UTF-8", "beyond Unicode"},
        {"{\"\xe2\x82", "not UTF-8", "half a character"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(refused(bad[i].header, 24, bad[i].text), "JSON: %s", bad[i].name);
    /* Nothing recurses, so nesting costs only its bytes. */
    blob deep = {0};
    blob_str(&deep, "{\"a\":");
    blob_fill(&deep, '{', 1 << 20);
    blob_int(&deep, 0, 1);
    ok(refused((char *)deep.p, 0, "no '\"' where one must be"), "JSON: a million braces");
    blob_free(&deep);
}

/* The eight bytes before the header. */
static bool length_refused(uint64_t length, const char *text)
{
    blob f = st_file("{" A "}", 24);
    blob_set(&f, 0, length, 8);
    bool good = weights_refused(&f, text);
    blob_free(&f);
    return good;
}

static void lengths(void)
{
    ok(length_refused(0, "would have 0 bytes"), "a header of no bytes");
    ok(length_refused(1000, "would have 1000 bytes"), "a header longer than the file");
    ok(length_refused(UINT64_MAX, "is the download complete"), "a header of 2^64 - 1 bytes");
    ok(length_refused(UINT64_MAX - 7, "is the download complete"), "a length that wraps around");
    ok(length_refused(100000001, "is the download complete"), "a header longer than the format allows");
    blob f = st_file("xx", 0);
    ok(weights_refused(&f, "neither .safetensors nor .pth"), "a file of some other kind");
    blob_free(&f);
}

/* A file of n tensors without elements: the limit, and that time does not grow quadratically. */
static bool many(size_t n)
{
    blob h = {0};
    blob_str(&h, "{");
    for (size_t i = 0; i < n; i++)
        blob_printf(&h, "%s\"%zu\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", i ? "," : "", i);
    blob_str(&h, "}");
    blob_int(&h, 0, 1);
    bool good = opens((char *)h.p, 0, n);
    blob_free(&h);
    return good;
}

int main(void)
{
    good_files();
    allowed();
    metadata();
    names();
    offsets();
    wrong_json();
    lengths();
    ok(many(65536) && !many(65537) && strstr(weights_error.text, "more than 65536"), "65536 tensors are the limit");
    return done_testing();
}
