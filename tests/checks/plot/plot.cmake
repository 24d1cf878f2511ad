# Runs small decks, draws each by weir-plot, and expects the figures named here.
#   cmake -DWEIR=.. -DWEIR_PLOT=.. -DDECKS=.. -DFOLDER=.. -P plot.cmake
cmake_minimum_required(VERSION 3.22)
set(figures_simulate snapshots metrics)
set(figures_learn snapshots energies prediction steps)
set(figures_learn_1d snapshots energies steps)

file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "exit code ${code} of ${ARGN}\n${text}")
  endif()
endfunction()

foreach(deck simulate learn learn_1d)
  run(${WEIR} ${DECKS}/${deck}.yaml)
  list(APPEND folders out/${deck})
endforeach()
run(${WEIR_PLOT} ${folders})

foreach(deck simulate learn learn_1d)
  foreach(figure IN LISTS figures_${deck})
    set(path ${FOLDER}/out/${deck}/figures/${figure}.png)
    if(NOT EXISTS ${path})
      message(SEND_ERROR "${path} was not drawn")
      continue()
    endif()
    file(SIZE ${path} size)
    file(READ ${path} start LIMIT 8 HEX)
    if(size LESS 5000 OR NOT start STREQUAL "89504e470d0a1a0a")
      message(SEND_ERROR "${path} is no PNG file with something in it (${size} bytes)")
    endif()
  endforeach()
endforeach()

# A table over runs.
run(${WEIR_PLOT} --table w1 --into ${FOLDER}/table -- ${folders})
file(READ ${FOLDER}/table/w1.csv table)
if(NOT table MATCHES "w1,w1\nlearn,[0-9.e-]+\nlearn_1d,[0-9.e-]+\n" OR NOT EXISTS ${FOLDER}/table/w1.png)
  message(SEND_ERROR "the table of w1 is\n${table}")
endif()

# What is no run is said to be none.
execute_process(COMMAND ${WEIR_PLOT} ${FOLDER} RESULT_VARIABLE code ERROR_VARIABLE text)
if(NOT code EQUAL 1 OR NOT text MATCHES "not the folder of a run")
  message(SEND_ERROR "a folder that is no run: exit code ${code}, said: ${text}")
endif()
