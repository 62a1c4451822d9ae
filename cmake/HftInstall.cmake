# SPDX-License-Identifier: MIT
# The parts of `cmake --install`: the component hft_development is the
# library for find_package and pkg-config, hft_runtime the command.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hft)
install(DIRECTORY include/hft abi/hft
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT hft_development)
install(TARGETS hft EXPORT hftTargets
  ARCHIVE COMPONENT hft_development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT hftTargets NAMESPACE hft::
  DESTINATION ${package_dir} COMPONENT hft_development)

# Apart: find_package(hft COMPONENTS bpf) needs libbpf, find_package(hft) none.
if(HFT_BPF)
  install(FILES bpf/hft_ring.bpf.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hft COMPONENT hft_development)
  install(TARGETS hft_bpf EXPORT hftBpfTargets
    ARCHIVE COMPONENT hft_development
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT hftBpfTargets NAMESPACE hft::
    DESTINATION ${package_dir} COMPONENT hft_development)
endif()

configure_package_config_file(cmake/hftConfig.cmake.in hftConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break what the one before it had.
write_basic_package_version_file(hftConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/hftConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/hftConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT hft_development)

# From the file's own place, so that what is installed may be moved; unless
# the folders are absolute, as some distributions have them.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(HFT_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" up "${up}")
  set(HFT_PC_PREFIX "\${pcfiledir}/${up}")
endif()
foreach(dir INCLUDEDIR LIBDIR)
  set(path "\${prefix}")
  cmake_path(APPEND path "${CMAKE_INSTALL_${dir}}")
  set(HFT_PC_${dir} ${path})
endforeach()
set(pc_files hft.pc)
if(HFT_BPF)
  list(APPEND pc_files hft-bpf.pc)
endif()
foreach(file IN LISTS pc_files)
  configure_file(packaging/${file}.in ${file} @ONLY)
endforeach()
list(TRANSFORM pc_files PREPEND ${CMAKE_CURRENT_BINARY_DIR}/)
install(FILES ${pc_files}
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT hft_development)

if(TARGET hft_tool)
  install(TARGETS hft_tool RUNTIME COMPONENT hft_runtime)
  # ./sandbox runs from the source tree, so its page stays there.
  install(DIRECTORY man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
    COMPONENT hft_runtime
    PATTERN sandbox.1 EXCLUDE)
endif()
