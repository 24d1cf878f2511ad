#include "weir/base/Version.hpp"

#include <dlfcn.h>

#include <Kokkos_Core.hpp>

#include "weir/base/Calls.hpp"
#include "weir/base/Configuration.hpp"
#include "weir/base/Types.hpp"

namespace weir {

namespace {

std::string mpi_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  WEIR_MPI(MPI_Get_library_version(text, &length));
  const std::string version(text, length);
  return version.substr(0, version.find_first_of(",\n"));
}

std::string petsc_version() {
  PetscInt major = 0, minor = 0, subminor = 0, release = 0;
  WEIR_PETSC(PetscGetVersionNumber(&major, &minor, &subminor, &release));
  return fmt::format("{}.{}.{}, {}-bit indices", major, minor, subminor, 8 * sizeof(PetscInt));
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, patch = 0;
  WEIR_HDF5(H5get_libversion(&major, &minor, &patch));
  return fmt::format("{}.{}.{}", major, minor, patch);
}

std::string kokkos_version() {
  return fmt::format("{}.{}.{}, {}", KOKKOS_VERSION / 10000, KOKKOS_VERSION / 100 % 100, KOKKOS_VERSION % 100,
                     ExecutionSpace::name());
}

// Looked up at run time: other BLAS than OpenBLAS do not tell.
std::string blas_version() {
  using GetConfig = char* (*)();
  const auto get_config = reinterpret_cast<GetConfig>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
  return get_config ? get_config() : "not OpenBLAS";
}

}  // namespace

std::string version() {
  return WEIR_VERSION;
}

std::string build_info() {
  return fmt::format(
      "Weir      {}, commit {}\ncompiler  {}, {}, C++{}\nMPI       {}\nPETSc     {}\nHDF5      {}\nKokkos    "
      "{}\nBLAS   "
      "   {}\n",
      WEIR_VERSION, WEIR_COMMIT, WEIR_COMPILER, WEIR_BUILD_TYPE, __cplusplus / 100 % 100, mpi_version(),
      petsc_version(), hdf5_version(), kokkos_version(), blas_version());
}

}  // namespace weir
