#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds consumer.cpp, outside the tree, the way a user would, and runs it:
#
#   tests/package/run.sh WAY BUILD_DIR    WAY: find_package, add_subdirectory,
#                                         unity (that in a unity build, with a {fmt}
#                                         of the user's), pkg-config, containers
#                                         and bpf, which do what docs/containers.md
#                                         and docs/bpf.md say
#
# BUILD_DIR is where hft is built; its compilers are used, and the library that
# is there is installed, into a folder of its own.
set -euo pipefail
way=${1:?expected a way, such as find_package}
build=$(realpath -- "${2:?expected the folder where hft is built}")
here=$(dirname "$(realpath -- "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
trap 'rm -rf "$work" "/dev/shm/hft.ticks-$$"' EXIT

cached() { # VARIABLE: what the build was configured with
  sed -nE "s/^$1:[A-Z]+=//p" "$build/CMakeCache.txt"
}
cxx=$(cached CMAKE_CXX_COMPILER)

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

install_hft() {
  cmake --install "$build" --prefix "$work/first" --component hft_development
  # An installed tree may be moved.
  mv "$work/first" "$work/prefix"
}

# build_project FOLDER CMAKE_OPTION...: with CMake, as a project of its own.
build_project() {
  mkdir "$work/project"
  cp "$here/consumer.cpp" "$here/$1/CMakeLists.txt" "$work/project"
  cmake -S "$work/project" -B "$work/build" \
    -G "$(cached CMAKE_GENERATOR)" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$(cached CMAKE_CXX_COMPILER_LAUNCHER)" \
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "${@:2}"
  cmake --build "$work/build"
  # consumer.cpp was compiled with no option of ours.
  if grep '"command".*consumer\.cpp' "$work/build/compile_commands.json" |
    grep -E -e '-W|-fsanitize'; then
    fail "expected none of our compile options in a user's project, found these"
  fi
}

headers_of() { # BUILD_DIR: all that was included; Ninja keeps no .d files
  if [[ $(cached CMAKE_GENERATOR) == Ninja ]]; then
    ninja -C "$1" -t deps
  else
    find "$1" -name '*.d' -exec cat {} +
  fi
}

not_found() { # TEXT CMAKE_OPTION...
  local said
  if said=$(cmake -S "$here/find_bpf" -B "$work/none" --fresh \
    -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" -DEXECS="$work" \
    "${@:2}" 2>&1); then
    fail "expected the component not to be found: ${*:2}"
  fi
  [[ $(tr -s ' \n' ' ' <<<"$said") == *"$1"* ]] || fail "expected '$1' in" "$said"
}

block() { # LANGUAGE PAGE: the first block of that language
  awk -v fence="\`\`\`$1" '$0 == fence && !done { inside = 1; next }
    /^```$/ && inside { inside = 0; done = 1 } inside' "$2"
}

expect_output() { # PROGRAM
  local output
  output=$("$1") || fail "expected exit status 0 of $1, found $?"
  [[ $output == "read 42" ]] || fail "expected 'read 42', found '$output'"
}

case $way in
  find_package)
    install_hft
    build_project find_package -DCMAKE_PREFIX_PATH="$work/prefix"
    if grep -rE 'hft_options|fmt|nlohmann' "$work/prefix" --include='*.cmake'; then
      fail "expected hft::hft to need no other package, found these"
    fi
    expect_output "$work/build/consumer"
    ;;
  add_subdirectory)
    build_project add_subdirectory -DHFT_SOURCE="$here/../.."
    others=$(find "$work/build" -type f -executable \
      ! -path '*/CMakeFiles/*' ! -name consumer)
    [[ -z $others ]] || fail "expected the library alone, found $others"
    # It is built of its own sources, {fmt} and the system's headers.
    included=$(headers_of "$work/build")
    [[ $included == *hft/abi.h* ]] || fail "expected hft/abi.h to be included"
    if grep -E '/(nlohmann|xdp|bpf|netlink|CLI)/' <<<"$included"; then
      fail "expected the library to include no header of these packages"
    fi
    expect_output "$work/build/consumer"
    ;;
  unity)
    build_project add_subdirectory -DHFT_SOURCE="$here/../.." -DOWN_FMT=ON \
      -DCMAKE_UNITY_BUILD=ON
    expect_output "$work/build/consumer"
    ;;
  pkg-config)
    install_hft
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name hft.pc)")
    export PKG_CONFIG_PATH
    # Our headers raise no warning in a user's program. The flags of pkg-config are
    # split into words.
    flags=$(pkg-config --cflags --libs 'hft >= 0.1')
    # shellcheck disable=SC2086
    "$cxx" -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
      "$here/consumer.cpp" $flags -o "$work/dynamic"
    expect_output "$work/dynamic"
    flags=$(pkg-config --static --cflags --libs 'hft >= 0.1')
    # shellcheck disable=SC2086
    "$cxx" -std=c++20 -O2 "$here/consumer.cpp" $flags -static -o "$work/static"
    expect_output "$work/static"
    ;;
  containers)
    if ! unshare --pid --fork --mount-proc true 2>/dev/null; then
      echo "skipped: pid namespaces want root"
      exit 77
    fi
    install_hft
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name hft.pc)")
    export PKG_CONFIG_PATH
    page=$here/../../docs/containers.md
    cd "$work"
    block cpp "$page" | sed 's/"ticks"/"ticks-'$$'"/' >ticks.cpp
    block sh "$page" >try.sh
    bash -euo pipefail try.sh >said 2>&1 || fail "$(<said)"
    [[ $(grep -c '^100 ticks in a row$' said) == 2 &&
      $(grep -c '^producing$' said) == 2 &&
      $(grep -c "^ticks: producer of ring 'ticks-$$' is process 1" said) == 1 &&
      $(grep -c '^refused, as it should be$' said) == 1 ]] ||
      fail "expected two producers, two consumers and a refusal, found" "$(<said)"
    ;;
  bpf)
    install_hft
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name hft-bpf.pc)")
    export PKG_CONFIG_PATH PATH=$PATH:/usr/sbin
    page=$here/../../docs/bpf.md
    cd "$work"
    block c "$page" >execs.bpf.c
    block cpp "$page" >execs.cpp
    block sh "$page" >build.sh
    bash -euo pipefail build.sh
    cmake -S "$here/find_bpf" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
      -DCMAKE_CXX_COMPILER="$cxx" -DEXECS="$work"
    cmake --build "$work/build"
    # Why it is not found: a component that there is not, no libbpf, and none built in.
    not_found "no 'gpu'" -DCOMPONENT=gpu
    not_found 'hft::bpf needs libbpf' -DCOMPONENT=bpf -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON
    find "$work/prefix" -name hftBpfTargets.cmake -delete
    not_found 'built with HFT_BPF=OFF' -DCOMPONENT=bpf
    if [[ $(id -u) != 0 ]]; then
      echo "skipped: built, not run: that needs CAP_BPF"
      exit 77
    fi
    exec {program}< <(timeout 60 ./execs)
    read -r -u "$program" ready
    [[ $ready == ready ]] || fail "expected 'ready', found '$ready'"
    /bin/true & /bin/true & /bin/true & wait
    mapfile -t -u "$program" started
    [[ ${#started[@]} == 3 && ${started[*]} == *true* ]] ||
      fail "expected 3 programs, true among them, found '${started[*]}'"
    ;;
  *) fail "expected find_package, add_subdirectory, unity, pkg-config, containers or bpf, found '$way'" ;;
esac
echo "package.$way: built and run"
