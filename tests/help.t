#!/bin/bash
# --help fits a terminal of 40 lines and 79 columns; --help=all has every option; what both refer to exists.
. "$(dirname "$0")/tap.sh"
man=$here/../man

options() { grep -oE '^  (-.,|   ) --[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | sort -u; }
widest() { awk '{ if (length > most) most = length } END { print most }'; }
at_most() { [ "$1" -le "$2" ] || { echo "$1 is more than $2" >&2; false; }; }
pages() { # "NAME SECTION" of every page that a help names: man ck-hint, man 7 ck, ck(7)
    grep -oE "man ([1-8] )?[a-z][a-z-]*|[a-z][a-z-]*\([1-8]\)" |
        sed -E 's/^man ([1-8]) (.*)/\2 \1/; s/^man (.*)/\1 1/; s/\(([1-8])\)/ \1/' | sort -u
}
have() { # every "NAME SECTION" on stdin is a page
    local name section
    while read -r name section; do [ -e "$man/$name.$section" ] || { echo "no page $name($section)" >&2; return 1; }; done
}

commands=(ck "ck key" "ck doctor" "ck formats" "ck bench")
for program in "$bin"/ck-*; do
    [ -x "$program" ] && [ ! -L "$program" ] && commands+=("$(basename "$program")")
done
for command in "${commands[@]}"; do
    ok "$command --help" $command --help
    cp "$tmp/.out" "$tmp/brief"
    ok "$command --help=all" $command --help=all
    cp "$tmp/.out" "$tmp/all"
    is "$command -h is --help" "$($command -h)" "$(cat "$tmp/brief")"
    ok "$command --help: 40 lines" at_most "$(wc -l <"$tmp/brief")" 40
    ok "$command --help: 79 columns" at_most "$(widest <"$tmp/brief")" 79
    ok "$command --help=all: 79 columns" at_most "$(widest <"$tmp/all")" 79
    ok "$command --help names a manual page" grep -qE 'Manual: man [7a-z]' "$tmp/brief"
    ok "$command: manual pages that are named exist" have < <(cat "$tmp/brief" "$tmp/all" | pages)
    case $command in
    ck | "ck doctor" | "ck formats") continue ;;
    esac
    ok "$command --help leads to --help=all" grep -q "$command --help=all" "$tmp/brief"
    ok "$command --help has an example" grep -q "^  .*$command " "$tmp/brief"
    is "$command --help=all has the options of --help" "$(comm -23 <(options <"$tmp/brief") <(options <"$tmp/all"))" ""
    ok "and more" test "$(options <"$tmp/all" | wc -l)" -gt "$(options <"$tmp/brief" | wc -l)"
    is "no command of $command --help=all is cut" "$(grep -c -- '[|]\.\.\.' "$tmp/all")" 0
    name=${command#ck?}
    is "ck help $name" "$(ck help "$name")" "$(cat "$tmp/brief")"
done
ck formats >"$tmp/formats"
for word in $(ck-encode --help=all | tr -s ' \n' ' ' | grep -oE 'codec of video files: [^;]*' | tr -d ',' | cut -d: -f2 | sed 's/ or / /'); do
    ok "ck formats has the codec $word" grep -qE "^  (yes|no ) $word " "$tmp/formats"
done
ok "and says which the library lacks" test "$(grep -c 'has no such encoder' "$tmp/formats")" = "$(sed -n '/^Video out/,/^$/p' "$tmp/formats" | grep -c '^  no ')"
ck key --help=all >"$tmp/key"
for stage in decode hint infer refine matte post encode; do
    is "ck key --help=all has every option of ck-$stage" \
        "$(comm -13 <(options <"$tmp/key") <("ck-$stage" --help=all | options))" ""
done
ok "ck key --help has options of the stages" grep -q -- '--model FILE' <(ck key --help)
for option in $(sed -n '/^## When the classical key/,/^## Pipe/p' "$here/../README.md" | grep -oE '^    ck key .*' | grep -oE -- '--[a-z-]+'); do
    ok "and what README shows first: $option" grep -q -- "^ .*$option " <(ck key --help)
done
is "once each" "$(ck key --help | grep -oE '^ +(-., )?--[a-z-]+' | sort | uniq -d)" ""

is "ck help is ck --help" "$(ck help)" "$(ck --help)"
is "so are ck help --help" "$(ck help --help)" "$(ck --help)"
is "and ck version --help" "$(ck version --help)" "$(ck --help)"
is "ck --help has every program" "$(ck --help | awk '/^Programs:/ { on = 1 } /^Examples:/ { on = 0 } on && NF > 1 { print $1 }' | sort)" \
    "$(cd "$bin" && find . -name 'ck-*' -type f -executable -printf '%f\n' | sort)"
is "ck help ck-hint" "$(ck help ck-hint)" "$(ck-hint --help)"
is "ck version is ck --version" "$(ck version)" "$(ck --version)"
is "and names itself" "$(ck version | cut -d' ' -f1)" ck
fails 2 "unknown command 'nope': 'ck help' lists them" "help on what there is not" ck help nope
fails 2 "ck help takes one command" "help on two" ck help key hint
fails 2 "ck version takes none" "an argument of ck version" ck version 2
fails 2 "ck-hint: --help 'al' is not one of all" "--help=al" ck-hint --help=al
fails 2 "ck key: --help 'al' is not one of all" "likewise of the front end" ck key --help=al
for command in "ck help hint" "ck version" "ck key --help" "ck doctor --help" "ck-hint --help" "ck-model --help"; do
    fails 1 "cannot write to standard output" "$command that cannot be written" bash -c "$command >/dev/full"
done

# Faults that must be found.
echo "Manual: man ck-nope" | pages >"$tmp/named"
fails 1 "no page ck-nope(1)" "a page that does not exist is found" have <"$tmp/named"
is "a line that is too long is found" "$(printf 'a\n%080d\n' 0 | widest)" 80
done_testing
