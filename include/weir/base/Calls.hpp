// Checked calls into MPI, PETSc and HDF5: a failure throws LibraryError with the library's own text.
#pragma once

#include <hdf5.h>
#include <mpi.h>
#include <petscsys.h>

#include "weir/base/Error.hpp"

#if PETSC_VERSION_LT(3, 19, 0)  // later an enumerator, which no #ifndef sees
#define PETSC_SUCCESS 0
#endif

namespace weir::detail {
void check_mpi(int code, const char* call);
void check_petsc(PetscErrorCode code, const char* call);
hid_t check_hdf5(hid_t id_or_status, const char* call);
void keep_current_exception();
}  // namespace weir::detail

namespace weir {

/// Runs a callback of PETSc's: an exception is kept, PETSc gets an error code, and the WEIR_PETSC around the
/// call that PETSc was in throws the exception on.
template <class Body>
PetscErrorCode petsc_callback(Body body) noexcept {
  try {
    body();
    return PETSC_SUCCESS;
  } catch (...) {
    detail::keep_current_exception();
    return PETSC_ERR_USER;
  }
}

}  // namespace weir

#define WEIR_MPI(call) ::weir::detail::check_mpi((call), #call)
#define WEIR_PETSC(call) ::weir::detail::check_petsc((call), #call)
/// Also returns the identifier, so that it can be stored.
#define WEIR_HDF5(call) ::weir::detail::check_hdf5((call), #call)
