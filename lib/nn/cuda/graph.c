/* Steps recorded as a CUDA graph, which launches hundreds of kernels in one call. */
#include <stdlib.h>

#include "nn/cuda/cuda.h"

static ck_nn_graph *of(cudaGraphExec_t x)
{
    return (ck_nn_graph *)x;
}

/* Thread-local capture: another thread may allocate for its frame meanwhile. */
ck_status ck_cuda_record(ck_nn *dev, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    return ck_cuda_check(cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal), "record a graph", e);
}

/* A step's failure belongs to the recording, not to the frame, whose steps will be run one by one. */
ck_status ck_cuda_recorded(ck_nn *dev, ck_nn_graph **g, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    cudaGraph_t graph = NULL;
    cudaGraphExec_t x = NULL;
    ck_status s = ck_cuda_check(cudaStreamEndCapture(d->stream, &graph), "record a graph", e);
    if (d->failed != CK_OK) {
        s = d->failed;
        *e = d->error;
        d->failed = CK_OK;
    }
    if (s == CK_OK) /* the form of CUDA 11 and later */
        s = ck_cuda_check(cudaGraphInstantiateWithFlags(&x, graph, 0), "prepare a graph", e);
    if (graph)
        cudaGraphDestroy(graph);
    *g = s == CK_OK ? of(x) : NULL;
    return s;
}

void ck_cuda_replay(ck_nn *dev, ck_nn_graph *g)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    ck_error e;
    ck_cuda_fail(d, ck_cuda_check(cudaGraphLaunch((cudaGraphExec_t)g, d->stream), "start a graph", &e), &e);
}

void ck_cuda_forget(ck_nn *dev, ck_nn_graph *g)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    if (!g)
        return;
    cudaStreamSynchronize(d->stream);
    cudaGraphExecDestroy((cudaGraphExec_t)g);
}
