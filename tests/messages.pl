#!/usr/bin/perl
# Every text that the programs can print, from the string literals of the C sources:
#
#   perl tests/messages.pl [FILE...]      all of cmd/ and lib/ without files
#
# A line each: FILE:LINE, the call that the literal is an argument of ("-": none, as in a table), the text.  Adjacent
# literals are one text; a macro between them, such as PRIu64, is "…".  A literal counts as text if it has two words
# or is the format of a message function.
use strict;
use warnings;

my $message = qr/^(?:ck_\w*(?:fail|fail_errno|fail_in)|ck_log_(?:error|warning|notice|info)|fail|refuse|say)$/;
my $token = qr{
    (?<skip>  /\*.*?\*/ | //[^\n]* | \\\n | ^[ \t]*\#[ \t]*(?:include|error|pragma)[^\n]* )
  | (?<text>  "(?:[^"\\]|\\.)*" )
  | (?<char>  '(?:[^'\\]|\\.)*' )
  | (?<word>  [A-Za-z_]\w* )
  | (?<open>  [(\[\{] )
  | (?<close> [)\]\}] )
  | (?<space> \s+ )
  | (?<other> . )
}xms;

sub show {
    my ($file, $line, $call, $text) = @_;
    my $words = $text =~ /[a-z'](?:[,;:.]| |\\n)+[a-z(]/ && $text =~ / /;
    printf "%s:%d\t%s\t%s\n", $file, $line, $call || '-', $text if $words || $call =~ $message;
}

# Literals of one file, with the innermost call around each.
sub scan {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    my $source = <$in>;
    my ($line, $at, $text, $word, $gap, @calls) = (1, 0, undef, '', '');
    my $flush = sub {
        show($file, $at, (grep { $_ ne '' } '', @calls)[-1] // '', $text) if defined $text;
        ($text, $gap) = (undef, '');
    };
    while ($source =~ /$token/g) {
        my %t = %+;
        my $here = $line;
        $line += ($& =~ tr/\n//);
        next if defined $t{skip} || defined $t{space};
        if (defined $t{text}) {
            my $piece = substr $t{text}, 1, -1;
            ($text, $at) = (defined $text ? "$text$gap" : '', defined $text ? $at : $here);
            $text .= $piece;
            $gap = '';
        } elsif (defined $t{word} && defined $text && !$gap && $t{word} =~ /^[A-Z][A-Za-z0-9_]+$/) {
            $gap = '…';
        } else {
            $flush->();
            if (defined $t{open}) {
                push @calls, $t{open} eq '(' ? $word : '';
            } elsif (defined $t{close}) {
                pop @calls;
            }
        }
        $word = defined $t{word} ? $t{word} : '';
    }
    $flush->();
}

chomp(my @files = @ARGV ? @ARGV : sort `find cmd lib -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh'`);
scan($_) for @files;
