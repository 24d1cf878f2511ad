# Finds every library that Weir stands on: system packages, Spack and module installs alike.
# Each fatal error names the remedy.

macro(weir_require found package remedy)
  if(NOT ${found})
    message(FATAL_ERROR "Weir needs ${package}, which CMake did not find.\n"
      "  Debian, Ubuntu: apt-get install ${remedy}\n"
      "  Clusters:       load its module, or use the Spack environment in cmake/spack.yaml,\n"
      "                  and add its folder to CMAKE_PREFIX_PATH")
  endif()
endmacro()

find_package(MPI QUIET COMPONENTS C)
weir_require(MPI_C_FOUND "MPI" libopenmpi-dev)

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 QUIET COMPONENTS C)
weir_require(HDF5_FOUND "parallel HDF5" libhdf5-openmpi-dev)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "The HDF5 found (${HDF5_C_INCLUDE_DIRS}) was built without MPI; Weir writes in parallel.\n"
    "  Debian, Ubuntu: apt-get install libhdf5-openmpi-dev\n"
    "  Spack:          spack install hdf5 +mpi\n"
    "  Then point HDF5_ROOT at it.")
endif()

find_package(PkgConfig QUIET)
weir_require(PKG_CONFIG_FOUND "pkg-config" pkg-config)
pkg_check_modules(PETSC QUIET IMPORTED_TARGET PETSc>=3.18)
weir_require(PETSC_FOUND "PETSc 3.18 or later (pkg-config module PETSc; PKG_CONFIG_PATH tells where)" petsc-dev)

find_package(Kokkos QUIET)
weir_require(Kokkos_FOUND "Kokkos 3.4.1 or later" libtrilinos-kokkos-dev)
# Debian 12's Kokkos::kokkos names an include folder that does not exist.
if(TARGET trilinos_kokkoscore)
  set_target_properties(trilinos_kokkoscore PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Kokkos_INCLUDE_DIRS}")
endif()

find_package(yaml-cpp QUIET)
weir_require(yaml-cpp_FOUND "yaml-cpp" libyaml-cpp-dev)
find_package(CLI11 QUIET)
weir_require(CLI11_FOUND "CLI11" libcli11-dev)
find_package(fmt QUIET)
weir_require(fmt_FOUND "fmt" libfmt-dev)
find_package(nlohmann_json QUIET)
weir_require(nlohmann_json_FOUND "nlohmann-json" nlohmann-json3-dev)
find_package(ZLIB QUIET)
weir_require(ZLIB_FOUND "zlib" zlib1g-dev)
# By pkg-config: libzip's CMake config names tools that its development package does not bring.
pkg_check_modules(LIBZIP QUIET IMPORTED_TARGET libzip)
weir_require(LIBZIP_FOUND "libzip" libzip-dev)
pkg_check_modules(LEMON QUIET IMPORTED_TARGET lemon)
weir_require(LEMON_FOUND "LEMON" liblemon-dev)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
weir_require(RANDOM123_INCLUDE_DIR "Random123" librandom123-dev)
find_path(CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas)
weir_require(CBLAS_INCLUDE_DIR "a BLAS with cblas.h" libopenblas-dev)
set(BLA_SIZEOF_INTEGER 4)
find_package(BLAS QUIET)
weir_require(BLAS_FOUND "BLAS" libopenblas-dev)
find_package(LAPACK QUIET)
weir_require(LAPACK_FOUND "LAPACK" libopenblas-dev)

# What users of the library see, and what only its own translation units see.
add_library(weir_dependencies INTERFACE)
add_library(Weir::dependencies ALIAS weir_dependencies)
set_target_properties(weir_dependencies PROPERTIES EXPORT_NAME dependencies)
target_link_libraries(weir_dependencies INTERFACE MPI::MPI_C Kokkos::kokkos PkgConfig::PETSC hdf5::hdf5 fmt::fmt)
target_include_directories(weir_dependencies SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
target_compile_definitions(weir_dependencies INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
target_compile_features(weir_dependencies INTERFACE cxx_std_17)
if(Kokkos_VERSION VERSION_GREATER_EQUAL 5 AND Kokkos_VERSION VERSION_LESS 12)
  target_compile_features(weir_dependencies INTERFACE cxx_std_20)
endif()

add_library(weir_private_dependencies INTERFACE)
add_library(Weir::private_dependencies ALIAS weir_private_dependencies)
target_link_libraries(weir_private_dependencies INTERFACE yaml-cpp nlohmann_json::nlohmann_json ZLIB::ZLIB PkgConfig::LIBZIP
  CLI11::CLI11 LAPACK::LAPACK BLAS::BLAS)
target_include_directories(weir_private_dependencies INTERFACE ${CBLAS_INCLUDE_DIR} ${LEMON_INCLUDE_DIRS})
