# SPDX-License-Identifier: MIT
"""For the tests in Python: checks, which are counted and do not end the script, and
the exit status at the end. In a script of a directory below:

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from checks import expect, finish, skip

    expect("the exit status", 0, done.returncode)
    finish()

A script that checked nothing fails.
"""
import re
import sys

SKIPPED = 77

problems = []
checked = 0


def expect(what, expected, found):
    """One check. Returns whether it holds."""
    global checked
    checked += 1
    if expected != found:
        problems.append(f"{what}: expected {expected!r}, found {found!r}")
    return expected == found


def expect_match(what, pattern, found):
    """One check: all of `found` matches. Returns the match."""
    global checked
    checked += 1
    match = re.fullmatch(pattern, found)
    if not match:
        problems.append(f"{what}: expected {pattern!r}, found {found!r}")
    return match


def skip(why):
    """Ends the script as one that cannot run here, unless a check has failed."""
    if problems:
        finish()
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def finish():
    """Ends the script: prints the checks that failed, and sets the exit status."""
    if not checked:
        problems.append("expected checks, found that none ran")
    print("\n".join([*problems, f"{checked} checks, {len(problems)} failed"]))
    sys.exit(1 if problems else 0)
