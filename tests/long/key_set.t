#!/bin/bash
# bench/key_set.py on one drawn subject: a perfect key has zero error in every column, a wrong one has some in each.
. "$(dirname "$0")/../tap.sh"
if ! python3 -c 'import numpy, cv2' 2>/dev/null; then
    skip "key set" "python3 with numpy and OpenCV is not installed"
    done_testing
fi

set=$tmp/set
mkdir "$set"
ck-synth -g 320x180 --seed 3 | ck-encode --plane rgb=png --plane true_alpha=png16 --plane true_fg=png "$tmp/shot"
mv "$tmp"/shot/true_alpha/*.png "$set/one.alpha.png"
mv "$tmp"/shot/true_fg/*.png "$set/one.fg.png"
mv "$tmp"/shot/rgb/*.png "$set/one.clean.png"
ffmpeg -v error -i "$set/one.clean.png" -q:v 2 "$set/one.jpg"

# A keyer that returns the true matte and foreground.  $fg is another foreground, $change a stage that changes the
# matte; with $grainy the matte is the plate's luminance.  float32, since half floats would round the truth.
cat >"$tmp/true" <<EOF
#!/bin/bash
set -o pipefail
matte=$set/one.alpha.png
[ -z "\$grainy" ] || matte=\$1
ck-decode "\$1" --input alpha="\$matte" --input fg=\${fg:-$set/one.fg.png} | \${change:-cat} |
    ck-post --despill 0 --despeckle off | ck-encode --matte exr32 --processed exr32 "\$2"
EOF
chmod +x "$tmp/true"

measured() { # NAME OPTION...: write the tables to $tmp/NAME
    local name=$1
    shift
    ok "$name" python3 "$here/../bench/key_set.py" "$set" "$@"
    mv "$tmp/.out" "$tmp/$name"
}
column() { # FILE COLUMN: its mean, from the last table that has it
    awk -F ' *[|] *' -v c="$2" '/^\| plate/ { n = 0; for (i = 2; i < NF; i++) if ($i == c) n = i }
        /^\| mean/ && n { v = $n } END { print v }' "$tmp/$1"
}
is_zero() { # FILE COLUMN BOUND
    ok "$1: $2 is at most $3" awk -v v="$(column "$1" "$2")" -v b="$3" 'BEGIN { exit !(v != "" && v + 0 <= b) }'
}
is_some() { # FILE COLUMN BOUND
    ok "$1: $2 is more than $3" awk -v v="$(column "$1" "$2")" -v b="$3" 'BEGIN { exit !(v != "" && v + 0 > b) }'
}

export PATH change='' fg='' grainy=''
measured perfect --program "$tmp/true"
for c in MAD Grad hole junk dtSSD solid edge bare; do is_zero perfect "$c" 0; done
# Sums of float32 in sRGB codes.
measured perfect-plate --program "$tmp/true" --table measure
for c in comp edge rim; do is_zero perfect-plate "$c" 1e-3; done

change='ck-matte --grow 3' measured grown --program "$tmp/true" --table measure
for c in MAD Grad junk comp edge; do is_some grown "$c" 0.1; done
is_zero grown hole 0
change='ck-matte --grow -3' measured shrunk --program "$tmp/true" --table measure
for c in MAD Grad hole comp edge; do is_some shrunk "$c" 0.1; done
is_zero shrunk junk 0
fg=$set/one.clean.png measured spilt --program "$tmp/true" --table measure
for c in comp edge rim; do is_some spilt "$c" 0.1; done
is_zero spilt MAD 0

grainy=1 measured grainy --program "$tmp/true" --table flicker
for c in dtSSD solid edge bare; do is_some grainy "$c" 0.1; done

measured classical
for c in MAD Grad dtSSD edge; do is_some classical "$c" 0; done
is "stress: five conditions" "$(grep -c '^| one [a-z]' "$tmp/classical")" 5

ln -s one.alpha.png "$set/two.blue.alpha.png"
fails 1 "two.blue.fg.png: not a picture" "a subject without foreground" python3 "$here/../bench/key_set.py" "$set" --only two.blue
fails 1 "no three.alpha.png" "an unknown subject" python3 "$here/../bench/key_set.py" "$set" --only three
fails 1 "false" "a keyer that fails" python3 "$here/../bench/key_set.py" "$set" --only one --program false
done_testing
