#!/bin/bash
# SPDX-License-Identifier: MIT
exec "$(dirname "${BASH_SOURCE[0]}")/ctest.sh" release
