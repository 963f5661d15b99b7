#!/bin/bash
# Stages die: two hundred kills, and fifty more where all frames go through the pipes.
. "$(dirname "$0")/../tap.sh"
. "$here/faults.sh"
trials 1001 1200
export CK_RING=off
trials 1201 1250
done_testing
