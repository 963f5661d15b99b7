#!/bin/bash
# More than three hundred trials in which a stage or `ck` is killed, a third of them with all frames sent through pipes.
. "$(dirname "$0")/../tap.sh"
. "$here/faults.sh"
trials 1001 1200 500
key_trials 2001 2100 700
export CK_RING=off
trials 1201 1300 500
key_trials 2101 2150 700
done_testing
