/* One interface to oneDNN 2.6 and 3.x: memory layouts, and the descriptor of a product.  The other
 * functions that primitive.c calls are the same in both. */
#ifndef CK_NN_CPU_DNNL_COMPAT_H
#define CK_NN_CPU_DNNL_COMPAT_H

#include <dnnl.h>
#include <stdlib.h>

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t ck_cpu_layout; /* owned */
typedef const_dnnl_memory_desc_t ck_cpu_layout_view;
typedef dnnl_primitive_desc_t ck_cpu_descriptor; /* owned */
typedef const_dnnl_primitive_desc_t ck_cpu_descriptor_view;

static inline dnnl_status_t ck_cpu_layout_by_strides(ck_cpu_layout *l, int n, dnnl_data_type_t type,
                                                     const dnnl_dims_t dims, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(l, n, dims, type, strides);
}

static inline dnnl_status_t ck_cpu_layout_by_tag(ck_cpu_layout *l, int n, dnnl_data_type_t type, const dnnl_dims_t dims,
                                                 dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(l, n, dims, type, tag);
}

static inline void ck_cpu_layout_free(ck_cpu_layout l)
{
    if (l)
        dnnl_memory_desc_destroy(l);
}

static inline dnnl_status_t ck_cpu_describe_matmul(dnnl_engine_t engine, ck_cpu_layout_view x, ck_cpu_layout_view w,
                                                   ck_cpu_layout_view bias, ck_cpu_layout_view y,
                                                   const_dnnl_primitive_attr_t attr, ck_cpu_descriptor *to)
{
    return dnnl_matmul_primitive_desc_create(to, engine, x, w, bias, y, attr);
}

static inline dnnl_status_t ck_cpu_append_gelu(dnnl_post_ops_t post)
{
    return dnnl_post_ops_append_eltwise(post, dnnl_eltwise_gelu_erf, 0, 0);
}

static inline dnnl_status_t ck_cpu_append_sum(dnnl_post_ops_t post)
{
    return dnnl_post_ops_append_sum(post, 1, 0, dnnl_data_type_undef);
}

#else

typedef dnnl_memory_desc_t *ck_cpu_layout; /* owned */
typedef const dnnl_memory_desc_t *ck_cpu_layout_view;
typedef dnnl_primitive_desc_t ck_cpu_descriptor; /* owned */
typedef const_dnnl_primitive_desc_t ck_cpu_descriptor_view;

static inline dnnl_status_t ck_cpu_layout_by_strides(ck_cpu_layout *l, int n, dnnl_data_type_t type,
                                                     const dnnl_dims_t dims, const dnnl_dims_t strides)
{
    *l = malloc(sizeof **l);
    return *l ? dnnl_memory_desc_init_by_strides(*l, n, dims, type, strides) : dnnl_out_of_memory;
}

static inline dnnl_status_t ck_cpu_layout_by_tag(ck_cpu_layout *l, int n, dnnl_data_type_t type, const dnnl_dims_t dims,
                                                 dnnl_format_tag_t tag)
{
    *l = malloc(sizeof **l);
    return *l ? dnnl_memory_desc_init_by_tag(*l, n, dims, type, tag) : dnnl_out_of_memory;
}

static inline void ck_cpu_layout_free(ck_cpu_layout l)
{
    free(l);
}

static inline dnnl_status_t ck_cpu_describe_matmul(dnnl_engine_t engine, ck_cpu_layout_view x, ck_cpu_layout_view w,
                                                   ck_cpu_layout_view bias, ck_cpu_layout_view y,
                                                   const_dnnl_primitive_attr_t attr, ck_cpu_descriptor *to)
{
    dnnl_matmul_desc_t op;
    dnnl_status_t s = dnnl_matmul_desc_init(&op, x, w, bias, y);
    return s == dnnl_success ? dnnl_primitive_desc_create(to, &op, attr, engine, NULL) : s;
}

static inline dnnl_status_t ck_cpu_append_gelu(dnnl_post_ops_t post)
{
    return dnnl_post_ops_append_eltwise(post, 1, dnnl_eltwise_gelu_erf, 0, 0);
}

static inline dnnl_status_t ck_cpu_append_sum(dnnl_post_ops_t post)
{
    return dnnl_post_ops_append_sum(post, 1);
}

#endif

#endif
