# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For the checks: what the project's files are, and what to say when a tool is
# missing. Sourced from the root of the repository.

# need COMMAND PACKAGE
need() {
  if ! command -v "$1" >/dev/null; then
    echo "$1 not found: install it with 'apt-get install $2'"
    exit 1
  fi
}

# project_files PATHSPEC...: one a line, tracked or new, not ignored.
project_files() {
  git ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
    while IFS= read -r file; do
      if [[ -f $file ]]; then printf '%s\n' "$file"; fi
    done
}
