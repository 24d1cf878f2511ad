#!/usr/bin/env bash
# Runs the tests: installs what is missing, builds everything, then ctest without the tests labelled `slow`.
#
#   bash cmake/check.sh [ctest options]    e.g. -L unit, -R transport
#
# Exit codes: 0 all passed; 1 a failure; 3 packages are missing and cannot be installed from here (they are named).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh

provide_packages build plot test
configure -DWEIR_TESTS=ON -DWEIR_BENCHMARKS=ON
compile

say "Testing"
ctest --test-dir "$build" --parallel "$(jobs)" --output-on-failure --label-exclude '^slow$' "$@" || exit 1
