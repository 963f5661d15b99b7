#!/bin/bash
# Fifty trials in which a stage or `ck` is killed.  Three hundred are in long/faults.t.
. "$(dirname "$0")/tap.sh"
. "$here/faults.sh"
trials 1 30 200
key_trials 1 12 300
export CK_RING=off
trials 31 36 200
key_trials 13 14 300
done_testing
