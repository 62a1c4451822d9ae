#!/bin/bash
# SPDX-License-Identifier: MIT
# Every check, and that those of our own can fail.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

count_scripts tests/lint/run.sh tests/lint/planted.sh
summary
