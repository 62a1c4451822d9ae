#!/bin/bash
# SPDX-License-Identifier: MIT
# Removes what was built; results/ stays.
#
# usage: ./sandbox clean [--cache] [--quiet]
#
#   ./sandbox clean            removes build/
#   ./sandbox clean --cache    also removes the cache: kernels, their sources, ccache
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../options.sh"

parse_options "cache" "$@"
no_arguments
phase "Removing $HFT_ROOT/build"
rm -rf -- "$HFT_ROOT/build"
if [[ $cache == 1 ]]; then
  phase "Removing $HFT_CACHE"
  rm -rf -- "$HFT_CACHE"
fi
