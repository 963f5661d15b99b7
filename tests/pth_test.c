/* .pth: state dicts in all forms that torch.save gives them are read; a pickle that needs anything else is refused, and
 * the message names it. */
#include <math.h>

#include "weights.h"

#define LIST(...) ((const uint64_t[]){__VA_ARGS__})

/* Members of the archive beside the pickle; NULL ones are left out. */
typedef struct around {
    const char *byteorder, *name; /* name: of the archive, "m" if NULL */
    size_t storage;               /* bytes of data/0, 64 if 0 */
    size_t storages;              /* number of data/0 … data/N-1, 1 if 0 */
} around;

static blob archive(const blob *pickle, around a)
{
    static uint8_t data[4096];
    char path[80];
    const char *m = a.name ? a.name : "m";
    zip_writer *z = zip_new(ZIP_TORCH);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    snprintf(path, sizeof path, "%s/data.pkl", m);
    zip_add(z, path, pickle->p, pickle->n);
    snprintf(path, sizeof path, "%s/byteorder", m);
    if (a.byteorder)
        zip_add(z, path, a.byteorder, strlen(a.byteorder));
    for (size_t i = 0; i < (a.storages ? a.storages : 1); i++) {
        snprintf(path, sizeof path, "%s/data/%zu", m, i);
        zip_add(z, path, data, a.storage ? a.storage : 64);
    }
    zip_finish(z);
    blob out = z->out;
    z->out = (blob){0};
    zip_free(z);
    return out;
}

static ck_weights *open_pickle(const blob *p, around a)
{
    blob f = archive(p, a);
    ck_weights *w = weights_open(f.p, f.n);
    blob_free(&f);
    return w;
}

/* Opcodes from a C string, with "@" for NUL. */
static blob opcodes(const char *s)
{
    blob b = {0};
    for (; *s; s++)
        blob_int(&b, *s == '@' ? 0 : (uint8_t)*s, 1);
    return b;
}

/* True if PROTO 2, the body, STOP is refused with `text`. */
static bool body_refused(const blob *body, const char *text)
{
    blob p = opcodes("\x80\x02");
    blob_put(&p, body->p, body->n);
    blob_str(&p, ".");
    ck_weights *w = open_pickle(&p, (around){0});
    bool good = !w && strstr(weights_error.text, text);
    if (!good)
        printf("# %s\n", w ? "it was opened" : weights_error.text);
    weights_close(w);
    blob_free(&p);
    return good;
}

static bool ops_refused(const char *ops, const char *text)
{
    blob b = opcodes(ops);
    bool good = body_refused(&b, text);
    blob_free(&b);
    return good;
}

/* Item "a": float32 [2, 3] at element 1 of storage 0, which has 16. */
static void tensor_a(blob *b)
{
    pk_text(b, "a");
    pk_tensor(b, "FloatStorage", "0", 16, 1, LIST(2, 3), LIST(3, 1), 2);
}

static bool has_a(const ck_weights *w)
{
    const ck_tensor *a = w ? ck_weights_find(w, "a") : NULL;
    if (!a)
        printf("# %s\n", w ? "there is no a" : weights_error.text);
    return a && a->dtype == CK_DTYPE_F32 && a->dims == 2 && a->shape[0] == 2 && a->shape[1] == 3 && a->contiguous &&
           a->data[0] == 4 && a->data[23] == 27;
}

/* True if a pickle with item a between `before` and `after` is read. */
static bool reads(const char *before, const char *after, around a)
{
    blob p = opcodes(before);
    tensor_a(&p);
    blob tail = opcodes(after);
    blob_put(&p, tail.p, tail.n);
    ck_weights *w = open_pickle(&p, a);
    bool good = has_a(w) && !strcmp(ck_weights_format(w), "pth");
    weights_close(w);
    blob_free(&p);
    blob_free(&tail);
    return good;
}

#define DICT "ccollections\nOrderedDict\n)R"

static void shapes_of_files(void)
{
    ok(reads("\x80\x02}", "s.", (around){0}), "a dict");
    ok(reads("\x80\x02}(", "u.", (around){0}), "a dict filled at once");
    ok(reads("\x80\x02" DICT "(", "u.", (around){0}), "an OrderedDict");
    ok(reads("\x80\x02" DICT "(", "u}X\x09@@@_metadata" DICT "sb.", (around){0}),
       "an OrderedDict with the attribute that a state dict has");
    ok(reads("\x80\x02}X\x0a@@@state_dict}(", "us.", (around){0}), "a dict under state_dict");
    ok(reads("\x80\x02}(X\x05@@@epochK\x03X\x01@@@mM\x01@X\x04@@@seed\x8a\x09@@@@@@@@\x01X\x01@@@n]K\x01"
             "aX\x01@@@o](K\x01K\x02"
             "eX\x01@@@tN\x88\x89\x87"
             "X\x0a@@@state_dict}(",
             "uu.", (around){0}),
       "other values beside state_dict");
    ok(reads("\x80\x02}q@(", "ur@@\x01@.", (around){0}), "memos far apart");
    ok(reads("\x80\x02}", "s.", (around){.byteorder = "little"}), "little-endian, as it says");
    ok(reads("\x80\x02}", "s.", (around){.name = "archive 1"}), "an archive of another name");
    ok(!reads("\x80\x02}", "s.", (around){.byteorder = "big"}) && strstr(weights_error.text, "byte order 'big'"),
       "big-endian is refused");
    ok(!reads("\x80\x02}", "s.", (around){.name = "a/b"}) && strstr(weights_error.text, "without NAME/data.pkl"),
       "data.pkl in another place");
    ok(!reads("\x80\x02}", "s.", (around){.storage = 60}) &&
           strstr(weights_error.text, "storage '0' has 60 bytes in the archive and 64 in the pickle"),
       "a storage of another size than the pickle says");
    ok(reads("\x80\x03}", "s.", (around){0}) && reads("\x80\x05}", "s.", (around){0}), "protocols 3 and 5");
    ok(!reads("\x80\x01}", "s.", (around){0}) && strstr(weights_error.text, "protocol 1") &&
           !reads("\x80\x06}", "s.", (around){0}) && strstr(weights_error.text, "protocol 6"),
       "but no other");
}

static void names(void)
{
    blob p = opcodes("\x80\x02}(X\x0a@@@state_dict}(");
    pk_text(&p, "_orig_mod.module.x");
    pk_tensor(&p, "HalfStorage", "0", 32, 0, LIST(32), LIST(1), 1);
    pk_text(&p, "n");
    pk_tensor(&p, "LongStorage", "0", 8, 7, NULL, NULL, 0);
    blob_str(&p, "u");
    pk_text(&p, "num_heads");
    pk_int(&p, 2);
    pk_text(&p, "name");
    pk_text(&p, "mini");
    pk_text(&p, "best");
    blob_put(&p, "G\x3f\xc0\0\0\0\0\0\0", 9);
    pk_text(&p, "ema");
    blob_put(&p, "\x88X\3\0\0\0lowJ\xfe\xff\xff\xffX\4\0\0\0long\x8a\x02\x00\x80u.", 29);
    ck_weights *w = open_pickle(&p, (around){0});
    ok(w && ck_weights_count(w) == 2 && ck_weights_find(w, "x") && ck_weights_find(w, "n"), "prefixes are taken off");
    if (w) {
        const ck_tensor *n = ck_weights_find(w, "n");
        ok(n->dtype == CK_DTYPE_I64 && n->dims == 0 && n->data[0] == 56, "integers are listed");
        ok(!strcmp(ck_weights_meta(w, "num_heads"), "2") && !strcmp(ck_weights_meta(w, "name"), "mini") &&
               !strcmp(ck_weights_meta(w, "best"), "0.125") && !strcmp(ck_weights_meta(w, "ema"), "true") &&
               !strcmp(ck_weights_meta(w, "low"), "-2") && !strcmp(ck_weights_meta(w, "long"), "-32768"),
           "numbers and texts beside the tensors are metadata");
    } else {
        printf("# %s\n", weights_error.text);
    }
    weights_close(w);
    blob_free(&p);
}

/* A view of storage 0, which has 16 floats: read with first element `first`, or refused. */
static bool view(uint64_t offset, const uint64_t *shape, const uint64_t *stride, size_t dims, const char *refused)
{
    blob p = opcodes("\x80\x02}");
    pk_text(&p, "v");
    pk_tensor(&p, "FloatStorage", "0", 16, offset, shape, stride, dims);
    blob_str(&p, "s.");
    ck_weights *w = open_pickle(&p, (around){0});
    const ck_tensor *v = w ? ck_weights_find(w, "v") : NULL;
    bool good = refused ? !w && strstr(weights_error.text, refused) : v && v->data[0] == 4 * offset;
    if (!good)
        printf("# %s\n", w ? "it was opened" : weights_error.text);
    weights_close(w);
    blob_free(&p);
    return good;
}

static void views(void)
{
    static const char beyond[] = "exceeds its storage";
    ok(view(4, LIST(3, 4), LIST(4, 1), 2, NULL) && view(5, LIST(3, 4), LIST(4, 1), 2, beyond), "an offset, to the end");
    ok(view(0, LIST(4, 4), LIST(1, 4), 2, NULL) && view(1, LIST(4, 4), LIST(1, 4), 2, beyond), "transposed");
    ok(view(0, LIST(4), LIST(5), 1, NULL) && view(0, LIST(4), LIST(6), 1, beyond), "every fifth");
    ok(view(15, LIST(10, 10), LIST(0, 0), 2, NULL), "one element, a hundred times");
    ok(view(15, LIST(1000, 1000), LIST(0, 0), 2, "more elements than the file has bytes"),
       "but not more often than the file has bytes");
    ok(view(0, LIST(1ull << 31), LIST(0), 1, "more elements than the file has bytes") &&
           view(0, LIST((1ull << 31) + 1), LIST(0), 1, "too many elements"),
       "nor more than 2^31 times");
    ok(view(0, LIST(1ull << 40, 1ull << 40), LIST(0, 0), 2, "overflows"), "a shape that overflows");
    ok(view(0, LIST(3), LIST(1ull << 62), 1, beyond) && view(0, LIST(5), LIST(1ull << 62), 1, beyond),
       "strides that wrap around");
    ok(view(1ull << 62, LIST(1), LIST(1), 1, beyond), "a huge offset");
    ok(view(0, LIST(1, 1, 1, 1, 1, 1, 1, 1, 1), LIST(1, 1, 1, 1, 1, 1, 1, 1, 1), 9,
            "invalid storage, offset, shape or strides"),
       "nine axes");
}

/* Two tensors in one storage. */
static void shared(void)
{
    blob p = opcodes("\x80\x02}(");
    tensor_a(&p);
    pk_text(&p, "b");
    pk_tensor(&p, "FloatStorage", "0", 16, 2, LIST(3, 2), LIST(1, 3), 2);
    blob_str(&p, "u.");
    ck_weights *w = open_pickle(&p, (around){0});
    const ck_tensor *b = w ? ck_weights_find(w, "b") : NULL;
    ok(has_a(w) && b && !b->contiguous && b->data == ck_weights_find(w, "a")->data + 4, "two tensors share a storage");
    weights_close(w);
    blob_free(&p);
}

/* A pickled call of os.system is refused by name and not executed. */
static void nothing_runs(void)
{
    ok(ops_refused("cos\nsystem\nX\x04@@@true\x85R", "global 'os.system' is refused"), "a call of os.system");
    ok(ops_refused("c__builtin__\neval\n(X\x01@@@1tR", "'__builtin__.eval'"), "a call of eval");
    ok(ops_refused("cposix\nsystem\n", "'posix.system'"), "a global that is not even called");
    ok(ops_refused("c__builtin__\ngetattr\n}X\x04@@@exec\x86R", "'__builtin__.getattr'"), "a call of getattr");
    ok(ops_refused("}X\x01@@@acos\nsystem\nq@X\x04@@@true\x85q\x01h@h\x01R", "global 'os.system' is refused"),
       "a call through the memo");
    ok(ops_refused("\x8c\x02os\x8c\x06system\x93X\x04@@@true\x85R", "global 'os.system' is refused"),
       "a call by protocol 4");
    ok(ops_refused("ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nNX\x04@@@true\x85NtR",
                   "global 'os.system' is refused"),
       "a call as the maker of a tensor with attributes");
    ok(ops_refused("ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nN)NtR",
                   "_rebuild_from_type_v2' is refused"),
       "that maker of itself");
    ok(ops_refused("ctorch._utils\n_unflatten_dense_tensors\n", "'torch._utils._unflatten_dense_tensors'"),
       "another function of torch");
    ok(ops_refused("ctorch\nComplexFloatStorage\n", "'torch.ComplexFloatStorage'"), "another type of storage");
    ok(ops_refused("cos\x1b[2J\nsystem\n", "not clean text"), "a name that would clear the screen");
    ok(ops_refused("X\x02@@@osN\x93", "the name of a class is not text"), "a name that is no text");
    ok(ops_refused("ctorch\nFloatStorage\n)R", "call of a storage type"), "a storage type that is called");
    ok(ops_refused(DICT ")R", "call of a value that is not a function"), "a call of a dict");
    ok(ops_refused("X\x01@@@f)R", "call of a value that is not a function"), "a call of a text");
    ok(ops_refused("ccollections\nOrderedDict\nNR", "call of a value that is not a function"),
       "arguments that are none");
    ok(ops_refused("ccollections\nOrderedDict\n]\x85R", "OrderedDict with arguments"), "an OrderedDict from a list");
    ok(ops_refused("ctorch._utils\n_rebuild_tensor_v2\n)R", "number of arguments"), "a tensor of nothing");
    ok(ops_refused("]}b", "attributes that are not a dict"), "attributes of a list");
    ok(ops_refused("}Nb", "attributes that are not a dict"), "attributes that are no dict");
    ok(ops_refused("ctorch", "unterminated global"), "half a global");
    ok(ops_refused("N)\x81", "an object without a class"), "an object of nothing");
    ok(ops_refused("\x81", "the stack is empty") && ops_refused("cm\nc\n)\x92", "the stack is empty"),
       "an object of too little");
    ok(ops_refused("cnet\nModel\n)\x81}b", "'net.Model', which is refused: save model.state_dict()"),
       "a model instead of its weights");
    ok(ops_refused("(i", "0x69 (INST)"), "INST");
    ok(ops_refused("(o", "0x6f (OBJ)"), "OBJ");
    ok(ops_refused("\x97", "0x97 (NEXT_BUFFER)"), "NEXT_BUFFER");
    ok(ops_refused("\x82\x01", "0x82 (EXT1)"), "EXT1");
    ok(ops_refused("P1\n", "0x50 (PERSID)"), "PERSID");
    ok(ops_refused("N0", "0x30 (POP)"), "POP");
    ok(ops_refused("(l", "0x6c (LIST)"), "LIST");
    ok(ops_refused("I1\n", "0x49 (INT)"), "INT");
    ok(ops_refused("\xff", "0xff (unknown)"), "an opcode that does not exist");
}

/* Replace one argument of _rebuild_tensor_v2: refused. */
static bool argument_refused(int which, const char *ops, const char *text)
{
    blob b = opcodes("}X\x01@@@v"
                     "ctorch._utils\n_rebuild_tensor_v2\n(");
    static const char *const good[7] = {NULL, "K@", "K\x02\x85", "K\x01\x85", "\x89", DICT, NULL};
    for (int i = 0; i < 7; i++) {
        blob x = opcodes(i == which ? ops : good[i] ? good[i] : "");
        if (i == 0 && i != which)
            pk_storage(&b, "FloatStorage", "0", 16);
        blob_put(&b, x.p, x.n);
        blob_free(&x);
    }
    blob_str(&b, "tRs");
    bool refused = text ? body_refused(&b, text) : !body_refused(&b, "");
    blob_free(&b);
    return refused;
}

static void arguments(void)
{
    static const char no_sense[] = "invalid storage, offset, shape or strides";
    ok(argument_refused(6, "N", NULL) && argument_refused(6, "}", NULL), "a seventh argument that says nothing");
    ok(argument_refused(6, "}X\x03@@@neg\x88s", "a tensor with metadata"), "one that changes the numbers");
    ok(argument_refused(6, "NN", "number of arguments"), "an eighth argument");
    ok(argument_refused(0, "N", no_sense), "no storage");
    ok(argument_refused(1, "J\xff\xff\xff\xff", no_sense), "a negative offset");
    ok(argument_refused(1, "G@@@@@@@@", no_sense), "an offset that is no whole number");
    ok(argument_refused(2, "J\xff\xff\xff\xff\x85", no_sense), "a negative size");
    ok(argument_refused(2, "K\x02", no_sense), "a shape that is no tuple");
    ok(argument_refused(2, "\x88\x85", no_sense), "a shape of other things than numbers");
    ok(argument_refused(3, "J\xff\xff\xff\xff\x85", no_sense), "a negative stride");
    ok(argument_refused(3, ")", no_sense), "fewer strides than axes");
    ok(argument_refused(4, "K\x01", no_sense), "requires_grad that is no bool");
    ok(argument_refused(5, "N", no_sense), "hooks that are no dict");
}

/* A persistent ID of five parts: refused. */
static bool id_refused(const char *ops, const char *text)
{
    blob b = opcodes("(");
    blob x = opcodes(ops);
    blob_put(&b, x.p, x.n);
    blob_str(&b, "tQ");
    bool good = body_refused(&b, text);
    blob_free(&b);
    blob_free(&x);
    return good;
}

#define T(n, s) "X" n "@@@" s
#define STORAGE T("\x07", "storage")
#define TYPE "ctorch\nFloatStorage\n"

static void storages(void)
{
    static const char none[] = "persistent id is not a storage";
    ok(id_refused(STORAGE TYPE T("\x01", "7") T("\x03", "cpu") "K\x10", "storage '7' is not in the archive"),
       "a storage that is not there");
    ok(id_refused(STORAGE TYPE T("\x03", "../") T("\x03", "cpu") "K\x10", "storage '../' is not in the archive"),
       "a path as key");
    ok(id_refused(STORAGE TYPE T("\x01", "0") T("\x03", "cpu") "K\x11", "has 64 bytes in the archive and 68"),
       "a larger one");
    ok(id_refused(STORAGE TYPE T("\x01", "0") T("\x03", "cpu") "\x8a\x08@@@@@@@@", "has 64 bytes in the archive and 0"),
       "an empty one");
    ok(id_refused(STORAGE "ctorch\nDoubleStorage\n" T("\x01", "0") T("\x03", "cpu") "\x8a\x08\x08@@@@@@\x20",
                  "overflows"),
       "a size that wraps around to 64");
    ok(id_refused(STORAGE TYPE T("\x01", "0") T("\x03", "cpu") "J\xff\xff\xff\xff", none), "a negative size");
    ok(id_refused(STORAGE TYPE T("\x01", "0") T("\x03", "cpu"), none), "four things");
    ok(id_refused(T("\x07", "Storage") TYPE T("\x01", "0") T("\x03", "cpu") "K\x10", none), "no 'storage'");
    ok(id_refused(STORAGE "ccollections\nOrderedDict\n" T("\x01", "0") T("\x03", "cpu") "K\x10",
                  "the file holds 'collections.OrderedDict'"),
       "another class as type");
    ok(id_refused(STORAGE T("\x01", "0") T("\x01", "0") T("\x03", "cpu") "K\x10", none), "a text as type");
    ok(id_refused(STORAGE TYPE "K@" T("\x03", "cpu") "K\x10", none), "a number as key");
    ok(ops_refused("X\x01@@@0Q", none), "a text as persistent id");
}

static void machine(void)
{
    ok(ops_refused("t", "no open mark"), "TUPLE without MARK");
    ok(ops_refused("u", "no open mark"), "SETITEMS without MARK");
    ok(ops_refused("(u", "the stack is empty"), "SETITEMS into nothing");
    ok(ops_refused("}((u", "the stack is empty"), "SETITEMS across a mark");
    ok(ops_refused("}(N(s", "the stack is empty"), "SETITEM across a mark");
    ok(ops_refused("](a", "the stack is empty"), "APPEND across a mark");
    ok(ops_refused("N(\x85", "the stack is empty"), "TUPLE1 across a mark");
    ok(ops_refused("N(q@", "the stack is empty"), "BINPUT across a mark");
    ok(ops_refused("R", "the stack is empty"), "REDUCE of nothing");
    ok(ops_refused("}(NNNu", "a key has no value"), "three things into a dict");
    ok(ops_refused("](NNu", "not a dict"), "SETITEMS into a list");
    ok(ops_refused("}Na", "not a list"), "APPEND to a dict");
    ok(ops_refused("h@", "no such memo entry"), "a memo that is not there");
    ok(ops_refused("Nq\x05h\x04", "no such memo entry"), "a memo between others");
    ok(ops_refused("j\xff\xff\xff\xff", "no such memo entry"), "the last memo of all");
    ok(ops_refused("Nr\xff\xff\xff\xff", "memo index too large"), "a memo that would need 16 GiB");
    ok(ops_refused("X\xff\xff\xff\xff", "the pickle is truncated"), "a text beyond the file");
    ok(ops_refused("X\x02@@@\xc3(", "not UTF-8"), "a text that is not UTF-8");
    ok(argument_refused(1, "\x8a\x09@@@@@@@@\x01", "invalid storage, offset, shape or strides"),
       "a number of 72 bits as offset");
    ok(ops_refused("\x8a\xff", "the pickle is truncated"), "a number beyond the file");
    ok(ops_refused("NN", "values left over"), "two values at the end");
    ok(ops_refused("", "values left over"), "none");
    ok(ops_refused("N(", "values left over"), "an open mark at the end");
    ok(ops_refused("}.N", "values left over"), "something after STOP");
    ok(ops_refused("N", "no dict of tensors"), "no dict");
    ok(ops_refused("}", "no tensor in the file's dict"), "an empty dict");
    ok(ops_refused("}X\x0a@@@state_dict}s", "no tensor in the file's dict"), "an empty state_dict");
    ok(ops_refused("}(\x90", "not a set") && ops_refused("(\x90", "not a set"), "items of no set");
    ok(ops_refused("\x95\xff@@@@@@\x80", "the pickle is truncated"), "a frame beyond the file");
    ok(ops_refused("\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "the pickle is truncated") &&
           ops_refused("\x8e\xff\xff\xff\xff\xff\xff\xff\xff", "the pickle is truncated"),
       "text and bytes of 16 EiB");
    blob p = opcodes("}(X\x05@@@model}");
    tensor_a(&p);
    blob_str(&p, "sX\x0a");
    blob_int(&p, 0, 3);
    blob_str(&p, "state_dict}");
    tensor_a(&p);
    blob_str(&p, "su");
    ok(body_refused(&p, "tensors are under both 'model' and 'state_dict'"), "two dicts of tensors");
    blob_free(&p);
    p = opcodes("}(K\x01N");
    tensor_a(&p);
    blob_str(&p, "u");
    ok(body_refused(&p, "is not text"), "a number as key");
    blob_free(&p);
    p = opcodes("}(");
    tensor_a(&p);
    tensor_a(&p);
    blob_str(&p, "u");
    ok(body_refused(&p, "tensor 'a' appears twice"), "a name twice");
    blob_free(&p);
    p = opcodes("N");
    ck_weights *w = open_pickle(&p, (around){0});
    ok(!w && strstr(weights_error.text, "does not start with PROTO"), "no PROTO");
    blob_free(&p);
    p = opcodes("\x80\x02}");
    w = open_pickle(&p, (around){0});
    ok(!w && strstr(weights_error.text, "without STOP"), "no STOP");
    blob_free(&p);
}

/* `n` times `each` between `before` and `after`. */
static bool repeated(const char *before, const char *each, size_t n, const char *after, const char *text)
{
    blob b = opcodes(before), one = opcodes(each), tail = opcodes(after);
    for (size_t i = 0; i < n; i++)
        blob_put(&b, one.p, one.n);
    blob_put(&b, tail.p, tail.n);
    bool good = body_refused(&b, text);
    blob_free(&b);
    blob_free(&one);
    blob_free(&tail);
    return good;
}

static void limits(void)
{
    ok(repeated("", "(", 64, "", "values left over") && repeated("", "(", 65, "", "nested too deep"), "64 open marks");
    ok(repeated(")", "\x85", 63, "", "no dict") && repeated(")", "\x85", 64, "", "nested too deep"),
       "64 tuples in tuples");
    ok(repeated("]q@", "]h@a", 1, "a", "no dict"), "a list in a list");
    ok(repeated("]q@", "h@a", 63, "", "no dict"), "a list in itself");
    ok(repeated("]q@", "h@a", 64, "", "nested too deep"), "but not for ever");
    ok(repeated("", "N", 1 << 20, "", "values left over") && repeated("", "N", (1 << 20) + 1, "", "too many values"),
       "a million values");
    ok(repeated("Nq@", "h@", 1 << 20, "", "stack too deep"), "a million on the stack");
    ok(repeated("}q@Nq\x01", "h@h\x01h\x01s(t", 0, "", "values left over"), "the memo gives values back");
    ok(repeated("", "(t", 8 << 20, "", "a pickle of"), "a pickle of more than 16 MiB");
}

/* A whole file: every cut is refused, every changed byte survived. */
static void file(void)
{
    blob p = opcodes("\x80\x02" DICT "(");
    tensor_a(&p);
    blob_str(&p, "u.");
    blob f = archive(&p, (around){.byteorder = "little"});
    ok(weights_cuts(&f), "every cut is refused");
    /* Checksums, times, attributes, versions, padding and data mean nothing, but structure is most of the file. */
    /* Bytes without a meaning for the tensors (checksums, times, versions, padding) and the numbers themselves may
     * change; the structure is most of the file, and there every change is noticed. */
    ok(weights_changes(&f) < 3 * f.n / 2, "most changed bytes are refused, and none does harm");
    blob_free(&f);
    blob_free(&p);
    f = opcodes("\x80\x02\x8a\x0al\xfc\x9c"
                "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.");
    ok(weights_refused(&f, "before PyTorch 1.6") && strstr(weights_error.text, "torch.save(torch.load("),
       "the older format is named, and how to convert it");
    blob_free(&f);
    zip_writer *z = zip_new(0);
    zip_add(z, "m/data.pkl", "", 0);
    zip_add(z, "n/data.pkl", "", 0);
    zip_finish(z);
    ok(weights_refused(&z->out, "two members are called data.pkl"), "two pickles");
    zip_free(z);
}

int main(void)
{
    shapes_of_files();
    names();
    views();
    shared();
    nothing_runs();
    arguments();
    storages();
    machine();
    limits();
    file();
    return done_testing();
}
