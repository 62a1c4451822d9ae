# SPDX-License-Identifier: MIT
# BPF programs: compiled by clang, embedded by bpftool as skeletons.
#
#   hft_add_bpf(my_programs ticks xdp)   # ticks.bpf.c, xdp.bpf.c
#   target_link_libraries(tool PRIVATE my_programs)  # #include "ticks.skel.h"
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf>=1.1)
find_program(HFT_CLANG NAMES clang-14 clang clang-15 clang-16 clang-19 REQUIRED)
# Debian has it where only root looks.
find_program(HFT_BPFTOOL bpftool PATHS /usr/sbin /sbin REQUIRED)

# __TARGET_ARCH_x86: hft_ring.bpf.h orders stores as the machine needs that the
# programs run on, and the library has no other (hft/cpu.hpp).
# Their debug information names no folder of the build: the same sources make the
# same object, and the same command, wherever they are.
set(HFT_BPF_FLAGS -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -fdebug-compilation-dir=.
  -Wno-unused-parameter -D__TARGET_ARCH_x86
  -I${PROJECT_SOURCE_DIR}/abi -I${PROJECT_SOURCE_DIR}/bpf
  -idirafter /usr/include/${CMAKE_CXX_LIBRARY_ARCHITECTURE})

function(hft_add_bpf target)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.dir)
  file(MAKE_DIRECTORY ${folder})
  set(skeletons)
  foreach(name IN LISTS ARGN)
    set(object ${folder}/${name}.bpf.o)
    set(skeleton ${folder}/${name}.skel.h)
    add_custom_command(OUTPUT ${object}
      COMMAND ${HFT_CLANG} ${HFT_BPF_FLAGS} -MD -MF ${object}.d
              -c ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c -o ${object}
      DEPENDS ${name}.bpf.c
      DEPFILE ${object}.d
      COMMENT "Compiling ${name}.bpf.c" VERBATIM)
    # bpftool leaves an empty file when it fails.
    add_custom_command(OUTPUT ${skeleton}
      COMMAND sh -c "'${HFT_BPFTOOL}' gen skeleton '${object}' name ${name}_bpf >'${skeleton}.new' && mv '${skeleton}.new' '${skeleton}'"
      DEPENDS ${object}
      COMMENT "Making ${name}.skel.h" VERBATIM)
    list(APPEND skeletons ${skeleton})
  endforeach()
  add_custom_target(${target}_skeletons DEPENDS ${skeletons})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_skeletons)
  # SYSTEM: what bpftool writes is not for our warnings.
  target_include_directories(${target} SYSTEM INTERFACE ${folder})
  target_link_libraries(${target} INTERFACE PkgConfig::LIBBPF)
endfunction()
