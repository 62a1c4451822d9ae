# SPDX-License-Identifier: MIT
# Language level, warnings and sanitizers: one target that ours link to.
set(HFT_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# A static program takes no shared library, which find_library() would prefer.
if(CMAKE_EXE_LINKER_FLAGS MATCHES "-static( |$)")
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

add_library(hft_options INTERFACE)
target_compile_features(hft_options INTERFACE cxx_std_20)
target_compile_options(hft_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(HFT_SANITIZE)
  target_compile_options(hft_options INTERFACE
    -fsanitize=${HFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hft_options INTERFACE -fsanitize=${HFT_SANITIZE})
endif()

# For sources of options, tables and pages: a third of their compile time would go
# into making them faster than anyone can see.
function(hft_compile_quickly)
  set_source_files_properties(${ARGN} PROPERTIES
    COMPILE_OPTIONS "$<$<CONFIG:Release>:-O1>")
endfunction()
