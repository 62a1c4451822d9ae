#!/bin/bash
# SPDX-License-Identifier: MIT
exec "$(dirname "${BASH_SOURCE[0]}")/../lint/run.sh"
