#!/bin/bash
# ck completion: every option of every program, and the words of its values.
. "$(dirname "$0")/tap.sh"
is "commands are those of ck help" "$(ck completion bash | sed -n "s/.*compgen -W '\(key [^']*\)'.*/\1/p")" \
    "$(ck help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | paste -sd' ')"
ck completion bash >"$tmp/bash"
ok "bash reads its script" bash -n "$tmp/bash"
replies() { # WORD...: the completions of the last word
    bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _ck; printf "%s\n" "${COMPREPLY[@]}"' _ "$tmp/bash" "$@" |
        LC_ALL=C sort -u | paste -sd' '
}
is "a command" "$(replies ck ve)" "verify version"
is "an option" "$(replies ck-hint --screen-)" "--screen-at --screen-colour"
is "ck key has the stages' options" "$(replies ck key --despe)" "--despeckle"
is "a word" "$(replies ck key --screen b)" "blue"
is "a word after =" "$(replies ck-hint --screen = b)" "blue"
is "what is no option is left to the shell" "$(replies ck key sho)" ""
for p in decode hint infer refine matte post encode info model compare synth; do
    all=$("ck-$p" --help=all | grep -oE '^  (-., )?  *--[a-z0-9-]+|^  -., --[a-z0-9-]+' | grep -oE -- '--.*' | LC_ALL=C sort -u | paste -sd' ')
    is "every option of ck-$p" "$(replies "ck-$p" --)" "$all"
done
for shell in zsh fish; do
    ck completion $shell >"$tmp/$shell"
    is "$shell: as many options as bash" "$(grep -cE "^ +'.*\[|^complete .* -l " "$tmp/$shell")" \
        "$(for p in "ck key" ck-decode ck-hint ck-infer ck-refine ck-matte ck-post ck-encode ck-info ck-model ck-compare ck-synth; do
            # shellcheck disable=SC2086
            replies $p -- | tr ' ' '\n'
        done | wc -l)"
    if command -v $shell >/dev/null; then
        ok "$shell reads its script" $shell -n "$tmp/$shell"
    else
        skip "$shell reads its script" "no $shell"
    fi
done
fails 2 "bash, zsh, fish" "another shell" ck completion csh
done_testing
