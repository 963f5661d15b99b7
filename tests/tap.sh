# shellcheck shell=bash
# TAP for shell tests.  Source it first:  . "$(dirname "$0")/tap.sh"
#
#   ok NAME COMMAND...         passes if the command succeeds
#   is NAME GOT WANTED         passes if the strings are equal
#   fails STATUS TEXT NAME COMMAND...   passes with this exit status and TEXT in stderr
#   skip NAME WHY
#   done_testing
#
# $bin: the programs; $helpers: compiled tests/helpers; $tmp: a folder removed at the end; $goldens: the folder of
# goldens, or empty.

here=$(cd "$(dirname "$0")" && pwd)
while [ ! -f "$here/tap.sh" ]; do here=$(dirname "$here"); done
bin=${CK_BIN:-$here/../bin}
# shellcheck disable=SC2034 # used by the tests
helpers=${CK_HELPERS:-$here/../build/helpers}
PATH=$bin:$PATH
goldens=${CK_GOLDENS:-$here/../../shared/golden}
[ -d "$goldens" ] || goldens=
tmp=$(mktemp -d)
# A child killed before its exec would run the trap too.
trap '[ "$BASHPID" != $$ ] || rm -rf "$tmp"' EXIT
# Ignore the user's model, and use the CPU unless a test says otherwise.
unset CK_MODEL
export CK_LIB=$tmp/no-plug-ins
export XDG_DATA_HOME=$tmp/data
export XDG_CACHE_HOME=$tmp/cache
count=0
failed=0

report() { # CODE NAME
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
    fi
}

ok() {
    local name=$1
    shift
    "$@" >"$tmp/.out" 2>"$tmp/.err"
    local code=$?
    report $code "$name"
    [ $code = 0 ] || { echo "# status $code: $*"; sed 's/^/# /' "$tmp/.err" | head -20; }
}

is() {
    [ "$2" = "$3" ]
    report $? "$1"
    [ "$2" = "$3" ] || { echo "# got:    $2" | head -5; echo "# wanted: $3" | head -5; }
}

fails() {
    local status=$1 text=$2 name=$3
    shift 3
    "$@" >"$tmp/.out" 2>"$tmp/.err"
    local code=$?
    [ $code = "$status" ] && grep -qF -- "$text" "$tmp/.err"
    report $? "$name"
    [ $code = "$status" ] && grep -qF -- "$text" "$tmp/.err" ||
        { echo "# status $code (wanted $status), wanted text: $text"; sed 's/^/# /' "$tmp/.err" | head -20; }
}

skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

done_testing() {
    echo "1..$count"
    exit $((failed > 0))
}

# True if all processes end within TENTHS of a second (checked every 20 ms); else they are killed.
ended() { # TENTHS PID...
    local i p left limit=$1
    shift
    for ((i = 0; i < limit * 5; i++)); do
        left=
        for p in "$@"; do [ -d "/proc/$p" ] && ! grep -q '^State:.Z' "/proc/$p/status" 2>/dev/null && left=1; done
        [ -z "$left" ] && return 0
        sleep 0.02
    done
    kill -KILL "$@" 2>/dev/null
    return 1
}
