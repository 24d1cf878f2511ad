# Shared by quickstart.sh and check.sh, which source it from the top of the source tree: install what is
# missing, configure, build. Packages are listed once, in cmake/requirements.txt.
#
# Obeyed from the environment:
#   WEIR_INSTALL=no              never install packages; take what CMake, pkg-config and CMAKE_PREFIX_PATH find
#   CMAKE_BUILD_PARALLEL_LEVEL   processes to build with (default: as many as cores and memory allow)
#   CMAKE_GENERATOR and all other variables that CMake itself obeys

readonly build=build
readonly missing_packages=3  # exit code: something has to be provided first

say() { printf '\n== %s\n' "$*"; }

# The table's rows of the given purposes: key, apt packages, specs, words; a tab between them.
requirements() {
  awk -v wanted=" $* " '!/^#/ && NF && index(wanted, " " $2 " ") {
    what = $5; for (i = 6; i <= NF; ++i) what = what " " $i
    print $1 "\t" $3 "\t" $4 "\t" what }' cmake/requirements.txt
}

is_installed() { [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }
is_offered() { [[ -n "$(apt-cache madison "$1" 2>/dev/null)" ]]; }

# `a|b` becomes the one that is installed or, failing that, offered; the first where apt knows neither.
choose_package() {
  local -a choices
  IFS='|' read -ra choices <<<"$1"
  local test choice
  if ((${#choices[@]} > 1)); then
    for test in is_installed is_offered; do
      for choice in "${choices[@]}"; do
        if "$test" "$choice"; then printf '%s\n' "$choice" && return; fi
      done
    done
  fi
  printf '%s\n' "${choices[0]}"
}

# The packages of the given purposes that are not installed, one a line.
absent_packages() {
  local packages alternatives package
  while IFS=$'\t' read -r _ packages _; do
    for alternatives in ${packages//,/ }; do
      package=$(choose_package "$alternatives")
      is_installed "$package" || printf '%s\n' "$package"
    done
  done < <(requirements "$@")
}

has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# How to become root, as a command prefix in `as_root`; fails where there is no way.
find_root() {
  as_root=()
  [[ $(id -u) == 0 ]] && return
  as_root=(sudo)
  # Without a terminal sudo cannot ask for a password.
  command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; }
}

install_packages() {
  say "Installing: $*"
  # An unreachable third-party source is no reason to give up: the installation itself decides.
  "${as_root[@]}" apt-get update -q || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -q -y --no-install-recommends "$@"
}

# Programs that have to be there before CMake can look for the rest; the keys of those that are not.
absent_tools() {
  local compiler_found=no compiler
  for compiler in ${CXX:-} c++ g++ clang++; do command -v "$compiler" >/dev/null && compiler_found=yes; done
  [[ $compiler_found == yes ]] || echo compiler
  local cmake_version
  cmake_version=$(cmake --version 2>/dev/null | awk 'NR == 1 { print $3 }') || true
  [[ -n $cmake_version && $(printf '%s\n' 3.22 "$cmake_version" | sort -V | head -n 1) == 3.22 ]] || echo cmake
  command -v ninja >/dev/null || echo ninja
  command -v pkg-config >/dev/null || command -v pkgconf >/dev/null || echo pkg-config
}

# Says which packages to provide, for apt and for Spack side by side, and stops. Arguments: keys of the table.
stop_for_missing() {
  local -a apt=() spack=()
  local key packages specs what alternatives
  {
    printf '\nWeir needs these packages, and they are not here:\n\n'
    printf '  %-36s %-38s %s\n' 'what' 'Debian, Ubuntu' 'Spack'
    while IFS=$'\t' read -r key packages specs what; do
      [[ " $* " == *" $key "* ]] || continue
      local -a names=()
      for alternatives in ${packages//,/ }; do names+=("$(choose_package "$alternatives")"); done
      printf '  %-36s %-38s %s\n' "$what" "${names[*]}" "${specs//,/ }"
      apt+=("${names[@]}") spack+=("${specs//,/ }")
    done < <(requirements build test plot)
    printf '\nDebian, Ubuntu:  apt-get install %s\n' "${apt[*]}"
    printf 'Spack:           spack install %s\n' "${spack[*]}"
    printf '                 (or all at once: spack env create weir cmake/spack.yaml)\n'
    printf 'Then run this again. What stands in a folder of its own is found by CMAKE_PREFIX_PATH\n'
    printf '(PETSc: PKG_CONFIG_PATH).\n'
  } >&2
  exit "$missing_packages"
}

# Sees to it that everything of the given purposes is there.
provide_packages() {
  local -a absent tools
  if [[ ${WEIR_INSTALL:-yes} != no ]] && has_apt; then
    mapfile -t absent < <(absent_packages "$@")
    ((${#absent[@]} == 0)) && return
    if find_root; then
      install_packages "${absent[@]}"
      return
    fi
  fi
  # Nothing can be installed. What there is may still do: from modules, from Spack, from a home folder.
  mapfile -t tools < <(absent_tools)
  ((${#tools[@]} == 0)) && return
  if [[ " ${tools[*]} " == *" cmake "* || " ${tools[*]} " == *" compiler "* ]]; then
    # Nothing can be looked for without these two; dpkg knows about the rest, where there is dpkg.
    local key packages alternatives
    while IFS=$'\t' read -r key packages _; do
      [[ $key == compiler || $key == cmake || $key == ninja || $key == pkg-config ]] && continue
      for alternatives in ${packages//,/ }; do
        if ! command -v dpkg-query >/dev/null || ! is_installed "$(choose_package "$alternatives")"; then
          tools+=("$key") && break
        fi
      done
    done < <(requirements "$@")
  fi
  stop_for_missing "${tools[@]}"
}

# Configures the folder `build`; the arguments go to CMake. CMake leaves the keys of what it did not find in a file.
configure() {
  local -a options=(-DCMAKE_BUILD_TYPE=Release)
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  else
    options+=(-DWEIR_PRECOMPILE=ON)
  fi
  # The generator of a folder cannot change.
  [[ -f $build/CMakeCache.txt ]] || options+=(-G "${CMAKE_GENERATOR:-Ninja}")
  say "Configuring in $build"
  rm -f "$build/missing.txt"
  if ! cmake -S . -B "$build" "${options[@]}" "$@"; then
    [[ -s $build/missing.txt ]] || exit 1
    local -a missing
    mapfile -t missing <"$build/missing.txt"
    stop_for_missing "${missing[@]}"
  fi
}

# Processes to build with: one a core, with at least 1.5 GB of memory each.
jobs() {
  if [[ -n ${CMAKE_BUILD_PARALLEL_LEVEL:-} ]]; then echo "$CMAKE_BUILD_PARALLEL_LEVEL" && return; fi
  local cores memory
  cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo 2>/dev/null) || memory=$cores
  ((memory < 1)) && memory=1
  echo $((memory < cores ? memory : cores))
}

compile() {
  say "Building with $(jobs) processes"
  cmake --build "$build" --parallel "$(jobs)" "$@"
}

# mpirun as root has to be allowed to; more ranks than Open MPI counts cores have to be asked for.
# Sets `mpirun` to the command for the given number of ranks.
prepare_mpirun() {
  if [[ $(id -u) == 0 ]]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
  local program
  program=$(sed -n 's/^MPIEXEC_EXECUTABLE:[A-Z]*=//p' "$build/CMakeCache.txt")
  mpirun=("${program:-mpirun}" -n "$1")
  "${mpirun[@]}" true >/dev/null 2>&1 && return
  local flag
  for flag in --oversubscribe '--map-by :OVERSUBSCRIBE'; do
    # shellcheck disable=SC2206  # two words
    local -a widened=("${program:-mpirun}" $flag -n "$1")
    if "${widened[@]}" true >/dev/null 2>&1; then mpirun=("${widened[@]}") && return; fi
  done
  # Let the run itself show what is wrong.
}
