#!/bin/bash
# SPDX-License-Identifier: MIT
# Every check, and that those of our own can fail.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for script in tests/lint/run.sh tests/lint/planted.sh; do
  counts=$("$script" 2>&1 | tee /dev/stderr | tail -n 1)
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    ((passed += BASH_REMATCH[1], failed += BASH_REMATCH[2], skipped += ${BASH_REMATCH[4]:-0}))
  else
    failed=$((failed + 1))
  fi
done
summary
