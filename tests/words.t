#!/bin/bash
# Words that make a reader stop: phrases with a plainer form, in sources, messages, manuals and the README.
. "$(dirname "$0")/tap.sh"
here=$(cd "$here/.." && pwd)
cd "$here" || exit 1

# PHRASE|PLAINER, the phrase as a regular expression between word boundaries.
phrases() {
    cat <<'END'
by (itself|themselves)|by default, automatically, alone: the condition
reckon(s|ed|ing)?|compute
(some|no)body|the program, thread or user that is meant
so many|this many, or N
so-man\w+|the index
please|the imperative alone
(programs?|stages?) (before|behind)( it| this)?|upstream, downstream
network's picture|inference size
lets? go( of)?|release
unasked|always
there (is|are) none|if no X exists
(say|says|said) so|report
which is said|a message says
(stand|stands|standing) still|stopped, blocked
makes? no sense|invalid
comes? out|outputs
litter\w*|leftover files
doom\w*|the failure
epitaphs?|the message
seats?|slots
this is no|not a
END
}

found() { # FILE...: "FILE: phrase: use plainer" for each of the phrases, line breaks and comment marks apart
    phrases | perl -e '
        use strict;
        my @rows = map { chomp; [ split /\|(?=[^|()]*$)/ ] } <STDIN>;
        for my $file (@ARGV) {
            open my $in, "<", $file or die "$file: $!\n";
            my $text = do { local $/; <$in> };
            $text =~ s{\n[ \t]*(?:\*(?!/)|//|\#|\.\\")?[ \t]*}{ }g;
            for my $row (@rows) {
                print "$file: $1: use $row->[1]\n" while $text =~ /(?<![\w-])($row->[0])(?![\w-])/gi;
            }
        }' "$@"
}
none() { # what `found` prints
    [ -z "$1" ] || { printf '%s\n' "$1" >&2; return 1; }
}

mapfile -t files < <(find cmd lib man README.md -type f ! -name '*.png' | sort)
ok "sources, manuals and the README" none "$(found "${files[@]}")"
perl tests/messages.pl | cut -f 3 >"$tmp/messages"
ok "messages are found" test "$(wc -l <"$tmp/messages")" -gt 800
ok "messages" none "$(found "$tmp/messages")"

questions() { # FILE...: comments that begin with a question word: the thing comes first
    grep -nE '(/\*|//|(^|[[:space:]])#) *(What|Who|Whether|Where|How)\b' "$@"
}
mapfile -t files < <(find cmd lib tests bench fuzz -type f | grep -E '\.([ch]|cu|cuh|cc|t|sh|pl|py)$' | sort)
questions "${files[@]}" >"$tmp/questions"
ok "fewer than 20 comments begin with What, Who, Whether, Where or How: $(wc -l <"$tmp/questions")" \
    test "$(wc -l <"$tmp/questions")" -lt 20

# Faults that must be found.
printf '/* Ends by\n * itself. */\n' >"$tmp/one.c"
printf 'int a; /* %s it is. */\n# %s\n' Whether How >"$tmp/two.c"
printf '.Sh WHAT COMES OUT\nThe program\nbefore it\n' >"$tmp/three.1"
is "a phrase over two lines is found" "$(found "$tmp/one.c" | cut -d: -f2)" " by itself"
is "two in a page" "$(found "$tmp/three.1" | wc -l)" 2
is "question words are found" "$(questions "$tmp/two.c" | wc -l)" 2
done_testing
