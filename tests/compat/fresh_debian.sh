#!/usr/bin/env bash
# Both commands of the README on a fresh Debian 12, in a folder of its own. By hand, as root, on a Debian or Ubuntu with debootstrap:
#
#   bash tests/compat/fresh_debian.sh [DECK]       DECK: for the quickstart, instead of its own
#
# Takes what is committed (git HEAD), first as a user who may install nothing (which must end with exit code 3 and the names
# of the packages), then as root: quickstart, check, and both again, which must be quick. Some 4 GB in a folder under
# $TMPDIR (default /tmp), removed at the end; KEEP=yes keeps it.
set -euo pipefail
source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
suite=bookworm
deck=("$@")

[[ $(id -u) == 0 ]] || { echo "fresh_debian.sh: needs root (chroot, mount)" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "fresh_debian.sh: needs debootstrap (apt-get install debootstrap)" >&2; exit 1; }

# All mounts in a namespace of this script's own: the system never sees them, and they end with it, come what may.
if [[ -z ${WEIR_FRESH_NAMESPACE:-} ]]; then
  exec env WEIR_FRESH_NAMESPACE=yes unshare --mount --propagation private bash "${BASH_SOURCE[0]}" "$@"
fi

# The mirror that this machine's apt uses for Debian, and its proxy, if any.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u | head -n 1)
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy)"
[[ -n $mirror ]] || { echo "fresh_debian.sh: apt here has no Debian mirror" >&2; exit 1; }

root=$(mktemp -d "${TMPDIR:-/tmp}/weir-fresh.XXXXXX")
chmod 755 "$root"  # users without rights are tried too
mounted=()

attach() {  # attach FOLDER mount-arguments ..
  mkdir -p "$root/$1"
  mount "${@:2}" "$root/$1"
  mounted=("$root/$1" "${mounted[@]}")
}

clean_up() {
  local folder
  for folder in "${mounted[@]}"; do umount "$folder" || umount --lazy "$folder"; done
  # Never into a mount that is still there.
  if [[ ${KEEP:-no} != yes ]]; then rm -rf --one-file-system "$root"; else echo "kept: $root"; fi
}
trap clean_up EXIT

inside() {  # inside USER command ..
  chroot --userspec="$1" "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LANG=C.UTF-8 ${proxy:+http_proxy=$proxy} "${@:2}"
}

report=()
# timed WHAT EXPECTED-CODE USER command ..: runs inside, notes time and exit code.
timed() {
  local what=$1 expected=$2 started=$SECONDS code=0
  echo; echo "######## $what"
  inside "${@:3}" || code=$?
  report+=("$(printf '%-44s exit code %d (expected %d), %5d s' "$what" "$code" "$expected" $((SECONDS - started)))")
  [[ $code == "$expected" ]] || failed=yes
}
failed=no

started=$SECONDS
http_proxy=$proxy debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror"
report+=("$(printf '%-44s %5d s' "debootstrap of $suite" $((SECONDS - started)))")
attach proc -t proc proc
attach dev --bind /dev
attach dev/shm -t tmpfs tmpfs
attach sys --bind -o ro /sys
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"

mkdir -p "$root/weir"
git -C "$source_tree" archive HEAD | tar -x -C "$root/weir"
cp -a "$root/weir" "$root/weir-of-nobody"
chown -R 65534:65534 "$root/weir-of-nobody"

timed "quickstart, nothing there, no root" 3 65534:65534 bash /weir-of-nobody/cmake/quickstart.sh "${deck[@]}"
timed "check, nothing there, no root" 3 65534:65534 bash /weir-of-nobody/cmake/check.sh
timed "quickstart" 0 0:0 bash /weir/cmake/quickstart.sh "${deck[@]}"
timed "check" 0 0:0 bash /weir/cmake/check.sh
timed "quickstart again" 0 0:0 bash /weir/cmake/quickstart.sh "${deck[@]}"
timed "quickstart, everything there, no root" 0 65534:65534 bash /weir-of-nobody/cmake/quickstart.sh "${deck[@]}"
timed "check again" 0 0:0 bash /weir/cmake/check.sh

echo
printf '%s\n' "${report[@]}"
du -sh --one-file-system "$root" | awk '{ print "folder: " $1 }'
[[ $failed == no ]] && echo "fresh_debian: passed" || { echo "fresh_debian: FAILED"; exit 1; }
