#!/bin/bash
# The README's picture, man/demo.png: plate, matte and composite of one synthetic frame; below, their pixels 1:1.
#
#   bash bench/picture.sh     (needs bin/ and ffmpeg)
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/bin:$PATH
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ck-synth -g 1920x1080 -n 12 --seed 6 | ck-encode --plane rgb=png "$tmp"
ffmpeg -v error -f lavfi -i color=0xb4d2f0:s=1920x1080 -frames:v 1 "$tmp/background.png"
ck key --classical --frames 9 --background "$tmp/background.png" --fg off --processed off --matte png8 "$tmp/rgb" "$tmp"

# Each picture twice: the subject at 3/7 of its size, and a part of it 1:1 with hair and a hand that moves.
whole="crop=1120:840:480:240,scale=480:360:flags=area,pad=484:364:2:2:white"
part="crop=480:360:560:330,pad=484:364:2:2:white"
cells="" top="" low=""
for i in 0 1 2; do
    cells+="[$i]format=rgb24,split[a$i][b$i];[a$i]${whole}[w$i];[b$i]${part}[p$i];"
    top+="[w$i]" low+="[p$i]"
done
# 224 colours: grain does not compress, and the file shall stay below 300 KB.
ffmpeg -v error -y -i "$tmp/rgb/00009.png" -i "$tmp/Matte/00009.png" -i "$tmp/Comp/00009.png" -filter_complex "
    $cells ${top}hstack=3[top]; ${low}hstack=3[low]; [top][low]vstack,split[all][copy];
    [copy]palettegen=max_colors=224[palette]; [all][palette]paletteuse=dither=none" \
    -frames:v 1 -pix_fmt pal8 -compression_level 9 -pred none man/demo.png
