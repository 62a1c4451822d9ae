# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced where the driver's source goes into a tree that is built.
#
#   copy_driver "$tree/drivers/hft"

# replace FILE: stdin becomes FILE if it differs, and a link becomes a file.
replace() {
  local new=$1.hft-new
  cat >"$new"
  if [[ ! -L $1 ]] && cmp -s "$new" "$1"; then
    rm "$new"
  else
    mv -f "$new" "$1"
  fi
}

# copy_driver DIR: driver/ there, and the ABI header in include/hft.
copy_driver() {
  local to=$1 file
  local -A wanted=()
  while IFS= read -r -d '' file; do
    wanted[$file]=$HFT_ROOT/driver/$file
  done < <(cd "$HFT_ROOT/driver" && find . -type f -printf '%P\0')
  while IFS= read -r -d '' file; do
    wanted[include/hft/$file]=$HFT_ROOT/abi/hft/$file
  done < <(cd "$HFT_ROOT/abi/hft" && find . -type f -printf '%P\0')
  for file in "${!wanted[@]}"; do
    mkdir -p "$(dirname "$to/$file")"
    replace "$to/$file" <"${wanted[$file]}"
  done
  # A file that left driver/ leaves the tree too.
  find "$to" ! -type d -printf '%P\0' | while IFS= read -r -d '' file; do
    [[ -n ${wanted[$file]:-} ]] || rm "$to/$file"
  done
}
