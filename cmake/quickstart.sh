#!/usr/bin/env bash
# From a fresh machine to a first result: installs what is missing, builds, runs one deck on two ranks and draws it.
#
#   bash cmake/quickstart.sh [DECK]        default: input/learn_energies/hsmm.yaml, energies learned on real cells
#
# Exit codes: 0 done; 1 failed; 3 packages are missing and cannot be installed from here (they are named).
set -euo pipefail
if (($# > 0)); then set -- "$(realpath "$1")"; fi  # as seen from where the user stands
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh

deck=${1:-input/learn_energies/hsmm.yaml}
name=$(basename "$deck" .yaml)

provide_packages build plot
# A folder that has its tests keeps them; a new one does without, and without their packages.
if [[ -f $build/CMakeCache.txt ]]; then configure; else configure -DWEIR_TESTS=OFF -DWEIR_BENCHMARKS=OFF; fi
compile --target weir

prepare_mpirun 2
say "Running: ${mpirun[*]} $build/weir $deck"
"${mpirun[@]}" "$build/weir" "$deck" --overwrite --set "run.output=out/$name"

if [[ -x $build/weir-plot ]]; then
  say "Drawing: $build/weir-plot out/$name"
  "$build/weir-plot" "out/$name"
  say "The figures are in $PWD/out/$name/figures, the numbers in $PWD/out/$name/summary.json"
else
  say "The numbers are in $PWD/out/$name/summary.json (no figures: no Python with h5py and matplotlib)"
fi
