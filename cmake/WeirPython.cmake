# The interpreter for weir-plot: the first of those at hand that has both h5py and matplotlib. -DWEIR_PYTHON=.. chooses one.
set(WEIR_PYTHON "" CACHE FILEPATH "Python 3 with h5py and matplotlib, for weir-plot (empty: look for one)")
set(candidates ${WEIR_PYTHON})
foreach(place IN ITEMS "" NO_DEFAULT_PATH)
  # First the shell's own, then the system's: a Python of one's own often lacks the packages that the system's has.
  unset(program)
  find_program(program NAMES python3 python HINTS /usr/bin ${place} NO_CACHE)
  list(APPEND candidates ${program})
endforeach()
list(REMOVE_DUPLICATES candidates)
set(WEIR_PYTHON_FOUND OFF)
foreach(candidate IN LISTS candidates)
  execute_process(COMMAND ${candidate} -c "import sys, h5py, matplotlib; assert sys.version_info >= (3, 8); print(sys.executable)"
    RESULT_VARIABLE failure OUTPUT_VARIABLE WEIR_PYTHON_EXECUTABLE OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(failure EQUAL 0)
    set(WEIR_PYTHON_FOUND ON)
    break()
  endif()
endforeach()
if(NOT WEIR_PYTHON_FOUND)
  set(WEIR_PYTHON_EXECUTABLE "none: no Python 3.8 or later with h5py and matplotlib (python3-h5py python3-matplotlib); or set WEIR_PYTHON")
endif()

# weir_python_scripts(package folder, output folder): weir-plot and weir-h5ad, which find the package `weir` from where they stand.
function(weir_python_scripts package folder)
  set(WEIR_PYTHON_PACKAGE ${package})
  foreach(script IN ITEMS weir-plot:plot.main weir-h5ad:h5ad)
    string(REGEX REPLACE ":.*" "" WEIR_SCRIPT ${script})
    string(REGEX REPLACE ".*:" "" WEIR_SCRIPT_MODULE ${script})
    configure_file(${PROJECT_SOURCE_DIR}/src/python/script.in ${folder}/${WEIR_SCRIPT} @ONLY
      FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endforeach()
endfunction()

# They stand beside the executable, in the build folder as when installed. PYTHONPATH=<build>/python imports the package.
if(WEIR_PYTHON_FOUND)
  weir_python_scripts(${PROJECT_SOURCE_DIR}/src/python ${PROJECT_BINARY_DIR})
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/python)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/python/weir ${PROJECT_BINARY_DIR}/python/weir SYMBOLIC)
else()
  file(REMOVE ${PROJECT_BINARY_DIR}/weir-plot ${PROJECT_BINARY_DIR}/weir-h5ad)
endif()
