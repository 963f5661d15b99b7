/* Checkpoints written as .safetensors hold the same tensors and metadata, from either format. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/safetensors_write.h"
#include "weights.h"

#define LIST(...) ((const uint64_t[]){__VA_ARGS__})

static char dir[] = "/tmp/ck-convert-XXXXXX";
static ck_error e;

/* A .pth with every kind of view, and metadata that need every escape. */
static blob make(const char *extra_name)
{
    static uint8_t data[256];
    blob p = {0};
    zip_writer *z = zip_new(ZIP_TORCH);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(7 * i);
    blob_str(&p, "\x80\x02}(");
    pk_text(&p, "bytes");
    pk_tensor(&p, "ByteStorage", "0", 256, 5, LIST(3), LIST(1), 1);
    pk_text(&p, "half");
    pk_tensor(&p, "HalfStorage", "0", 128, 1, LIST(5, 3), LIST(1, 7), 2);
    pk_text(&p, "brain");
    pk_tensor(&p, "BFloat16Storage", "0", 128, 3, LIST(3, 2), LIST(0, 9), 2);
    pk_text(&p, "scalar");
    pk_tensor(&p, "LongStorage", "0", 32, 2, NULL, NULL, 0);
    pk_text(&p, "none");
    pk_tensor(&p, "FloatStorage", "0", 64, 0, LIST(2, 0), LIST(1, 1), 2);
    pk_text(&p, "double \xc3\xa9 \"\\");
    pk_tensor(&p, "DoubleStorage", "0", 32, 4, LIST(2, 2), LIST(2, 1), 2);
    pk_text(&p, extra_name);
    pk_tensor(&p, "BoolStorage", "0", 256, 0, LIST(2), LIST(255), 1);
    pk_text(&p, "note");
    pk_text(&p, "\"quoted\" \\ \x01\n\t \xf0\x9f\x98\x80");
    pk_text(&p, "num_heads");
    pk_int(&p, 2);
    blob_put(&p, "X\3\0\0\0NULX\3\0\0\0a\0bu.", 18);
    zip_add(z, "m/data.pkl", p.p, p.n);
    zip_add(z, "m/data/0", data, sizeof data);
    zip_finish(z);
    blob out = z->out;
    z->out = (blob){0};
    zip_free(z);
    blob_free(&p);
    return out;
}

static bool same_tensor(const ck_tensor *a, const ck_tensor *b)
{
    size_t size = ck_dtype_size(a->dtype), bytes = a->count * size;
    if (!b || a->dtype != b->dtype || a->dims != b->dims || a->count != b->count || !b->contiguous ||
        (uintptr_t)b->data % size)
        return false;
    for (int d = 0; d < a->dims; d++)
        if (a->shape[d] != b->shape[d])
            return false;
    uint8_t *x = malloc(bytes + 1), *y = malloc(bytes + 1);
    ck_tensor_copy(a, x);
    ck_tensor_copy(b, y);
    bool good = !memcmp(x, y, bytes);
    free(x);
    free(y);
    return good;
}

static bool same(const ck_weights *a, const ck_weights *b)
{
    bool good = ck_weights_count(a) == ck_weights_count(b);
    for (size_t i = 0; i < ck_weights_count(a); i++) {
        const ck_tensor *t = ck_weights_at(a, i);
        if (!same_tensor(t, ck_weights_find(b, t->name))) {
            printf("# tensor '%s' differs\n", t->name);
            good = false;
        }
    }
    return good;
}

static bool same_texts(const ck_weights *a, const ck_weights *b)
{
    bool good = true;
    for (size_t i = 0; i < ck_weights_texts(a); i++) {
        const ck_weights_text *x = ck_weights_text_at(a, i), *y = NULL;
        for (size_t k = 0; k < ck_weights_texts(b); k++)
            if (!strcmp(ck_weights_text_at(b, k)->key, x->key))
                y = ck_weights_text_at(b, k);
        good = good && y && x->value_n == y->value_n && !memcmp(x->value, y->value, x->value_n + 1);
    }
    return good;
}

static size_t files_in_dir(void)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n - 2; /* excluding . and .. */
}

static void written(const ck_weights *w)
{
    char path[80];
    ck_weights *back;
    snprintf(path, sizeof path, "%s/out.safetensors", dir);
    ok(ck_safetensors_write(w, path, CK_DTYPE_N, NULL, &e) == CK_OK && ck_weights_open(path, &back, &e) == CK_OK,
       "a .pth becomes a .safetensors");
    ok(same(w, back), "with the same tensors, row-major and aligned");
    ok(same_texts(w, back) && ck_weights_texts(back) == ck_weights_texts(w) + 1 &&
           !strcmp(ck_weights_meta(back, "format"), "pt"),
       "and the same metadata, and its format");
    ok(files_in_dir() == 1, "nothing else is left in the folder");
    ck_weights *again;
    ok(ck_safetensors_write(back, path, CK_DTYPE_N, "4", &e) == CK_OK && ck_weights_open(path, &again, &e) == CK_OK,
       "it is written over itself while it is mapped");
    ok(same(w, again) && same(back, again), "with the same tensors");
    ok(!strcmp(ck_weights_meta(again, "num_heads"), "4") && ck_weights_texts(again) == ck_weights_texts(back),
       "and another number of heads");
    ck_weights_free(again);
    ck_weights_free(back);
    unlink(path);
}

static void not_written(const ck_weights *w)
{
    char path[80];
    snprintf(path, sizeof path, "%s/no/out", dir);
    ok(ck_safetensors_write(w, path, CK_DTYPE_N, NULL, &e) == CK_ERR_IO, "a folder that is not there");
    if (!access("/dev/full", W_OK))
        ok(ck_safetensors_write(w, "/dev/full", CK_DTYPE_N, NULL, &e) == CK_ERR_FULL && strstr(e.text, "No space"),
           "a full disk");
    else
        skip("no /dev/full", "a full disk");
    blob f = make("__metadata__");
    ck_weights *v;
    snprintf(path, sizeof path, "%s/out", dir);
    ok(ck_weights_open_bytes(f.p, f.n, &v, &e) == CK_OK &&
           ck_safetensors_write(v, path, CK_DTYPE_N, NULL, &e) == CK_ERR_UNSUPPORTED && files_in_dir() == 0,
       "a tensor called __metadata__ cannot be written, and nothing is");
    ck_weights_free(v);
    blob_free(&f);
}

int main(void)
{
    blob f = make("bool");
    ck_weights *w = weights_open(f.p, f.n);
    if (!w || !mkdtemp(dir)) {
        printf("Bail out! %s\n", w ? "no folder in /tmp" : weights_error.text);
        return 1;
    }
    written(w);
    not_written(w);
    weights_close(w);
    blob_free(&f);
    rmdir(dir);
    return done_testing();
}
