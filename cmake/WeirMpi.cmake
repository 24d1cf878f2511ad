# How tests start several ranks with the MPI at hand. Tests run more ranks than there may be cores, which each launcher
# wants to be asked for in its own way.
#   WEIR_MPIEXEC_FLAGS     command-line flags
#   WEIR_MPI_ENVIRONMENT   environment of every test, as VARIABLE=value; has the same for tests that call mpirun themselves
execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE version ERROR_VARIABLE version)
set(WEIR_MPIEXEC_FLAGS "")
set(WEIR_MPI_ENVIRONMENT "")
set(WEIR_HAS_THREADS OFF)
if("OPENMP" IN_LIST Kokkos_DEVICES)
  set(WEIR_HAS_THREADS ON)
  # Like ranks, threads that wait leave the core to those that compute.
  list(APPEND WEIR_MPI_ENVIRONMENT OMP_PROC_BIND=false OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1)
  set(WEIR_TEST_THREADS 2 CACHE STRING "Threads in tests of one rank, with a Kokkos that has OpenMP (several ranks: one each)")
endif()
set(WEIR_MPI_NAME ${MPIEXEC_EXECUTABLE})
if(version MATCHES "(OpenRTE|Open MPI|prte|PRRTE)[^0-9]*([0-9]+)(\\.[0-9.]+[a-z0-9]*)")
  set(WEIR_MPI_NAME "Open MPI ${CMAKE_MATCH_2}${CMAKE_MATCH_3}")
  # Ranks that wait leave the core to those that compute.
  list(APPEND WEIR_MPI_ENVIRONMENT OMPI_MCA_mpi_yield_when_idle=1)
  if(CMAKE_MATCH_2 LESS 5)
    set(WEIR_MPIEXEC_FLAGS --oversubscribe --bind-to none)
    list(APPEND WEIR_MPI_ENVIRONMENT OMPI_MCA_rmaps_base_oversubscribe=1)
  else()
    set(WEIR_MPIEXEC_FLAGS --map-by :OVERSUBSCRIBE --bind-to none)
    list(APPEND WEIR_MPI_ENVIRONMENT PRTE_MCA_rmaps_default_mapping_policy=:OVERSUBSCRIBE)
  endif()
  execute_process(COMMAND id -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(user STREQUAL "0")
    list(APPEND WEIR_MPI_ENVIRONMENT OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
  endif()
elseif(version MATCHES "HYDRA[^V]*Version: *([0-9.]+)")
  set(WEIR_MPI_NAME "MPICH ${CMAKE_MATCH_1}")
endif()

# Libraries::~Libraries looks for leaks, while the plugins of MPI are still there to hold what they keep.
if(WEIR_SANITIZE)
  list(APPEND WEIR_MPI_ENVIRONMENT UBSAN_OPTIONS=print_stacktrace=1
    "LSAN_OPTIONS=leak_check_at_exit=0:print_suppressions=0:suppressions=${PROJECT_SOURCE_DIR}/tests/sanitize/leaks.txt")
endif()
