# Collects what is missing, so that a user hears of everything at once, with the packages that bring it.
# The packages stand in requirements.txt, beside this file both in the source tree and in an installed Weir.

set(WEIR_MISSING "")
set(WEIR_REQUIREMENTS_FILE ${CMAKE_CURRENT_LIST_DIR}/requirements.txt)

# weir_require(found key [note]): `key` is the row of requirements.txt to name unless `found` is true.
macro(weir_require found key)
  if(NOT ${found})
    list(APPEND WEIR_MISSING ${key})
    if(NOT "${ARGN}" STREQUAL "")
      string(APPEND WEIR_MISSING_NOTES "\n  Note: ${ARGN}")
    endif()
  endif()
endmacro()

# The message for everything missing; empty where nothing is.
function(weir_describe_missing result)
  set(message "")
  file(STRINGS ${WEIR_REQUIREMENTS_FILE} rows REGEX "^[a-z]")
  foreach(row IN LISTS rows)
    string(REGEX MATCH "^([^ ]+) +([^ ]+) +([^ ]+) +([^ ]+) +(.*)$" matched "${row}")
    if(CMAKE_MATCH_1 IN_LIST WEIR_MISSING)
      set(what "${CMAKE_MATCH_5}")
      string(REPLACE "," " " apt "${CMAKE_MATCH_3}")
      string(REPLACE "|" " or " apt "${apt}")
      string(REPLACE "," " " spack "${CMAKE_MATCH_4}")
      string(APPEND message "\n  ${what}\n    Debian, Ubuntu: apt-get install ${apt}\n    Spack:          spack install ${spack}")
    endif()
  endforeach()
  if(message)
    string(CONCAT message "Weir needs packages that CMake did not find:${message}${WEIR_MISSING_NOTES}\n"
      "  What is installed in a folder of its own is found by CMAKE_PREFIX_PATH (PETSc: PKG_CONFIG_PATH),\n"
      "  on clusters load the modules first, or use Weir's Spack environment (cmake/spack.yaml).")
  endif()
  set(${result} "${message}" PARENT_SCOPE)
endfunction()
