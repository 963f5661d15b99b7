#!/bin/bash
# Stages die: two hundred kills.
. "$(dirname "$0")/../tap.sh"
. "$here/faults.sh"
trials 1001 1200
done_testing
