#!/usr/bin/env bash
# A program for a machine that has a GPU and its driver and nothing else: weir, its unit tests and the shared libraries that
# they need in one compressed file, with four small decks and what they give on a CPU.
#
#   bash tests/compat/gpu_bundle.sh --kokkos PREFIX [options]
#
#   --kokkos PREFIX   an installed Kokkos with CUDA and, as libraries are shared, -DBUILD_SHARED_LIBS=ON
#   --compiler FILE   what compiles for it              (PREFIX/bin/nvcc_wrapper)
#   --cuda FOLDER     the CUDA toolkit                  (where nvcc is found)
#   --petsc PREFIX    an installed PETSc                (one is built, see below)
#   --build FOLDER    where to build                    (build-bundle)
#   --jobs N          processes to build with           (1: nvcc takes much memory)
#   --cpu PROGRAM     a weir for CPUs, to compare with  (build/weir)
#   --out FILE        what to write                     (weir-gpu.tar.xz in the build folder)
#   --host            pack a build for CPUs instead: tries the bundle where there is no GPU
#   -- options..      go to CMake
#
# There:  tar xf weir-gpu.tar.xz && weir-gpu/run.sh       see gpu_bundle_run.sh
#
# PETSc comes with few other libraries: distributions' brings Trilinos and with it another Kokkos, and two in one program do
# not go together. Without --petsc its sources come by `pip download`, and what they make is kept in the build folder.
# The C library is not packed: the other machine's must be at least as new as the one here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly petsc_version=3.18.5

die() { printf 'gpu_bundle.sh: %s\n' "$*" >&2; exit 1; }

kokkos='' compiler='' cuda='' petsc='' build=build-bundle jobs=1 cpu=build/weir out= host=no
while (($# > 0)); do
  case $1 in
    --host) host=yes; shift; continue ;;
    --) shift; break ;;
    -h | --help) sed -n '2,/^set -e/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit ;;
    --kokkos | --compiler | --cuda | --petsc | --build | --jobs | --cpu | --out) ;;
    *) die "no option $1; --help names them" ;;
  esac
  (($# > 1)) || die "$1 needs a value"
  declare "${1#--}=$2"
  shift 2
done

[[ -x $cpu ]] || die "$cpu is no program: build Weir for this CPU (bash cmake/quickstart.sh) or name one by --cpu"
options=(-DCMAKE_BUILD_TYPE=Release -DWEIR_NATIVE=OFF -DBUILD_SHARED_LIBS=ON -DWEIR_BENCHMARKS=OFF -DWEIR_TEST_FILES=.)
if [[ $host == no ]]; then
  [[ -n $kokkos ]] || die "where is a Kokkos with CUDA? --kokkos PREFIX (or --host, to try the bundle without a GPU)"
  kokkos=$(cd "$kokkos" 2>/dev/null && pwd) || die "there is no folder $kokkos"
  compiler=${compiler:-$kokkos/bin/nvcc_wrapper}
  [[ -x $compiler ]] || die "$compiler is no program: name Kokkos' nvcc_wrapper by --compiler"
  ls "$kokkos"/lib*/libkokkoscore.so >/dev/null 2>&1 || die "$kokkos has no libkokkoscore.so: build Kokkos with BUILD_SHARED_LIBS=ON"
  if [[ -n $cuda ]]; then export PATH="$cuda/bin:$PATH" CUDA_ROOT="$cuda"; fi
  command -v nvcc >/dev/null || die "there is no nvcc in PATH: name the CUDA toolkit by --cuda"
  options+=(-DWEIR_BACKEND=CUDA -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$kokkos")
elif command -v ccache >/dev/null; then
  options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi

out=${out:-$build/weir-gpu.tar.xz}
mkdir -p "$build"
if [[ -z $petsc ]]; then
  petsc=$(cd "$build" && pwd)/petsc
  [[ -e $petsc/lib/pkgconfig/PETSc.pc ]] || (
    sources=$petsc-sources
    rm -rf "$sources" && mkdir -p "$sources" && cd "$sources"
    python3 -m pip download --no-deps --no-binary petsc "petsc==$petsc_version" || die "pip has no PETSc $petsc_version: name a PETSc by --petsc"
    tar xf petsc-*.tar.gz && cd petsc-*/
    python3 ./configure --prefix="$petsc" --with-debugging=0 --with-shared-libraries=1 --with-cc=mpicc --with-cxx=mpicxx --with-fc=0 \
      --with-x=0 --with-ssl=0 --with-blaslapack-lib="-llapack -lblas" COPTFLAGS=-O2
    make MAKE_NP="$jobs" all && make install
    rm -rf "$sources"
  )
fi
petsc=$(cd "$petsc" 2>/dev/null && pwd) || die "there is no folder $petsc"
[[ -e $petsc/lib/pkgconfig/PETSc.pc ]] || die "$petsc has no lib/pkgconfig/PETSc.pc"
export PKG_CONFIG_PATH=$petsc/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}

cmake -S . -B "$build" "${options[@]}" "$@"
cmake --build "$build" --parallel "$jobs"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/weir-gpu
mkdir -p "$bundle"/{bin,lib,expected}
cp "$build"/weir "$build"/tests/test_* "$bundle/bin/"
cp tests/compat/gpu_bundle_run.sh "$bundle/run.sh"
# Decks and data that programs read. Whoever made the bundle can be asked which commit it is.
find input tests \( -name '*.yaml' -o -path 'input/data/*' \) -type f -print0 | tar c --null -T - | tar x -C "$bundle"
git describe --always --dirty >"$bundle/version" 2>/dev/null || echo unknown >"$bundle/version"

# The decks, how far from a CPU's their metrics may be (relative to the largest number of a column), and what is set.
cat >"$bundle/decks" <<'DECKS'
simulate/aggregation       1e-4  --set simulate.initial.particles=701 --set simulate.time.end=0.5
simulate/implicit_jko      1e-6  --set simulate.initial.particles=301
learn_energies/benchmark   1e-6
learn_energies/network     2e-2  --set learn_energies.model.network.train.epochs=10
DECKS
while read -r deck _ settings; do
  # shellcheck disable=SC2086  # settings are words
  "$cpu" "input/$deck.yaml" --set "run.output=$work/cpu/$deck" $settings >"$work/log" 2>&1 || { cat "$work/log"; die "$cpu fails with $deck"; }
  mkdir -p "$bundle/expected/$(dirname "$deck")"
  cp "$work/cpu/$deck/metrics.csv" "$bundle/expected/$deck.csv"
done <"$bundle/decks"

# The libraries of programs and plugins but the C library and the driver.
copy_libraries() {
  local name path
  while read -r name path; do
    case $name in
      libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libresolv.so.* | libutil.so.* | ld-linux* | libcuda.so.*) ;;
      *) [[ -e $bundle/lib/$name ]] || cp -L "$path" "$bundle/lib/$name" ;;
    esac
  done < <(LD_LIBRARY_PATH=$petsc/lib ldd "$@" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | sort -u)
}
copy_libraries "$bundle"/bin/*
kokkos_libraries=("$bundle"/lib/*kokkoscore.so*)
((${#kokkos_libraries[@]} <= 1)) || die "two Kokkos in one program (${kokkos_libraries[*]##*/}): the PETSc in $petsc brings its own; leave --petsc out"
# Open MPI loads plugins: those that one machine without a network needs.
if command -v ompi_info >/dev/null; then
  plugins=$(ompi_info --path pkglibdir | awk '{ print $2 }')
  mkdir -p "$bundle/lib/plugins"
  for plugin in "$plugins"/mca_*.so; do
    case ${plugin##*/} in
      *_ucx* | *_ofi* | *openib* | *_psm* | *monitoring* | *slurm* | *flux* | *_jsm* | *netlink* | *gridengine* | *_tm.so | *_sm.so | *ompio*) ;;
      *) ldd "$plugin" 2>/dev/null | grep -q 'not found' || cp -L "$plugin" "$bundle/lib/plugins/" ;;
    esac
  done
  copy_libraries "$bundle"/lib/plugins/*.so
fi
# Symbols and debug information are of no use there; code for devices stays.
find "$bundle/bin" "$bundle/lib" -type f -exec strip --strip-unneeded {} + 2>/dev/null || true

du -sh "$bundle" | awk '{ print "unpacked: " $1 }'
XZ_OPT=${XZ_OPT:--9e} tar cJf "$out" -C "$work" --owner=0 --group=0 --sort=name weir-gpu
ls -l "$out" | awk '{ printf "%s: %.1f MB\n", $NF, $5 / 1e6 }'
