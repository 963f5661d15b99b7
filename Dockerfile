# ck in a container: docker build -t ck . && docker run --rm -v "$PWD":/shots -w /shots ck key shot.mov out/
#
# --build-arg CUDA=1 adds the plug-in for NVIDIA GPUs (docker run --gpus all), with the CUDA toolkit of Debian's non-free.
ARG DEBIAN=debian:12-slim

FROM $DEBIAN AS build
ARG CUDA=0
ENV DEBIAN_FRONTEND=noninteractive
COPY . /ck
WORKDIR /ck
RUN sed -i 's/^Components: main$/Components: main contrib non-free/' /etc/apt/sources.list.d/debian.sources && \
    apt-get update && \
    apt-get install -y --no-install-recommends git $([ "$CUDA" = 0 ] || echo nvidia-cuda-toolkit) && \
    apt-get build-dep -y --no-install-recommends ./ && \
    git config --global --add safe.directory /ck && make deb CUDA=$CUDA && \
    mkdir /deb && cp build/deb/ckeyer_*.deb build/deb/libckeyer1_*.deb build/deb/python3-ckeyer_*.deb /deb && \
    if [ "$CUDA" != 0 ]; then cp build/deb/ckeyer-cuda_*.deb /deb; fi

FROM $DEBIAN
ARG CUDA=0
COPY --from=build /deb /deb
RUN sed -i 's/^Components: main$/Components: main contrib non-free/' /etc/apt/sources.list.d/debian.sources && \
    apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /deb/*.deb ca-certificates && \
    rm -rf /deb /var/lib/apt/lists/*
ENTRYPOINT ["ck"]
