#!/usr/bin/env bash
# Threads, and the newest of everything: the preset openmp on Debian sid, whose libkokkos-dev has OpenMP, in a folder of its
# own (see debian.sh). November 2026: g++ 16 and C++20, Kokkos 5.2, PETSc 3.25, HDF5 2.2, Open MPI 6.0rc2.
#
#   bash tests/compat/debian_sid.sh [ctest options]      e.g. -R transport
#
# Every test but the slow ones: those of one rank with two threads, decks on several ranks with 1, 2 and 3, bit for bit;
# then those of one rank with one thread. `slurm` skips itself there, `format` needs Debian 12's clang-format. Some 5 GB.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"
in_own_namespace "$@"
make_debian sid
echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/90weir"

sid() { timed "$1" 0 0:0 env OMPI_MCA_pml=ob1 DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "cd /weir; $2" sid "${@:3}"; }

# Of the two Kokkos that sid offers the one with OpenMP: it is there first, and the others of requirements.txt follow.
sid "packages" '
  apt-get update -q
  apt-get install -q -y --no-install-recommends libkokkos-dev libbenchmark-dev
  source cmake/setup.sh
  mapfile -t absent < <(absent_packages build test plot)
  apt-get install -q -y --no-install-recommends "${absent[@]}"'
# Its CMake files name two libraries that are not in the package and would be empty: there is nothing but headers to them.
sid "what libkokkos-dev lacks" '
  for name in kokkosalgorithms kokkossimd; do
    library=/usr/lib/$(gcc -print-multiarch)/lib$name.a
    [[ -e $library ]] || ar rcs "$library"
  done'
sid "configure" 'cmake --preset openmp -DWEIR_WARNINGS_AS_ERRORS=ON'
sid "build" 'cmake --build --preset openmp'
[[ $failed == no ]] || { conclude; exit 1; }  # nothing to test
sid "tests, two threads" 'ctest --preset openmp "$@"' "$@"
sid "tests of one rank, one thread" '
  cmake --preset openmp -DWEIR_TEST_THREADS=1
  ctest --preset openmp -L unit "$@"' "$@"
conclude
