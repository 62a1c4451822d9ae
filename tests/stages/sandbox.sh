#!/bin/bash
# SPDX-License-Identifier: MIT
# The front door and its faults: every script in tests/sandbox/.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

count_scripts tests/sandbox/*.sh
summary
