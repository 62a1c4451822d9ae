#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the hft command and bench/peers into build/release/.
#
# usage: ./sandbox build [--quiet]
#
#   ./sandbox build && build/release/hft --help
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../options.sh"

parse_options "" "$@"
no_arguments
"$HFT_ROOT/vm/deps.sh" build peers
"$HFT_ROOT/vm/native.sh" release hft_tool peers
phase "Built build/release/hft and build/release/bench/peers"
