#!/bin/bash
# tests/checkpoints.t on files that torch.save writes: with build/peers-venv (make bench-peers), else python3.
. "$(dirname "$0")/../tap.sh"
python=$here/../build/peers-venv/bin/python
"$python" -c 'import torch, numpy' 2>"$tmp/err" || python=python3
if "$python" -c 'import torch, numpy' 2>"$tmp/err"; then
    CK_TORCH=$python bash "$here/checkpoints.t"
    exit $?
fi
skip "checkpoints by torch.save" "no torch: make bench-peers installs it in build/peers-venv"
done_testing
