#!/bin/bash
# Checkpoints in the forms that training scripts give them: read to the byte, or refused with the reason.  The files are
# pickles of stand-ins for torch's classes; with CK_TORCH=PYTHON, torch.save writes them (tests/long/torch.t).
. "$(dirname "$0")/tap.sh"
maker=$here/helpers/mkpickle.py
if ! python3 -c '' 2>"$tmp/err"; then
    skip "checkpoints of training scripts" "no python3"
    done_testing
fi
"$helpers/mkmodel" --embed 16 --stages 1,2,1,1 --decoder-width 24 --refiner-width 16 --img-size 32 --seed 5 --heads 2 \
    "$tmp/toy.safetensors" || echo "Bail out! mkmodel failed"
ck-model list "$tmp/toy.safetensors" >"$tmp/list"
header=$(od -An -tu8 -N8 "$tmp/toy.safetensors")
size=$(($(stat -c %s "$tmp/toy.safetensors") - 8 - header))

# The same tensors as in the .safetensors: in list and in bytes.
same() { # FILE
    ck-model check --strict --heads 2 "$1" && ck-model convert "$1" "$tmp/out.safetensors" &&
        ck-model list "$1" | diff - "$tmp/list" && cmp <(tail -c $size "$tmp/toy.safetensors") <(tail -c $size "$tmp/out.safetensors")
}

forms() { # FOLDER
    local f d=$1
    for f in "$d"/good-*.pth; do
        ok "$(basename "$f" .pth | sed 's/good-//; s/-/ /g')" same "$f"
    done
    fails 1 "'model.encoder.model.pos_embed' and 'module.encoder.model.pos_embed' are the same tensor twice" \
        "a tensor under two prefixes" ck-model check "$d/twice.pth"
    fails 1 "tensors are under both 'model' and 'state_dict'" "two dicts of tensors" ck-model check "$d/two-dicts.pth"
    fails 1 "the tensors are under 'generator'" "a dict of another name" ck-model check "$d/other-key.pth"
    fails 1 "the tensors' names begin with 'net.'" "an unknown prefix" ck-model check "$d/other-prefix.pth"
    fails 1 "tensor 'encoder.model.pos_embed' is missing" "a tensor too few" ck-model check --heads 2 "$d/missing.pth"
    fails 0 "1 tensor of the file is not used by the network: 'loss.weight'" "one too many" \
        ck-model check --heads 2 "$d/surplus.pth"
    fails 1 "tensor 'encoder.model.pos_embed' is F32 [16, 64, 1] instead of floating-point [1, N*N, 16]" \
        "another shape" ck-model check --heads 2 "$d/misshaped.pth"
    fails 1 "__main__.Colour' is refused" "an enum, which is made by a call" ck-model check "$d/enum.pth"
    fails 1 "the file holds '__main__.Net', which is refused: save model.state_dict()" "a whole model" \
        ck-model check "$d/whole.pth"
    fails 1 "'model' is an object of '__main__.Net'" "a whole model under a key" ck-model check "$d/whole-under-model.pth"
    fails 1 "global 'posix.system' is refused, since no code is run" "a call of a program" ck-model check "$d/system.pth"
    fails 1 "global 'posix.system' is refused, since no code is run" "the same in protocol 4" ck-model check "$d/system-4.pth"
    ok "which has not run" test ! -e "$d/ran"
    fails 1 "num_heads is not a plain number" "heads that would be ignored" ck-model check "$d/heads.pth"
    fails 1 "no dict of tensors in the file" "a list" ck-model check "$d/list.pth"
    fails 1 "needs torch._utils._rebuild_sparse_tensor, which is not read: save it dense" "a sparse tensor" ck-model check "$d/sparse.pth"
    fails 1 ", which is not read: save it dense" "a quantised one" ck-model check "$d/quantised.pth"
    fails 1 "needs torch.ComplexFloatStorage, which is not read" "a complex one" ck-model check "$d/complex.pth"
}

mkdir "$tmp/made"
if [ -n "${CK_TORCH-}" ]; then
    ok "files by torch.save" "$CK_TORCH" "$maker" --torch "$tmp/toy.safetensors" "$tmp/made"
else
    ok "files by stand-ins" python3 "$maker" "$tmp/toy.safetensors" "$tmp/made"
fi
forms "$tmp/made"
done_testing
