#!/bin/bash
# Stages die: thirty kills.  Two hundred are in long/faults.t.
. "$(dirname "$0")/tap.sh"
. "$here/faults.sh"
trials 1 30
done_testing
