# Runs a deck on several numbers of ranks and compares what it leaves, bit for bit.
string(REPLACE "|" ";" settings "${SETTINGS}")
string(REPLACE "|" ";" mpiexec "${MPIEXEC}")
set(arguments "")
foreach(setting IN LISTS settings)
  list(APPEND arguments --set ${setting})
endforeach()
file(REMOVE_RECURSE ${FOLDER})

foreach(ranks 1 2 3 4 7)
  execute_process(COMMAND ${mpiexec} ${ranks} ${WEIR} ${DECK} ${arguments} --set run.output=${FOLDER}/${ranks}
    RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${DECK} on ${ranks} ranks left with ${code}:\n${out}\n${err}")
  endif()
  execute_process(COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/identical.py ${FOLDER}/1 ${FOLDER}/${ranks} RESULT_VARIABLE differs OUTPUT_VARIABLE out
    ERROR_VARIABLE err)
  if(NOT differs EQUAL 0)
    message(FATAL_ERROR "${DECK} differs between 1 rank and ${ranks} ranks in\n${out}${err}")
  endif()
endforeach()
message(STATUS "identical on 1, 2, 3, 4 and 7 ranks")
