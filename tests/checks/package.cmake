# Installs Weir, moves it, builds the program in tests/package against it by find_package, and runs what there is to run.
#   cmake -DBUILD=.. -DSOURCE=.. -DFOLDER=.. -DGENERATOR=.. -DCOMPILER=.. -DCONFIGURATION=.. -P package.cmake
cmake_minimum_required(VERSION 3.22)
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "exit code ${code} of ${ARGN}\n${text}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/first --config ${CONFIGURATION})
file(RENAME ${FOLDER}/first ${FOLDER}/moved)

# Nothing that is installed may know where it was built or installed first.
file(GLOB_RECURSE texts ${FOLDER}/moved/*.cmake ${FOLDER}/moved/*.hpp ${FOLDER}/moved/bin/weir-plot)
foreach(text IN LISTS texts)
  file(READ ${text} content)
  foreach(place ${SOURCE} ${FOLDER}/first)
    # As a path of its own: /weir is no part of share/weir.
    string(REGEX REPLACE "([][+.*()^$?|\\\\])" "\\\\\\1" pattern "${place}")
    if(content MATCHES "(^|[^A-Za-z0-9_.}-])${pattern}/")
      message(SEND_ERROR "${text} names ${place}")
    endif()
  endforeach()
endforeach()

run(${CMAKE_COMMAND} -S ${SOURCE}/tests/package -B ${FOLDER}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${FOLDER}/moved
  -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=${CONFIGURATION})
run(${CMAKE_COMMAND} --build ${FOLDER}/build --config ${CONFIGURATION})

set(deck ${SOURCE}/tests/checks/plot/simulate.yaml)
run(${FOLDER}/build/consumer ${deck} --set run.output=out/consumer)
run(${FOLDER}/moved/bin/weir ${deck} --set run.output=out/weir)
if(EXISTS ${FOLDER}/moved/bin/weir-plot)
  run(${FOLDER}/moved/bin/weir-plot out/weir)
endif()
if(EXISTS ${FOLDER}/moved/bin/weir-h5ad)
  run(${FOLDER}/moved/bin/weir-h5ad --help)
endif()
foreach(file share/bash-completion/completions/weir share/man/man1/weir.1 share/weir/CITATION.cff)
  if(NOT EXISTS ${FOLDER}/moved/${file})
    message(SEND_ERROR "${file} was not installed")
  endif()
endforeach()
if(NOT EXISTS ${FOLDER}/moved/share/weir/input/data)
  message(SEND_ERROR "share/weir/input/data was not installed")
endif()

# The same deck by the same code gives the same numbers.
file(READ ${FOLDER}/out/weir/metrics.csv of_weir)
file(READ ${FOLDER}/out/consumer/metrics.csv of_consumer)
if(NOT of_weir STREQUAL of_consumer)
  message(SEND_ERROR "the consumer's metrics differ from weir's")
endif()
