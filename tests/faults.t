#!/bin/bash
# Fifty trials in which a stage or `ck` is killed.  Three hundred are in long/faults.t.
. "$(dirname "$0")/tap.sh"
. "$here/faults.sh"
trials 1 30
key_trials 1 10
export CK_RING=off
trials 31 36
key_trials 11 14
done_testing
