# SPDX-License-Identifier: MIT
# Writes OUTPUT, a C++ file that defines what assets.hpp declares. ASSETS is a
# list of NAME=FILE.
set(code "#include \"report/assets.hpp\"\n\nnamespace hft::report {\nnamespace {\n")
set(definitions "")
foreach(asset IN LISTS ASSETS)
  string(REGEX MATCH "^([^=]+)=(.*)$" matched "${asset}")
  set(name ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND code "constexpr char ${name}Bytes[] = {${bytes}};\n")
  string(APPEND definitions
    "const std::string_view ${name}(${name}Bytes, sizeof ${name}Bytes);\n")
endforeach()
file(WRITE "${OUTPUT}" "${code}}\n${definitions}}\n")
