#!/bin/sh
# Runs what gpu_bundle.sh packed: the unit tests, then four decks, whose metrics it compares with those of a CPU.
#
#   ./run.sh [FOLDER]       for logs and results (weir-gpu-results beside the caller)
#
# Ends with 0 where everything passes. Needs a driver, a C library as new as the packer's, sh and awk.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
mkdir -p "${1:-weir-gpu-results}" && results=$(cd "${1:-weir-gpu-results}" && pwd) || exit 1
cd "$here" || exit 1

# Drivers of containers lie in folders that the loader may not know.
export LD_LIBRARY_PATH="$here/lib:${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/local/nvidia/lib64:/usr/lib/wsl/lib"
# Open MPI on one rank: no daemons, plugins from here, no network.
export OPAL_PREFIX="$here" OMPI_MCA_mca_base_component_path="$here/lib/plugins" OMPI_MCA_ess_singleton_isolated=1 \
  OMPI_MCA_pml=ob1 OMPI_MCA_btl=self OMPI_MCA_hwloc_base_binding_policy=none
export OPENBLAS_NUM_THREADS=1

echo "Weir $(cat version), $(uname -sm), results in $results"
command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
failed=0

# limited SECONDS command..: stopped after so long where that can be done.
limited() {
  seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

# report CODE what [more]
report() {
  if [ "$1" -eq 0 ]; then word=passed; else word=FAILED; failed=$((failed + 1)); fi
  printf '%-8s %-28s %s\n' "$word" "$2" "$3"
}

for test in bin/test_*; do
  name=${test#bin/}
  log=$results/$name.log
  limited "${WEIR_TEST_LIMIT:-300}" "$test" >"$log" 2>&1
  code=$?
  # One that did not even start says why.
  counts=$(awk '/^\[  PASSED  \] [0-9]+ test/ { passed = $4 } /^\[  FAILED  \] [0-9]+ test/ { bad = $4 }
    /^\[  FAILED  \] .*\(/ { names = names " " $4 } /^\[ RUN/ { last = $4 } /what\(\)/ { why = $0 } /error/ && why == "" { why = $0 }
    END {
      if (passed + bad > 0) { printf "%d passed", passed; if (names != "") printf ", failed:%s", names }
      else printf "%s", last == "" ? why : "broken off in " last }' "$log")
  report $code "$name" "$counts (exit $code)"
done

while read -r deck tolerance settings; do
  folder=$results/$deck
  mkdir -p "$(dirname "$folder")"
  rm -rf "$folder"
  # shellcheck disable=SC2086  # settings are words
  limited 300 bin/weir "input/$deck.yaml" --overwrite --set "run.output=$folder" $settings >"$folder.log" 2>&1
  code=$?
  if [ $code -ne 0 ]; then
    report $code "$deck" "exit $code: $(tail -n 1 "$folder.log")"
    continue
  fi
  # A number may differ by the tolerance times the largest number of its column.
  text=$(awk -F, -v tolerance="$tolerance" '
    NR == FNR { lines = FNR; for (c = 1; c <= NF; ++c) { wanted[FNR, c] = $c; size = $c < 0 ? -$c : $c + 0; if (FNR > 1 && size > most[c]) most[c] = size } width = NF; next }
    FNR == 1 { for (c = 1; c <= NF; ++c) if ($c != wanted[1, c]) other = 1; if (NF != width) other = 1; next }
    { for (c = 1; c <= NF; ++c) {
        if ($c == wanted[FNR, c]) continue
        if ($c !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/) { strange = $c; continue }
        gap = ($c - wanted[FNR, c]) / (most[c] > 0 ? most[c] : 1); if (gap < 0) gap = -gap
        if (gap > worst) { worst = gap; where = wanted[1, c] } } }
    END {
      if (other || FNR != lines) { print "other rows or columns than on a CPU"; exit 1 }
      if (strange != "") { print "found " strange; exit 1 }
      printf "largest difference from a CPU %.1e%s, allowed %s\n", worst, where == "" ? "" : " (" where ")", tolerance
      exit worst > tolerance }' "expected/$deck.csv" "$folder/metrics.csv")
  report $? "$deck" "$text"
done <decks

[ "$failed" -eq 0 ] && echo "everything passed" && exit 0
echo "$failed failed; logs are in $results"
exit 1
