# SPDX-License-Identifier: MIT
# What `cmake --install` puts where: the component hft_development is the
# library for find_package and pkg-config, hft_runtime the command.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hft)
install(DIRECTORY include/hft abi/hft
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT hft_development)
install(TARGETS hft hft_headers EXPORT hftTargets
  ARCHIVE COMPONENT hft_development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT hftTargets NAMESPACE hft::
  DESTINATION ${package_dir} COMPONENT hft_development)

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
configure_file(packaging/hft.pc.in hft.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hft.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT hft_development)

if(TARGET hft_tool)
  install(TARGETS hft_tool RUNTIME COMPONENT hft_runtime)
  install(DIRECTORY man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
    COMPONENT hft_runtime)
endif()
