/* Linear layers by cuBLASLt.
 *
 * cuBLASLt is column-major: our y [M][N] is its N x M, x [M][K] its K x M, and w [N][K] its K x N, transposed by the
 * product: y' = w'^T x' + bias + x[1]'.  The addend is its C, with beta 1.
 *
 * Its GELU is the tanh approximation, so ours is a separate kernel, which reads the product in float32 and rounds once.
 * If the product is not the result it goes to scratch, in bands of rows that stay in the L2 cache.
 *
 * x is read in place if it has the operand type; otherwise it is rounded into scratch and K is padded.  Products stored
 * in 16 bits need a 16-bit bias: cuBLASLt requires D's type. */
#include <stdlib.h>

#include "base/mem.h"
#include "nn/cuda/cuda.h"

struct ck_cuda_product {
    cublasLtMatmulDesc_t how;
    cublasLtMatrixLayout_t w, x, add, y;
    cublasLtMatmulAlgo_t algo;
    int bands;                  /* products of as many rows each, one after the other */
    const ck_cuda_kernel *gelu; /* NULL: none */
    ck_cuda_product *next;
};

static ck_status lt(cublasStatus_t r, const char *what, ck_error *e)
{
    return r == CUBLAS_STATUS_SUCCESS ? CK_OK
                                      : ck_fail(e, r == CUBLAS_STATUS_ALLOC_FAILED ? CK_ERR_MEMORY : CK_ERR_UNSUPPORTED,
                                                "cuBLASLt cannot %s (its status %d)", what, (int)r);
}

static bool has_gelu(const ck_nn_step *s)
{
    return s->act == CK_NN_GELU;
}

/* The product goes to scratch before GELU. */
static bool through_scratch(const ck_nn_step *s)
{
    return has_gelu(s) && (ck_nn_has(&s->x[1]) || s->y.type != CK_NN_F32);
}

/* True if x does not have the operand type. */
static bool must_round(const ck_cuda_device *d, const ck_nn_step *s)
{
    return ck_cuda_rounds(d) && s->x[0].type == CK_NN_F32;
}

/* Bytes of the rounded x in scratch; the product before GELU follows. */
static size_t operand_bytes(const ck_cuda_device *d, const ck_nn_step *s)
{
    size_t k = (size_t)ck_cuda_padded(s->x[0].c);
    return must_round(d, s) ? ck_pad(ck_nn_pixels(&s->y) * k * ck_cuda_operand_size(d)) : 0;
}

/* Bands of equal height for a product that goes through scratch.  Each should fit half of the L2 cache, but keep a GPU
 * busy.  Heights are multiples of ROWS, so that each band begins at a multiple of 64 bytes. */
#define LEAST_BAND ((size_t)8 << 20) /* bytes */
#define ROWS 32

static int bands_of(const ck_cuda_device *d, const ck_nn_step *s)
{
    size_t m = ck_nn_pixels(&s->y), bytes = m * (size_t)s->y.c * sizeof(float);
    size_t most = d->l2 / 2 > LEAST_BAND ? d->l2 / 2 : LEAST_BAND, n = (bytes + most - 1) / most;
    if (!through_scratch(s) || n < 2)
        return 1;
    while (n * ROWS <= m && m % (n * ROWS))
        n++;
    return n * ROWS * 8 <= m ? (int)n : 1;
}

static cudaDataType_t type_of(ck_nn_type t)
{
    return t == CK_NN_F16 ? CUDA_R_16F : t == CK_NN_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

/* Type of the product before GELU. */
static ck_nn_type product_type(const ck_nn_step *s)
{
    return through_scratch(s) ? CK_NN_F32 : s->y.type;
}

bool ck_cuda_linear_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    bool good = (s->x[0].type == CK_NN_F32 || s->x[0].type == d->base.act) &&
                (s->y.type == CK_NN_F32 || s->y.type == d->base.act) &&
                (!ck_nn_has(&s->x[1]) || s->x[1].type == s->y.type);
    return good || ck_cuda_declines(why, "no product of these types");
}

static ck_status describe(const ck_cuda_device *d, ck_cuda_product *p, const ck_nn_step *s, ck_error *e)
{
    uint64_t m = ck_nn_pixels(&s->y) / (uint64_t)p->bands, n = (uint64_t)s->y.c, k = (uint64_t)s->x[0].c;
    bool add = ck_nn_has(&s->x[1]) && !has_gelu(s);
    int64_t ld_x = s->x[0].ld, ld_y = through_scratch(s) ? s->y.c : s->y.ld, ld_add = add ? s->x[1].ld : ld_y;
    cudaDataType_t type = type_of(d->base.act), type_y = type_of(product_type(s));
    cublasComputeType_t how =
        d->base.precision == CK_NN_PRECISION_TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    int64_t ld_w = ck_cuda_rounds(d) ? ck_cuda_padded(s->x[0].c) : s->x[0].c;
    if (must_round(d, s))
        ld_x = (int64_t)(k = (uint64_t)ld_w);
    ck_status st = lt(cublasLtMatmulDescCreate(&p->how, how, CUDA_R_32F), "describe a product", e);
    if (st == CK_OK)
        st = lt(cublasLtMatrixLayoutCreate(&p->w, type, k, n, ld_w), "describe weights", e);
    if (st == CK_OK)
        st = lt(cublasLtMatrixLayoutCreate(&p->x, type, k, m, ld_x), "describe an input", e);
    if (st == CK_OK)
        st = lt(cublasLtMatrixLayoutCreate(&p->add, type_y, n, m, ld_add), "describe an addend", e);
    if (st == CK_OK)
        st = lt(cublasLtMatrixLayoutCreate(&p->y, type_y, n, m, ld_y), "describe a result", e);
    return st;
}

static ck_status set_up(ck_cuda_product *p, const ck_nn_step *s, ck_error *e)
{
    cublasOperation_t transposed = CUBLAS_OP_T;
    cublasLtEpilogue_t bias = CUBLASLT_EPILOGUE_BIAS;
    const void *values = product_type(s) == CK_NN_F32 ? s->weight->bias : s->weight->rounded_bias;
    ck_status st =
        lt(cublasLtMatmulDescSetAttribute(p->how, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
           "transpose weights", e);
    if (st != CK_OK || !values)
        return st;
    st = lt(cublasLtMatmulDescSetAttribute(p->how, CUBLASLT_MATMUL_DESC_EPILOGUE, &bias, sizeof bias), "add a bias", e);
    return st == CK_OK
               ? lt(cublasLtMatmulDescSetAttribute(p->how, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &values, sizeof values),
                    "add a bias", e)
               : st;
}

/* The largest power of 2, up to 64, that divides an operand's address: a plan's tensors begin at multiples of 64. */
static uint32_t alignment(const ck_nn_tensor *t)
{
    size_t at = t->at | 64;
    return (uint32_t)(at & (~at + 1));
}

#define CANDIDATES 8

/* Choose the algorithm that cuBLASLt ranks first of those that it can run; once, so that every run uses the same. */
static ck_status choose(ck_cuda_device *d, ck_cuda_product *p, const ck_nn_step *s, ck_error *e)
{
    static const char what[] = "do this product";
    cublasLtMatmulPreference_t want;
    cublasLtMatmulHeuristicResult_t found[CANDIDATES];
    int n = 0, first = 0;
    size_t workspace = CK_CUDA_WORKSPACE;
    /* Partial sums must stay in float32: other schemes round them to the result's type. */
    uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    uint32_t of_w = 64, of_x = must_round(d, s) ? 64 : alignment(&s->x[0]), of_y = alignment(&s->y),
             of_add = ck_nn_has(&s->x[1]) ? alignment(&s->x[1]) : of_y;
    ck_status st = lt(cublasLtMatmulPreferenceCreate(&want), what, e);
    if (st != CK_OK)
        return st;
    const struct {
        cublasLtMatmulPreferenceAttributes_t name;
        const void *value;
        size_t size;
    } all[] = {{CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace},
               {CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &schemes, sizeof schemes},
               {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &of_w, sizeof of_w},
               {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &of_x, sizeof of_x},
               {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &of_add, sizeof of_add},
               {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &of_y, sizeof of_y}};
    for (size_t i = 0; i < sizeof all / sizeof *all && st == CK_OK; i++)
        st = lt(cublasLtMatmulPreferenceSetAttribute(want, all[i].name, all[i].value, all[i].size), what, e);
    if (st == CK_OK)
        st = lt(cublasLtMatmulAlgoGetHeuristic(d->lt, p->how, p->w, p->x, p->add, p->y, want, CANDIDATES, found, &n),
                what, e);
    while (st == CK_OK && first < n && found[first].state != CUBLAS_STATUS_SUCCESS)
        first++;
    if (st == CK_OK && first < n)
        p->algo = found[first].algo;
    else if (st == CK_OK)
        st = ck_fail(e, CK_ERR_UNSUPPORTED, "cuBLASLt has no way to do a product of %zu x %d x %d", ck_nn_pixels(&s->y),
                     s->y.c, s->x[0].c);
    cublasLtMatmulPreferenceDestroy(want);
    return st;
}

/* Rows of band `band` of a tensor; an absent tensor stays so. */
static ck_nn_tensor rows_of(const ck_nn_tensor *t, int bands, int band)
{
    ck_nn_tensor r = *t;
    size_t rows = ck_nn_pixels(t) / (size_t)bands;
    if (!ck_nn_has(t) || bands == 1)
        return r;
    r.h = 1;
    r.w = (int)rows;
    r.data = t->data ? (char *)t->data + (size_t)band * rows * (size_t)t->ld * ck_nn_type_size(t->type) : NULL;
    return r;
}

/* GELU of a band as a step of its own. */
static ck_nn_step gelu_step(const ck_nn_step *s, int bands, int band, void *scratch)
{
    ck_nn_step g = *s;
    g.kind = CK_CUDA_OP_GELU;
    g.y = rows_of(&s->y, bands, band);
    g.x[1] = rows_of(&s->x[1], bands, band);
    g.x[0] = g.y;
    if (through_scratch(s)) {
        g.x[0].data = scratch;
        g.x[0].at = 0;
        g.x[0].type = CK_NN_F32;
        g.x[0].ld = g.x[0].c;
    }
    return g;
}

const ck_cuda_kernel *ck_cuda_gelu_of(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    ck_nn_step g = gelu_step(s, bands_of(d, s), 0, NULL);
    return ck_cuda_choose(d, &g, why);
}

ck_status ck_cuda_prepare_linear(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    ck_error why;
    ck_cuda_product *p = calloc(1, sizeof *p);
    if (!p)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a product");
    p->next = d->products;
    d->products = p;
    s->prepared = p;
    p->bands = bands_of(d, s);
    p->gelu = has_gelu(s) ? ck_cuda_gelu_of(d, s, &why) : NULL;
    *scratch = operand_bytes(d, s);
    if (through_scratch(s))
        *scratch += ck_nn_pixels(&s->y) / (size_t)p->bands * (size_t)s->y.c * sizeof(float);
    ck_status st = describe(d, p, s, e);
    if (st == CK_OK)
        st = set_up(p, s, e);
    return st == CK_OK ? choose(d, p, s, e) : st;
}

/* One band of the product, from x to `to`. */
static ck_status multiply(ck_cuda_device *d, const ck_nn_step *s, const void *x, void *to, ck_error *e)
{
    const ck_cuda_product *p = s->prepared;
    bool add = ck_nn_has(&s->x[1]) && !has_gelu(s);
    float one = 1, beta = add ? 1 : 0;
    const void *w = ck_cuda_rounds(d) ? s->weight->rounded : s->weight->w;
    ck_status st = lt(cublasLtMatmul(d->lt, p->how, &one, w, p->w, x, p->x, &beta, add ? s->x[1].data : to, p->add, to,
                                     p->y, &p->algo, d->workspace, CK_CUDA_WORKSPACE, d->stream),
                      "multiply", e);
    return st == CK_OK ? st : ck_fail_in(e, st, s->label);
}

void ck_cuda_linear(ck_cuda_device *d, const ck_nn_step *s)
{
    const ck_cuda_product *p = s->prepared;
    ck_nn_tensor x = s->x[0];
    ck_status st = CK_OK;
    ck_error e;
    if (must_round(d, s)) {
        ck_cuda_round(d, x.data, ck_nn_pixels(&x), x.c, x.ld, s->scratch, ck_cuda_padded(x.c));
        x.data = s->scratch;
        x.ld = ck_cuda_padded(x.c);
        x.type = d->base.act;
    }
    for (int i = 0; i < p->bands && st == CK_OK; i++) {
        ck_nn_step g = gelu_step(s, p->bands, i, (char *)s->scratch + operand_bytes(d, s));
        st = multiply(d, s, rows_of(&x, p->bands, i).data, p->gelu ? g.x[0].data : s->y.data, &e);
        if (st == CK_OK && p->gelu)
            p->gelu->run(d, &g);
    }
    ck_cuda_fail(d, st, &e);
}

void ck_cuda_free_products(ck_cuda_device *d)
{
    for (ck_cuda_product *p = d->products, *next; p; p = next) {
        next = p->next;
        if (p->how)
            cublasLtMatmulDescDestroy(p->how);
        cublasLtMatrixLayout_t all[] = {p->w, p->x, p->add, p->y};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            if (all[i])
                cublasLtMatrixLayoutDestroy(all[i]);
        free(p);
    }
    d->products = NULL;
}
