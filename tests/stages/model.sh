#!/bin/bash
# SPDX-License-Identifier: MIT
# The ring's protocols in Spin, and their mutants: docs/model.md.
exec "$(dirname "${BASH_SOURCE[0]}")/../model/run.sh"
