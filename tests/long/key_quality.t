#!/bin/bash
# The classical key is at least as good as ffmpeg's chromakey with the best settings for the shot
# (bench/key_quality.py).
. "$(dirname "$0")/../tap.sh"
scenes=${CK_SCENES:-$here/../../shared/tools}
if [ ! -f "$scenes/synth_scene.py" ]; then
    skip "key quality" "no synth_scene.py in $scenes (\$CK_SCENES)"
elif ! python3 -c 'import numpy, cv2' 2>/dev/null; then
    skip "key quality" "python3 with numpy and OpenCV is not installed"
else
    ok "no shot is keyed worse than by chromakey" python3 "$here/../bench/key_quality.py" --scenes "$scenes"
    sed 's/^/# /' "$tmp/.out"
fi
done_testing
