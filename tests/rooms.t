#!/bin/bash
# Every #include "…" between rooms must be allowed by ARCHITECTURE.md.
. "$(dirname "$0")/tap.sh"
here=$(cd "$here/.." && pwd)

edges() { # TREE: "FILE: ROOM must not include ROOM (HEADER)" for every include not in the table of ARCHITECTURE.md
    (cd "$1" && find lib cmd -name '*.[ch]' -o -name '*.cc' -o -name '*.cu' -o -name '*.cuh' | sort | xargs grep -n '#include "') |
        perl -e '
            use strict;
            my (%may, %all);
            open my $page, "<", $ARGV[0] or die "$ARGV[0]: $!\n";
            while (<$page>) {
                next unless m{^\| ((?:lib|cmd)/[\w/-]+) \|[^|]*\| *(.*?) *\|$};
                $may{$1} = $2;
                $all{$1} = 1;
            }
            my $known = 0;
            sub room {
                my ($path) = @_;
                return $1 if $path =~ m{^(lib/nn/\w+)/};
                return $path =~ m{^((?:lib|cmd)/[\w-]+)/} ? $1 : "";
            }
            while (<STDIN>) {
                my ($file, $header) = m{^([^:]+):\d+:\s*#include "([^"]+/[^"]+)"} or next;
                my $to = room("lib/$header");
                $to = room("cmd/$header") if $header =~ m{^(ck|ck-\w+|shared)/};
                my $from = room($file);
                next if $from eq $to;
                $known++;
                my $row = $may{$from} // ($from =~ m{^cmd/ck-} ? $may{"cmd/ck-NAME"} : undef);
                my $good = defined $row && $to && (grep { $_ eq $to } split(/[ ,]+/, $row)
                    or $row =~ /every room of lib\b/ && $to =~ m{^lib/}
                    or $row =~ /every room of lib and cmd/);
                print "$file: $from must not include $to ($header)\n" unless $good;
            }
            print "no include between rooms was found\n" unless $known;' "$1/ARCHITECTURE.md"
}

is "includes between rooms" "$(edges "$here")" ""
for folder in "$here"/lib/*/ "$here"/lib/nn/*/; do
    room=${folder#"$here/"} room=${room%/}
    ok "ARCHITECTURE.md has a row for $room" grep -q "^| $room |" "$here/ARCHITECTURE.md"
done

# Violations that must be found.
mkdir -p "$tmp/lib/base" "$tmp/cmd/ck-hint"
cp "$here/ARCHITECTURE.md" "$tmp"
echo '#include "stream/frame.h"' >"$tmp/lib/base/wrong.c"
echo '#include "ck-post/options.h"' >"$tmp/cmd/ck-hint/wrong.c"
is "an edge upwards is found, and one between programs" "$(edges "$tmp" | cut -d: -f1 | tr '\n' ' ')" \
    "cmd/ck-hint/wrong.c lib/base/wrong.c "
done_testing
