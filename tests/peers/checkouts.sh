#!/bin/bash
# SPDX-License-Identifier: MIT
# checkouts.sh SOURCE BUILD: a peer is found in a checkout under HFT_PEERS_DIR,
# and a plain file beside the checkout is not taken for a folder of headers.
# Configures SOURCE anew with the compilers of BUILD, and compiles nothing.
set -euo pipefail
source=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

header=$work/peers/SPSCQueue/include/rigtorp/SPSCQueue.h
mkdir -p "$(dirname "$header")"
touch "$header" "$work/peers/README" "$work/peers/SPSCQueue/LICENSE"

cached() { # VARIABLE: what the build was configured with
  sed -nE "s/^$1:[A-Z]+=//p" "$build/CMakeCache.txt"
}
cmake -S "$source" -B "$work/build" -G "$(cached CMAKE_GENERATOR)" \
  -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)" \
  -DCMAKE_CXX_COMPILER="$(cached CMAKE_CXX_COMPILER)" \
  -DHFT_BUILD_TESTS=OFF -DHFT_PEERS_DIR="$work/peers" >"$work/log" ||
  { cat "$work/log"; exit 1; }

command=$(grep '"command".*rigtorp\.cpp' "$work/build/compile_commands.json")
[[ $command == *"$work/peers/SPSCQueue/include"* ]] ||
  { echo "expected the checkout's include folder, found $command"; exit 1; }
for file in README SPSCQueue/LICENSE; do
  [[ $command != *"$file"* ]] ||
    { echo "expected folders alone, found the file $file in $command"; exit 1; }
done
echo "peers.checkouts: folders alone"
