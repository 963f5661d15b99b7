/* Write the seeds of the fuzz corpora: small valid files of every kind.
 *
 *     mkcorpus DIR      writes DIR/{safetensors,pth,pickle}/seed-*
 *
 * Streams are made with mkstream, see tests/corpus/README. */
#include "../blob.h"

#define LIST(...) ((const uint64_t[]){__VA_ARGS__})

static const char *root;

static char *path_of(const char *kind, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s/seed-%s", root, kind, name);
    return path;
}

static void save(const char *kind, const char *name, blob *b)
{
    FILE *f = fopen(path_of(kind, name), "wb");
    if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f)) {
        fprintf(stderr, "mkcorpus: cannot write %s\n", path_of(kind, name));
        exit(1);
    }
    blob_free(b);
}

static void safetensors(void)
{
    blob b = st_file("{}", 0);
    save("safetensors", "empty", &b);
    b = st_file("{\"__metadata__\": {\"num_heads\": \"2\", \"\\u00e9\\ud83d\\ude00\": \"\\\"\\\\\\n\"}, "
                "\"a\": {\"dtype\": \"F32\", \"shape\": [2, 3], \"data_offsets\": [0, 24]}, "
                "\"module.b\": {\"dtype\": \"BF16\", \"shape\": [4], \"data_offsets\": [24, 32]}}  ",
                32);
    save("safetensors", "metadata", &b);
    b = st_file("{\"d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
                "\"h\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[8,12]},"
                "\"z\":{\"dtype\":\"BOOL\",\"shape\":[3,0],\"data_offsets\":[12,12]},"
                "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[12,20]}}",
                20);
    save("safetensors", "types", &b);
}

/* A state dict of two tensors that share a storage, and an integer. */
static blob pickle(bool wrapped)
{
    blob b = {0};
    blob_str(&b, "\x80\x02");
    if (wrapped) {
        blob_str(&b, "}q");
        blob_int(&b, 0, 1);
        blob_str(&b, "(");
        pk_text(&b, "epoch");
        pk_int(&b, 3);
        pk_text(&b, "list");
        blob_str(&b, "](NG\x3f\xf0");
        blob_fill(&b, 0, 6);
        blob_str(&b, "\x89K\x01\x85M\x01\x01J\x01\x01\x01\x01\x86\x8a\x01\xff"
                     "e");
        pk_text(&b, "state_dict");
    }
    pk_global(&b, "collections", "OrderedDict");
    blob_str(&b, ")Rq\x01(");
    pk_text(&b, wrapped ? "_orig_mod.a" : "a");
    pk_tensor(&b, "FloatStorage", "0", 16, 1, LIST(2, 3), LIST(3, 1), 2);
    pk_text(&b, wrapped ? "_orig_mod.b" : "b");
    pk_tensor(&b, "FloatStorage", "0", 16, 0, LIST(3, 2, 1), LIST(1, 3, 0), 3);
    pk_text(&b, "n");
    pk_tensor(&b, "LongStorage", "0", 8, 7, NULL, NULL, 0);
    blob_str(&b, "u}");
    pk_text(&b, "_metadata");
    blob_str(&b, "}sb");
    if (wrapped)
        blob_str(&b, "u");
    blob_str(&b, ".");
    return b;
}

static void short_text(blob *b, const char *s)
{
    blob_int(b, 0x8c, 1);
    blob_int(b, strlen(s), 1);
    blob_str(b, s);
    blob_int(b, 0x94, 1);
}

static void stack_global(blob *b, const char *module, const char *name)
{
    short_text(b, module);
    short_text(b, name);
    blob_str(b, "\x93\x94");
}

/* Protocol 4: a parameter, a tensor with attributes, and objects that are skipped. */
static blob protocol_4(void)
{
    blob b = {0};
    blob_str(&b, "\x80\x04\x95");
    blob_int(&b, 9, 8);
    blob_str(&b, "}\x94(");
    short_text(&b, "model.a");
    stack_global(&b, "torch._utils", "_rebuild_parameter");
    blob_str(&b, "(");
    pk_tensor(&b, "FloatStorage", "0", 16, 0, LIST(4), LIST(1), 1);
    blob_str(&b, "\x88}tR");
    short_text(&b, "model.b");
    stack_global(&b, "torch._tensor", "_rebuild_from_type_v2");
    blob_str(&b, "(");
    stack_global(&b, "torch._utils", "_rebuild_tensor_v2");
    stack_global(&b, "torch", "Tensor");
    blob_str(&b, "(");
    pk_storage(&b, "FloatStorage", "0", 16);
    blob_str(&b, "K\x01");
    stack_global(&b, "torch", "Size");
    blob_str(&b, "K\x02\x85\x85RK\x01\x85\x89}t}tR");
    short_text(&b, "args");
    stack_global(&b, "argparse", "Namespace");
    blob_str(&b, ")\x81}\x8c\x02lrG????????sb");
    short_text(&b, "set");
    blob_str(&b, "\x8f(K\x01"
                 "C\x01x\x90(N\x91\x86");
    short_text(&b, "state");
    stack_global(&b, "collections", "defaultdict");
    blob_str(&b, ")R");
    short_text(&b, "other");
    stack_global(&b, "torch._utils", "_rebuild_qtensor");
    blob_str(&b, ")R\x85u.");
    return b;
}

static void pth(const char *name, unsigned flags, blob p)
{
    static const uint8_t data[64] = {1, 2, 3};
    zip_writer *z = zip_new(flags);
    zip_add(z, "m/data.pkl", p.p, p.n);
    zip_add(z, "m/byteorder", "little", 6);
    zip_add(z, "m/data/0", data, sizeof data);
    zip_finish(z);
    save("pth", name, &z->out);
    zip_free(z);
    save("pickle", name, &p);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    root = argv[1];
    safetensors();
    pth("plain", 0, pickle(false));
    pth("torch", ZIP_TORCH, pickle(true));
    pth("sizes64", ZIP_TORCH | ZIP_SIZES64, pickle(false));
    pth("protocol-4", ZIP_TORCH, protocol_4());
    return 0;
}
