#!/bin/bash
# Manual pages: the Python programs of ck-frame(5) run, and sentences are short.
. "$(dirname "$0")/tap.sh"
man=$here/../man
if ! command -v mandoc >/dev/null; then
    skip "manual pages" "mandoc is not installed"
    done_testing
fi
text() { mandoc -T ascii -O width=1000 "$1" | sed 's/.\x08//g'; }

# Paragraphs are lines at this width.
long_sentences() { # TEXT...
    perl -lne 'for my $s (split /(?<=[.!?]) +/) { my @w = grep /\w/, split(" ", $s); print $s if @w > 30 }' "$@"
}
for page in "$man"/*.[157]; do
    text "$page" >"$tmp/page"
    is "$(basename "$page"): no sentence has more than 30 words" "$(long_sentences "$tmp/page")" ""
done
printf 'One. %s.\n' "$(seq -s ' ' 31)" >"$tmp/page"
is "a long sentence is found" "$(long_sentences "$tmp/page" | wc -l)" 1

if ! python3 -c 'import numpy' 2>"$tmp/err"; then
    skip "the programs of ck-frame(5)" "no python3 with numpy"
    done_testing
fi
program() { # N: the Nth block of Python in ck-frame(5), without its indentation
    text "$man/ck-frame.5" | perl -e '
        my @blocks = join("", <STDIN>) =~ /^( +import struct.*?)(?=^\S|^ {1,5}\S)/msg;
        my ($indent) = $blocks[$ARGV[0] - 1] =~ /^( +)/;
        print $blocks[$ARGV[0] - 1] =~ s/^$indent//mgr;' "$1"
}
program 1 >"$tmp/reader.py"
program 2 >"$tmp/writer.py"
ok "the writer" bash -c "python3 '$tmp/writer.py' >'$tmp/two.ck'"
is "its stream is good" "$(ck-info <"$tmp/two.ck" 2>&1 | cut -d' ' -f1,2,5-)" "HEAD program=my-writer rate=24/1
FRAME 0 rgb:f32:3x36x64:linear:inline hint:u8:1x36x64:inline
FRAME 1 rgb:f32:3x36x64:linear:inline hint:u8:1x36x64:inline
END 2"
ok "the reader" bash -c "set -o pipefail; ck-synth -g 96x54 -n 2 | ck-hint --method key | python3 '$tmp/reader.py' >'$tmp/read'"
is "it sees every plane" "$(awk '$2 ~ /^[uf][0-9]+$/ { print $1, $2 }' "$tmp/read" | sort -u | tr '\n' ' ')" \
    "clean f16 hint f32 rgb u8 true_alpha f32 true_fg f32 "
"$helpers/mkstream" -n 3 -e 1 rgb:u8:3 | python3 "$tmp/reader.py" >"$tmp/read"
is "after an error frame it exits with 3" $? 3
fails 1 "no END" "it says that a stream is cut" bash -c "head -c 9000 '$tmp/two.ck' | python3 '$tmp/reader.py'"
done_testing
