#!/bin/bash
# tests/slurm.t with eight tasks.
CHUNKS=8 FRAMES=80 exec "$(dirname "$0")/../slurm.t"
