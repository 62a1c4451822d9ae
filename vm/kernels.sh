# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by vm/lib.sh and by tests: the kernels. This table is their only list;
# usage texts, errors, builds and test stages read it.
#
#   kernels users              names, in the order of the table
#   kernels tests debug        those of one kind, which is the name up to its "-"
#   first_kernel users         the first of them, which is the default
#   kernel_config race-6.1     prints race

# for     who names the kernel: users, or only the tests
# config  the fragment in vm/configs/ that it has on top of base.config
# group   the packages in packaging/debian-packages.txt that it needs
#
# name        for    config  group        what it is
readonly kernel_table='
  custom-6.1   users  -      custom-6.1   Linux 6.1 in our configuration, the driver in it
  custom-6.12  users  -      custom-6.12  Linux 6.12 in our configuration, the driver in it
  stock-6.1    users  -      stock        Debian'\''s own Linux 6.1, the driver as a module
  stock-6.12   users  -      stock        Debian'\''s own Linux 6.12, the driver as a module
  debug-6.1    tests  debug  custom-6.1   custom-6.1 with KASAN, UBSAN, lockdep and KUnit
  race-6.1     tests  race   custom-6.1   custom-6.1 with KCSAN
'

# The versions that --kernel-src takes.
# shellcheck disable=SC2034  # for the scripts that source this
readonly kernel_trees='5.4 to 6.12'

# kernels WHO [KIND]
kernels() {
  local name who
  while read -r name who _; do
    [[ $who != "$1" || $name != "${2:-}"* ]] || printf '%s\n' "$name"
  done <<<"$kernel_table"
}

# first_kernel WHO [KIND]
first_kernel() {
  local names
  mapfile -t names < <(kernels "$@")
  printf '%s\n' "${names[0]}"
}

# kernel_column NAME N: column N of its row, from 0 on; nothing where the table has
# "-" or no such kernel.
kernel_column() {
  local row
  while read -ra row; do
    [[ ${row[0]:-} != "$1" || ${row[$2]:--} == - ]] || printf '%s\n' "${row[$2]}"
  done <<<"$kernel_table"
}

kernel_is_known() { [[ -n $(kernel_column "$1" 0) ]]; }
kernel_config() { kernel_column "$1" 2; }
kernel_packages() { kernel_column "$1" 3; }

# kernel_help: the kernels for users, each with what it is.
kernel_help() {
  local name who what
  while read -r name who _ _ what; do
    [[ $who != users ]] || printf '  %-12s %s\n' "$name" "$what"
  done <<<"$kernel_table"
}

# either WORD...: "A, B or C".
either() {
  local first
  printf -v first '%s, ' "${@:1:$#-1}"
  [[ $# == 1 ]] || printf '%s or ' "${first%, }"
  printf '%s\n' "${!#}"
}
