# SPDX-License-Identifier: MIT
"""Whether the paths that have a test are those of `hft bench --list`, in its
order: list.py HFT PATH..."""
import sys

import paths

HFT, *TESTED = sys.argv[1:]

listed = list(paths.states(HFT))
if listed != TESTED:
    sys.exit(f"expected a test of each path that is listed, {listed}, "
             f"found tests of {TESTED}")
