# SPDX-License-Identifier: MIT
# {fmt}, which takes a third of the time to compile where each file has it inside.
#
#   hft_fmt_inside  for libraries that are installed: they bring nothing to link
#   hft_fmt         for programs: one archive, where we know what goes into it
#
# Builds with sanitizers install nothing, and take the shared library.
add_library(hft_fmt INTERFACE)
add_library(hft_fmt_inside INTERFACE)
if(HFT_SANITIZE)
  target_link_libraries(hft_fmt INTERFACE fmt::fmt)
  target_link_libraries(hft_fmt_inside INTERFACE fmt::fmt)
else()
  target_link_libraries(hft_fmt_inside INTERFACE fmt::fmt-header-only)
  if(fmt_VERSION VERSION_GREATER_EQUAL 9 AND fmt_VERSION VERSION_LESS 10)
    add_library(hft_fmt_archive STATIC EXCLUDE_FROM_ALL
      ${CMAKE_CURRENT_LIST_DIR}/fmt_archive.cpp)
    target_compile_features(hft_fmt_archive PUBLIC cxx_std_20)
    target_include_directories(hft_fmt_archive SYSTEM PUBLIC
      $<TARGET_PROPERTY:fmt::fmt-header-only,INTERFACE_INCLUDE_DIRECTORIES>)
    target_link_libraries(hft_fmt INTERFACE hft_fmt_archive)
  else()
    target_link_libraries(hft_fmt INTERFACE fmt::fmt-header-only)
  endif()
endif()
