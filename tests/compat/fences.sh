#!/usr/bin/env bash
# Looks, on a host, for places where host code touches Views while kernels of a device might still use them: runs a deck with
# the memory of Views out of bounds between a launch and the next fence (FenceCheck.cpp). No GPU is needed.
#
#   bash tests/compat/fences.sh [-n RANKS] DECK [options of weir]      e.g. input/simulate/aggregation.yaml
#
# Prints each place once, the innermost function first, and ends with 1 where there is one. Needs a built `build/weir` with a
# shared Kokkos of the back end Serial, as Debian has it. Left out are products of matrices, which a device has kernels for, and
# blocks of pair sums on their way, which kernels do not use yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/setup.sh
ranks=1
if [[ ${1:-} == -n ]]; then ranks=$2 && shift 2; fi
(($# > 0)) || { sed -n '2,/^set -e/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 1; }
[[ -x $build/weir ]] || { echo "there is no $build/weir: bash cmake/quickstart.sh builds it" >&2; exit 1; }
prepare_mpirun "$ranks"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kokkos=$(sed -n 's/^Kokkos_DIR:[A-Z]*=//p' "$build/CMakeCache.txt")
mapfile -t includes < <(find "$kokkos"/../../.. "$kokkos"/../../../.. /usr/include -maxdepth 3 -name Kokkos_Core.hpp -printf '-I%h\n' 2>/dev/null)
"${CXX:-c++}" -std=c++17 -O1 -fPIC -shared "${includes[@]}" tests/compat/FenceCheck.cpp -o "$work/fences.so"

# Messages between ranks are copied by the program itself, so that what they touch is seen.
"${mpirun[@]}" env LD_PRELOAD="$work/fences.so" KOKKOS_PROFILE_LIBRARY="$work/fences.so" KOKKOS_TOOLS_LIBS="$work/fences.so" \
  WEIR_FENCE_REPORT="$work/report" OMPI_MCA_btl_vader_single_copy_mechanism=none \
  "$build/weir" "$@" --set "run.output=$work/out"

# A frame is `program(+0xaddress) [..]`, or `library(function+0x..) [..]`; a report starts with what was running.
cat "$work"/report.* | awk '/^touched/ { if (text != "" && !left_out) print text; text = $0; left_out = 0; next }
  { if (/get_label|gemm|MPI_Test|MPI_Wait/) left_out = 1; text = text "|" $0 } END { if (text != "" && !left_out) print text }' | sort -u >"$work/places"
found=no
while IFS='|' read -ra frames; do
  text=''
  for frame in "${frames[@]:1:6}"; do
    if [[ $frame =~ ^(.*)\(\+(0x[0-9a-f]+)\) ]]; then
      name=$(addr2line -Cfe "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" | head -n 1)
    else
      name=$(sed 's/.*(\(.*\)+0x.*/\1/' <<<"$frame" | c++filt)
    fi
    [[ $name == *gemm* ]] && continue 2
    text+="    ${name:0:150}"$'\n'
  done
  printf '%s\n%s' "${frames[0]}" "$text"
  found=yes
done <"$work/places"
[[ $found == no ]] || exit 1
echo "every touch of a View comes after a fence"
