# Every source file is as clang-format leaves it; those that are not are named.
#   cmake -DSOURCE=.. -DCLANG_FORMAT=.. -P format.cmake
cmake_minimum_required(VERSION 3.22)
file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/include/*.hpp ${SOURCE}/src/*.hpp ${SOURCE}/src/*.cpp ${SOURCE}/tests/*.hpp ${SOURCE}/tests/*.cpp)
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror ${files} WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT code EQUAL 0)
  string(REGEX MATCHALL "[^\n]+:[0-9]+:[0-9]+: error" places "${out}${err}")
  list(TRANSFORM places REPLACE ":.*" "")
  list(REMOVE_DUPLICATES places)
  list(JOIN places "\n  " astray)
  message(FATAL_ERROR "clang-format -i would change these files:\n  ${astray}")
endif()
