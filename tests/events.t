#!/bin/bash
# Progress events: ck(7) lists every one with its members and types, and nothing else is written.
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit 1
man=$here/../man/ck.7

ck-synth -g 128x96 -n 5 | ck-encode --plane rgb=png shot 2>err
names() { grep -o '"event":"[a-z]*"' "$@" | cut -d'"' -f4 | uniq | tr '\n' ' '; }

# EVENTS of ck(7) as "NAME MEMBER TYPE", from its mdoc source.
manual() {
    perl -ne '
        $on = /EVENTS/ if /^\.Sh/;
        next unless $on;
        $name = $1 if /^\.It Cm (\w+)/;
        print "$name event string\n" if /^\.It Cm/;
        if (/^\.It Va (\w+)/) { $member = $1; $_ = <>; /^([a-z]+(?: or null| of \w+)?)/; print "$name $member $1\n" }' "$man"
}
# Events on stdin that differ from the list in the file MANUAL.
differ() { # MANUAL
    perl -MJSON::PP -e '
        my (%wanted, %seen);
        open my $in, "<", shift or die;
        while (<$in>) { my ($name, $member, $type) = /^(\w+) (\w+) (.*)/; $wanted{$name}{$member} = $type }
        my %ok = (string => sub { $_[0] =~ /^"/ }, integer => sub { $_[0] =~ /^-?\d+$/ },
            "integer or null" => sub { $_[0] =~ /^(-?\d+|null)$/ }, number => sub { $_[0] =~ /^-?\d+\.\d{3}$/ },
            "number or null" => sub { $_[0] =~ /^(-?\d+\.\d{3}|null)$/ }, "array of strings" => sub { $_[0] =~ /^\["/ });
        while (<STDIN>) {
            my $v = eval { decode_json($_) } or do { print "not JSON: $_"; next };
            my $name = $v->{event};
            $seen{$name} = 1;
            my @keys = sort keys %$v;
            my @listed = sort keys %{$wanted{$name}};
            print "$name has @keys, not @listed\n" if "@keys" ne "@listed";
            for my $key (@listed) {
                my ($raw) = /"$key":("|\[.|[^,}]*)/;
                my $check = $ok{$wanted{$name}{$key}} or do { print "$name $key: type $wanted{$name}{$key}?\n"; next };
                print "$name $key: $raw is not $wanted{$name}{$key}\n" unless $check->($raw);
            }
        }
        for (sort keys %wanted) { print "$_ was not seen\n" unless $seen{$_} }' "$1"
}
manual >manual
is "ck(7) lists the events" "$(cut -d' ' -f1 manual | uniq | tr '\n' ' ')" "start frame warning failed segment stage done "
is "the sources know no others" \
    "$(grep -rhoE 'ck_event_begin\(&v, "[a-z]+"' "$here/../lib" "$here/../cmd" | cut -d'"' -f2 | sort -u)" "$(cut -d' ' -f1 manual | sort -u)"

# ---- a good run ----

ok "--progress json" ck key --progress json shot/rgb key
cp .out good
is "order" "$(grep -v '"stage"' good >some; names some)" "start frame done "
is "a frame each, by its own number" "$(grep -o '"number":[0-9]*' good | cut -d: -f2 | tr '\n' ' ')" "0 1 2 3 4 "
is "the total" "$(grep -c '"total":5' good)" 6
is "the end" "$(tail -1 good | cut -d, -f1-4)" '{"event":"done","status":0,"frames":5,"failed":0'
is "five stages" "$(grep -c '"event":"stage"' good)" 5
ok "a descriptor" ck key --progress-fd 7 --frames 1,3 shot/rgb key 7>seven
is "has the same events, and stdout none" "$(tail -1 seven | cut -d, -f1-4) $(wc -c <.out)" '{"event":"done","status":0,"frames":2,"failed":0 0'
is "the total is that of --frames" "$(head -1 seven | grep -o '"total":[0-9]*')" '"total":2'
is "video: the total comes with the frames" "$(ck-decode shot/rgb | ck-encode --plane rgb=mov film 2>err; \
    ck key --progress json film/rgb.mov film/key 2>err | grep -o '"total":[0-9]*' | uniq | tr '\n' ' ')" '"total":0 "total":5 '
mkdir one two
cp shot/rgb/00000.png one/a.png
ck-synth -g 80x48 -n 1 | ck-encode --plane rgb=png two 2>err
mv two/rgb/00000.png one/b.png
ck key --progress json one stills >many 2>err
is "stills of different sizes: a start each, one end" "$(grep -v '"stage"' many >some; names some) $(grep -o '"frames":2,"failed":0' many)" \
    'start frame start frame done  "frames":2,"failed":0'

# ---- failures and odd names ----

cp -r shot/rgb bad
head -c 100 shot/rgb/00002.png >bad/00002.png
ck key --progress json --keep-going bad key >kept 2>err
is "--keep-going: status, frames and failures" "$? $(tail -1 kept | cut -d, -f1-4)" '3 {"event":"done","status":3,"frames":4,"failed":1'
is "the failed frame" "$(grep -o '"event":"failed","program":"ck-decode","number":2' kept)" '"event":"failed","program":"ck-decode","number":2'
is "its text is that of stderr" "$(grep '"number":2,"text"' kept | grep -o '"text":".*"' | cut -d'"' -f4)" "$(sed -n 's/^ck-decode: \(bad.*\)/\1/p' err | head -1)"
ck key --progress json bad key >stopped 2>err
is "without it: status and failure" "$? $(tail -1 stopped | cut -d, -f1-2) $(grep -c '"failed","program":"ck-decode","number":2' stopped)" \
    '1 {"event":"done","status":1 1'
odd=$'od"d\n\xff\\'
mkdir "$odd"
cp bad/00002.png "$odd/1.png"
cp bad/00001.png "$odd/2.png"
ck key --progress json --keep-going "$odd" key >oddly 2>err
ok "a name that is not UTF-8" grep -qF 'od\"d\u000a\ufffd\\/1.png' oddly
ck key --progress json --ring-bytes 1 shot/rgb key >warned 2>err
ok "a warning" grep -qF '"event":"warning","program":"ck-post","text":"frames are sent inline' warned
is "as often as on stderr" "$(grep -c '"event":"warning"' warned)" "$(grep -c warning: err)"
CK_PROGRESS_FD=1 "$helpers/segment" "$odd" 0 249 >segment

cat good seven many kept stopped oddly warned segment >all
is "every event has the members of ck(7) and their types, and each occurs" "$(differ manual <all)" ""

# ---- usage ----

fails 2 "--progress-fd 9: not open for writing: redirect it, as in 9>FILE" "a closed descriptor" ck key --progress-fd 9 shot/rgb key
fails 2 "--progress-fd 9: not open for writing" "one for reading" ck key --progress-fd 9 shot/rgb key 9</dev/null
fails 2 "exclude each other" "both ways" ck key --progress json --progress-fd 7 shot/rgb key 7>seven
fails 2 "both need standard output" "events and a stream" ck key --progress json --comp=- -f y4m shot/rgb
fails 2 "both need standard output" "descriptor 1 and a stream" ck key --progress-fd 1 --comp=- -f y4m shot/rgb
fails 1 "cannot open" "a failure has its words on stderr" ck key --progress json nothing.mov key
is "and its status in the events" "$(tail -1 .out | cut -d, -f1-3)" '{"event":"done","status":1,"frames":0'
ck key --progress json shot/rgb gone 2>err | head -1 >first
is "a reader that goes away does not end the run" "${PIPESTATUS[0]} $(ls gone/Comp | wc -l) $(cat err | grep -vc 'no model')" "0 5 0"

# Faults that must be found.
echo '{"event":"stage","program":"a","status":0}' | differ manual >found
echo '{"event":"stage","program":1,"status":0,"signal":null}' | differ manual >>found
is "a missing member and wrong types are found" "$(grep -c 'stage has event program status, not\|is not string\|is not integer' found)" 4
done_testing
