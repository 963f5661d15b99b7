/* Both formats look the same to the caller: the golden checkpoint as .safetensors and as every kind of .pth, the
 * generator that makes the same bytes, and files that are not checkpoints. */
#include <sys/stat.h>
#include <unistd.h>

#include "golden.h"
#include "mkmodel.h"
#include "weights.h"

static float same(float x)
{
    return x;
}

static float to_f16(float x)
{
    uint16_t h;
    ck_f32_to_f16(&x, &h, 1);
    return golden_half(h);
}

/* Round half to even to the upper 16 bits. */
static float to_bf16(float x)
{
    uint32_t u;
    memcpy(&u, &x, 4);
    u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000u;
    memcpy(&x, &u, 4);
    return x;
}

static const char *golden_path(const char *file)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", golden_dir(), file);
    return path;
}

/* True if one tensor equals the golden's, rounded. */
static bool equal(const golden *g, const golden_tensor *want, const ck_tensor *t, float (*round)(float))
{
    bool good = t && t->count == want->count && t->dims == want->dims;
    for (int d = 0; good && d < t->dims; d++)
        good = t->shape[d] == want->shape[d];
    float *v = malloc(want->count * sizeof *v);
    good = good && ck_tensor_f32(t, v, NULL) == CK_OK;
    for (size_t i = 0; good && i < want->count; i++)
        good = v[i] == round(golden_value(g, want, i));
    free(v);
    if (!good)
        printf("# %s differs\n", want->name);
    return good;
}

static void compare(const golden *g, const char *file, ck_dtype dtype, float (*round)(float), size_t views)
{
    ck_weights *w;
    ck_error e = {""};
    ok(ck_weights_open(golden_path(file), &w, &e) == CK_OK, "%s opens", file);
    if (!w) {
        printf("# %s\n", e.text);
        return;
    }
    bool good = true;
    size_t floats = 0, strided = 0;
    for (size_t i = 0; i < g->n; i++)
        good = equal(g, &g->tensors[i], ck_weights_find(w, g->tensors[i].name), round) && good;
    for (size_t i = 0; i < ck_weights_count(w); i++) {
        floats += ck_weights_at(w, i)->dtype == dtype;
        strided += !ck_weights_at(w, i)->contiguous;
    }
    ok(good, "%s: every tensor is exactly the golden's", file);
    ok(floats == g->n, "%s: and it is %s", file, ck_dtype_name(dtype));
    ok(strided == views, "%s: %zu tensors are strided views", file, views);
    ck_weights_free(w);
}

static void goldens(void)
{
    golden g;
    if (!golden_open(&g, "mini.safetensors")) {
        skip("no goldens", "the golden checkpoint in every format");
        return;
    }
    compare(&g, "mini.safetensors", CK_DTYPE_F32, same, 0);
    compare(&g, "mini_plain.pth", CK_DTYPE_F32, same, 0);
    compare(&g, "mini_wrapped_half.pth", CK_DTYPE_F16, to_f16, 0);
    compare(&g, "mini_bf16.pth", CK_DTYPE_BF16, to_bf16, 0);
    compare(&g, "mini_views.pth", CK_DTYPE_F32, same, 7); /* fc1 of the seven blocks is transposed */
    ck_weights *w;
    ck_error e = {""};
    ok(ck_weights_open(golden_path("mini_legacy.pth"), &w, &e) == CK_ERR_UNSUPPORTED && !w &&
           strstr(e.text, "before PyTorch 1.6"),
       "mini_legacy.pth is refused by its name");
    mk_spec spec = MK_MINI;
    spec.seed = 1;
    blob made = mk_safetensors_blob(&spec);
    ok(made.n == g.size && !memcmp(made.p, g.bytes, g.size), "the generator makes mini.safetensors, byte for byte");
    blob_free(&made);
    golden_close(&g);
}

/* The generator's .pth against its .safetensors. */
static void formats(bool half)
{
    mk_spec spec = MK_TOY;
    spec.half = half;
    blob a = mk_safetensors_blob(&spec), b = mk_pth_blob(&spec);
    ck_error e = {""};
    ck_weights *st, *pth;
    bool opened = ck_weights_open_bytes(a.p, a.n, &st, &e) == CK_OK;
    opened = ck_weights_open_bytes(b.p, b.n, &pth, &e) == CK_OK && opened;
    ok(opened, "a generated %s checkpoint opens in both formats", half ? "float16" : "float32");
    bool good = opened && ck_weights_count(st) == ck_weights_count(pth);
    for (size_t i = 0; good && i < ck_weights_count(st); i++) {
        const ck_tensor *x = ck_weights_at(st, i), *y = ck_weights_at(pth, i);
        good = !strcmp(x->name, y->name) && x->dtype == y->dtype && x->count == y->count && y->contiguous &&
               !memcmp(x->data, y->data, x->count * ck_dtype_size(x->dtype));
    }
    ok(good && !strcmp(ck_weights_meta(pth, "num_heads"), ck_weights_meta(st, "num_heads")),
       "and is the same in both, metadata included");
    ck_weights_free(st);
    ck_weights_free(pth);
    blob_free(&a);
    blob_free(&b);
}

static bool file_refused(const char *path, ck_status want, const char *text)
{
    ck_weights *w;
    ck_error e = {""};
    ck_status s = ck_weights_open(path, &w, &e);
    bool good = s == want && !w && strstr(e.text, text);
    if (!good)
        printf("# %d: %s\n", s, e.text);
    return good;
}

/* Half of the file is cut off while it is open: reading the missing part is an error, not SIGBUS. */
static void shrinking(void)
{
    char path[] = "/tmp/ck-weights-XXXXXX";
    mk_spec spec = MK_TOY;
    blob a = mk_safetensors_blob(&spec);
    int fd = mkstemp(path);
    bool made = fd >= 0 && write(fd, a.p, a.n) == (ssize_t)a.n;
    ck_weights *w = NULL;
    ck_error e = {""};
    ok(made && ck_weights_open(path, &w, &e) == CK_OK && !ftruncate(fd, 4096), "a file is cut while it is open");
    size_t good = 0, bad = 0;
    for (size_t i = 0; w && i < ck_weights_count(w); i++) {
        const ck_tensor *t = ck_weights_at(w, i);
        float *v = malloc((t->count + 1) * sizeof *v);
        ck_status s = ck_tensor_f32(t, v, &e);
        good += s == CK_OK;
        bad += s == CK_ERR_IO && strstr(e.text, "became shorter");
        free(v);
    }
    ok(w && bad > 0 && good + bad == ck_weights_count(w), "reading what is gone is an error that says so (%zu of %zu)",
       bad, good + bad);
    size_t where;
    ok(w && ck_tensor_finite(ck_weights_at(w, ck_weights_count(w) - 1), &where),
       "and so is checking it, without SIGBUS");
    ck_weights_free(w);
    ok(file_refused(path, CK_ERR_FORMAT, "complete?"), "and the cut file is refused");
    ok(made && ck_weights_open_bytes(a.p, a.n, &w, &e) == CK_OK && ck_tensor_intact(ck_weights_at(w, 0), &e) == CK_OK,
       "weights in memory are whole");
    ck_weights_free(w);
    close(fd);
    unlink(path);
    blob_free(&a);
}

static void files(void)
{
    char dir[] = "/tmp/ck-weights-XXXXXX", path[64];
    if (!mkdtemp(dir)) {
        skip("no folder in /tmp", "files that are none");
        return;
    }
    snprintf(path, sizeof path, "%s/x", dir);
    ok(file_refused(path, CK_ERR_IO, "No such file"), "a file that is not there");
    ok(file_refused(dir, CK_ERR_ARGUMENT, "not a regular file"), "a folder");
    ok(!mkfifo(path, 0600) && file_refused(path, CK_ERR_ARGUMENT, "not a regular file"),
       "a named pipe, without waiting");
    unlink(path);
    fclose(fopen(path, "w"));
    ok(file_refused(path, CK_ERR_FORMAT, "empty"), "an empty file");
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    goldens();
    formats(false);
    formats(true);
    files();
    shrinking();
    return done_testing();
}
