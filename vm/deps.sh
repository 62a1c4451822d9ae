#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the packages of packaging/debian-packages.txt that are missing:
#
#   vm/deps.sh GROUP...          groups of that list: build, run, test, …
#   vm/deps.sh --list GROUP...   prints the packages, installs nothing
#
# Root, or a user with sudo, installs them. Without sudo it prints the command to
# run, and without apt-get the list of packages.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly list=$HFT_ROOT/packaging/debian-packages.txt

check_groups() { # GROUP...
  local group
  [[ $# != 0 ]] || die "$EXIT_USAGE" "expected a group; see $0 --help"
  for group; do
    grep -qx "\[$group\]" "$list" ||
      die "$EXIT_USAGE" "group '$group': expected one of $(
        sed -n 's/^\[\(.*\)\]$/\1/p' "$list" | paste -sd' ')"
  done
}

packages_of() { # GROUP...
  local group
  for group; do
    awk -v wanted="[$group]" '
      /^\[/ { inside = $0 == wanted; next }
      inside && NF && !/^#/' "$list"
  done
}

# missing PACKAGE...: prints those that are not installed.
missing() {
  # shellcheck disable=SC2016  # dpkg-query's own variables
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    awk -v wanted="$*" '
      $1 == "installed" { have[$2] = 1 }
      END { n = split(wanted, names, " ")
            for (i = 1; i <= n; i++) if (!(names[i] in have)) print names[i] }'
}

only_list=0
case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
  --list) only_list=1; shift ;;
esac
check_groups "$@"
mapfile -t packages < <(packages_of "$@")
if [[ $only_list == 1 ]]; then
  printf '%s\n' "${packages[@]}"
  exit
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  # Elsewhere we cannot ask what is installed: a program that is missing will say so.
  if [[ ! -e $HFT_CACHE/packages-shown ]]; then
    warn "not a Debian system; these packages of Debian's, or your system's, are needed:"
    printf '  %s\n' "${packages[@]}" >&2
    make_dir "$HFT_CACHE"
    : >"$HFT_CACHE/packages-shown"
  fi
  exit 0
fi
mapfile -t absent < <(missing "${packages[@]}")
[[ ${#absent[@]} != 0 ]] || exit 0

# A machine that has just come up may be installing its updates: wait for it.
install=(apt-get install --yes --no-install-recommends
  --option DPkg::Lock::Timeout=600 "${absent[@]}")
as_root=()
if [[ $(id -u) != 0 ]]; then
  as_root=(sudo)
  if ! sudo -n true 2>/dev/null && ! { [[ -t 0 && -t 2 ]] && sudo true; }; then
    die "$EXIT_UNAVAILABLE" "these packages are missing, and installing them needs root; run:" \
      "sudo apt-get update && sudo ${install[*]}"
  fi
fi
phase "Installing ${#absent[@]} packages: ${absent[*]}"
make_dir "$HFT_CACHE"
log=$(mktemp "$HFT_CACHE/install.XXXXXX")
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" "${install[@]}"; } >"$log" 2>&1; then
  tail -n 15 "$log" >&2
  die "$EXIT_UNAVAILABLE" "cannot install packages; run this and see what it says:" \
    "${as_root[*]} ${install[*]}"
fi
