#!/usr/bin/env bash
# Both commands of the README on a fresh Debian 12, in a folder of its own (see debian.sh):
#
#   bash tests/compat/fresh_debian.sh [DECK]       DECK: for the quickstart, instead of its own
#
# First as a user who may install nothing (which must end with exit code 3 and the names of the packages), then as root:
# quickstart, check, and both again, which must be quick. Some 4 GB.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"
deck=("$@")
in_own_namespace "$@"
make_debian bookworm
cp -a "$root/weir" "$root/weir-of-nobody"
chown -R 65534:65534 "$root/weir-of-nobody"

timed "quickstart, nothing there, no root" 3 65534:65534 bash /weir-of-nobody/cmake/quickstart.sh "${deck[@]}"
timed "check, nothing there, no root" 3 65534:65534 bash /weir-of-nobody/cmake/check.sh
timed "quickstart" 0 0:0 bash /weir/cmake/quickstart.sh "${deck[@]}"
timed "check" 0 0:0 bash /weir/cmake/check.sh
timed "quickstart again" 0 0:0 bash /weir/cmake/quickstart.sh "${deck[@]}"
timed "quickstart, everything there, no root" 0 65534:65534 bash /weir-of-nobody/cmake/quickstart.sh "${deck[@]}"
timed "check again" 0 0:0 bash /weir/cmake/check.sh
conclude
