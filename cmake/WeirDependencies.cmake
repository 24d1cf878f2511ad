# Finds every library that Weir stands on: system packages, Spack and module installs alike. Included by the build and by
# an installed Weir's WeirConfig.cmake, which sets WEIR_IS_INSTALLED and needs no more than what a program links.
#
# Targets:  Weir::dependencies          what Weir's public headers include
#           Weir::private_dependencies  what its static library is linked to besides
#           Weir::build_dependencies    headers that only Weir's own translation units include

include(${CMAKE_CURRENT_LIST_DIR}/WeirRequirements.cmake)

# --- what public headers include -------------------------------------------------------------------------------------

find_package(MPI QUIET COMPONENTS C)
weir_require(MPI_C_FOUND mpi)

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 QUIET COMPONENTS C)
if(HDF5_FOUND AND NOT HDF5_IS_PARALLEL)
  weir_require(HDF5_IS_PARALLEL hdf5 "the HDF5 in ${HDF5_C_INCLUDE_DIRS} was built without MPI; point HDF5_ROOT at one that was")
else()
  weir_require(HDF5_FOUND hdf5)
endif()

find_package(PkgConfig QUIET)
weir_require(PKG_CONFIG_FOUND pkg-config)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(PETSC QUIET IMPORTED_TARGET PETSc>=3.18)
  pkg_check_modules(LIBZIP QUIET IMPORTED_TARGET libzip)
endif()
weir_require(PETSC_FOUND petsc)
if(PETSC_FOUND)
  find_file(WEIR_PETSCCONF petscconf.h HINTS ${PETSC_INCLUDE_DIRS} NO_CACHE)
  if(WEIR_PETSCCONF)
    file(STRINGS ${WEIR_PETSCCONF} complex REGEX "define +PETSC_USE_COMPLEX")
    if(complex)
      weir_require(FALSE petsc "the PETSc ${PETSC_VERSION} in ${PETSC_PREFIX} was built for complex numbers; Weir needs a real one")
    endif()
  endif()
endif()

# No version in the call: Debian 12's config carries Trilinos' version, not Kokkos'.
find_package(Kokkos QUIET)
weir_require(Kokkos_FOUND kokkos)
if(Kokkos_FOUND)
  # Debian 12's Kokkos::kokkos names an include folder that does not exist.
  if(TARGET trilinos_kokkoscore)
    set_target_properties(trilinos_kokkoscore Kokkos::kokkos PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Kokkos_INCLUDE_DIRS}")
    set(kokkos_folders ${Kokkos_INCLUDE_DIRS})
  else()
    set(kokkos_folders ${Kokkos_DIR}/../../../include ${Kokkos_DIR}/../../../../include)
  endif()
  find_file(WEIR_KOKKOS_CONFIG KokkosCore_config.h HINTS ${kokkos_folders} PATH_SUFFIXES kokkos NO_CACHE)
  set(WEIR_KOKKOS_VERSION ${Kokkos_VERSION})
  if(WEIR_KOKKOS_CONFIG)
    file(STRINGS ${WEIR_KOKKOS_CONFIG} version REGEX "^#define +KOKKOS_VERSION +[0-9]+")
    string(REGEX MATCH "[0-9]+$" version "${version}")
    math(EXPR major "${version} / 10000")
    math(EXPR minor "${version} / 100 % 100")
    math(EXPR patch "${version} % 100")
    set(WEIR_KOKKOS_VERSION ${major}.${minor}.${patch})
  endif()
  if(WEIR_KOKKOS_VERSION VERSION_LESS 3.4)
    weir_require(FALSE kokkos "the Kokkos in ${Kokkos_DIR} is ${WEIR_KOKKOS_VERSION}")
  endif()
  if(WEIR_BACKEND AND NOT WEIR_BACKEND IN_LIST Kokkos_DEVICES)
    string(TOLOWER ${WEIR_BACKEND} variant)
    string(REPLACE hip rocm variant ${variant})
    weir_require(FALSE kokkos "the Kokkos in ${Kokkos_DIR} was built for ${Kokkos_DEVICES}, not for ${WEIR_BACKEND} (Spack: kokkos+${variant})")
  endif()
endif()

find_package(fmt QUIET)
weir_require(fmt_FOUND fmt)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
weir_require(RANDOM123_INCLUDE_DIR random123)

# --- what a program links besides ------------------------------------------------------------------------------------

find_package(yaml-cpp QUIET)
weir_require(yaml-cpp_FOUND yaml-cpp)
find_package(ZLIB QUIET)
weir_require(ZLIB_FOUND zlib)
# By pkg-config: libzip's CMake config names tools that its development package does not bring.
weir_require(LIBZIP_FOUND libzip)
# 32-bit integers in its interface; CMake before 3.30 has no way to say so but this.
set(BLA_SIZEOF_INTEGER 4)
find_package(BLAS QUIET)
find_package(LAPACK QUIET)
if(NOT BLAS_FOUND OR NOT LAPACK_FOUND)
  weir_require(FALSE blas)
endif()

# --- headers of Weir's own translation units -------------------------------------------------------------------------

if(NOT WEIR_IS_INSTALLED)
  find_package(CLI11 QUIET)
  weir_require(CLI11_FOUND cli11)
  find_package(nlohmann_json QUIET)
  weir_require(nlohmann_json_FOUND nlohmann_json)
  find_path(LEMON_INCLUDE_DIR lemon/network_simplex.h)
  weir_require(LEMON_INCLUDE_DIR lemon)
  find_path(CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas)
  if(BLAS_FOUND AND LAPACK_FOUND)
    weir_require(CBLAS_INCLUDE_DIR blas)
  endif()
  if(WEIR_TESTS)
    find_package(GTest QUIET)
    weir_require(GTest_FOUND gtest)
  endif()
endif()

weir_describe_missing(WEIR_MISSING_TEXT)
if(WEIR_MISSING_TEXT AND WEIR_IS_INSTALLED)
  return()  # WeirConfig.cmake hands the text to find_package
elseif(WEIR_MISSING_TEXT)
  string(REPLACE ";" "\n" keys "${WEIR_MISSING}")
  file(WRITE ${CMAKE_BINARY_DIR}/missing.txt "${keys}\n")  # read by setup.sh
  message(FATAL_ERROR "${WEIR_MISSING_TEXT}")
endif()

# --- targets ---------------------------------------------------------------------------------------------------------

if(NOT TARGET Weir::dependencies)
  add_library(Weir::dependencies INTERFACE IMPORTED)
  target_link_libraries(Weir::dependencies INTERFACE MPI::MPI_C Kokkos::kokkos PkgConfig::PETSC hdf5::hdf5 fmt::fmt)
  target_include_directories(Weir::dependencies SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
  target_compile_definitions(Weir::dependencies INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  if(WEIR_KOKKOS_VERSION VERSION_GREATER_EQUAL 5)
    target_compile_features(Weir::dependencies INTERFACE cxx_std_20)
  else()
    target_compile_features(Weir::dependencies INTERFACE cxx_std_17)
  endif()

  add_library(Weir::private_dependencies INTERFACE IMPORTED)
  # yaml-cpp's target has a namespace since 0.8.
  if(TARGET yaml-cpp::yaml-cpp)
    target_link_libraries(Weir::private_dependencies INTERFACE yaml-cpp::yaml-cpp)
  else()
    target_link_libraries(Weir::private_dependencies INTERFACE yaml-cpp)
  endif()
  target_link_libraries(Weir::private_dependencies INTERFACE ZLIB::ZLIB PkgConfig::LIBZIP LAPACK::LAPACK BLAS::BLAS ${CMAKE_DL_LIBS})
endif()

if(NOT WEIR_IS_INSTALLED)
  add_library(Weir::build_dependencies INTERFACE IMPORTED)
  target_link_libraries(Weir::build_dependencies INTERFACE CLI11::CLI11 nlohmann_json::nlohmann_json)
  target_include_directories(Weir::build_dependencies SYSTEM INTERFACE ${CBLAS_INCLUDE_DIR} ${LEMON_INCLUDE_DIR})
endif()
