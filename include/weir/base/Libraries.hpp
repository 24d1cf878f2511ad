// Starts MPI, Kokkos, PETSc and BLAS, and ends them in reverse.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

namespace weir {

/// Names of options that were given to PETSc and that nothing has asked for so far. Not collective.
std::vector<std::string> unused_petsc_options();

/// One object lives as long as the program computes. `petsc_options` are words as on a PETSc command line.
/// OpenBLAS is held to one thread a rank; Kokkos threads are those of the environment.
class Libraries {
 public:
  Libraries(int& argc, char** argv, const std::vector<std::string>& petsc_options = {});
  ~Libraries();
  Libraries(const Libraries&) = delete;
  Libraries& operator=(const Libraries&) = delete;
};

/// Threads that this rank's kernels on the host have. While the libraries live.
int host_threads();

/// Traps invalid floating-point operations in all threads of the host, or no longer, where the platform can
/// (glibc); returns whether it can. While the libraries live.
bool trap_invalid_operations(bool trap = true);

}  // namespace weir
