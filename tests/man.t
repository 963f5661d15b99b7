#!/bin/bash
# Every manual page says what --help=all says: the same options, values and defaults.
. "$(dirname "$0")/tap.sh"
man=$here/../man

# Option lines of --help as "--name VALUE" and "default X".
help_options() { # PROGRAM...: the section "Options:" or, for ck(7), "Common options:"
    awk -v want="$section" '
        /^[A-Z].*:$/ { on = ($0 == want); next }
        !on { next }
        /^  / && match($0, /--[a-z-]+( [^ ]+)?/) && $0 ~ /^  (-[a-z], |    )--/ {
            if (text != "") print text
            s = substr($0, RSTART); split(s, a, /  +/); text = a[1] "\t" substr(s, length(a[1]) + 1); next }
        text != "" { text = text " " $0 }
        END { if (text != "") print text }' | tr -s ' ' | sed -E 's/\t.*\(default ([^)]*)\).*/\t\1/; t; s/\t.*//'
}

# The same from a manual page: item heads start with --name or -x, --name.
page_options() {
    mandoc -T ascii -O width=300 "$1" | sed 's/.\x08//g' | awk '
        /^[A-Z]/ { on = ($0 == "OPTIONS" || $0 == "COMMON OPTIONS"); next }
        !on { next }
        /^     (-[a-z], )?--[a-z]/ {
            if (text != "") print text
            s = $0; sub(/^ */, "", s); sub(/^-[a-z], /, "", s); split(s, a, /  +/)
            text = a[1] "\t" substr(s, length(a[1]) + 1); next }
        text != "" { text = text " " $0 }
        END { if (text != "") print text }' | tr -s ' ' | sed -E 's/\t.*\(default ([^)]*)\).*/\t\1/; t; s/\t.*//'
}

compare() { # NAME PAGE; help on stdin
    local help page
    help=$(help_options | sort)
    page=$(page_options "$man/$2" | sort)
    is "$1: the options, values and defaults of $2 are those of --help=all" "$page" "$help"
    [ "$page" = "$help" ] || diff <(echo "$help") <(echo "$page") | sed 's/^/# /'
}

for program in "$bin"/ck-*; do
    name=$(basename "$program")
    [ -x "$program" ] || continue
    if ! command -v mandoc >/dev/null; then
        skip "$name.1" "mandoc is not installed"
        continue
    fi
    ok "$name has a page" test -f "$man/$name.1"
    section="Options:"
    compare "$name" "$name.1" < <("$program" --help=all)
done
if command -v mandoc >/dev/null; then
    section="Common options:"
    compare "common options" ck.7 < <(ck-info --help=all)
    section="Options:"
    compare "ck key" ck.1 < <(ck key --help=all)
    for page in "$man"/*.[157]; do
        lint=$(mandoc -T lint -W warning "$page" 2>&1 | grep -v 'referenced manual not found')
        is "$(basename "$page") is clean mdoc" "$lint" ""
    done
else
    skip "ck.1 and ck.7" "mandoc is not installed"
fi
done_testing
