# SPDX-License-Identifier: MIT
"""The paths that have a test must be those of `hft bench --list`, in its order:
list.py HFT PATH..."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import paths
from checks import expect, finish

HFT, *TESTED = sys.argv[1:]

expect("paths that have a test", list(paths.states(HFT)), TESTED)
finish()
