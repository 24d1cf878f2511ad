# Shared by the scripts beside it, which source it: a Debian in a folder of its own, with what is committed (git HEAD) in
# /weir there. By hand, as root, on a Debian or Ubuntu with debootstrap.
#
# The folder is made under $TMPDIR (default /tmp) and removed at the end; KEEP=yes keeps it.

source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
script=$(basename "$0" .sh)
mounted=()
report=()
failed=no

stop() { echo "$script: $*" >&2; exit 1; }

# All mounts in a namespace of the script's own: the system never sees them, and they end with it, come what may.
# Starts the script over there; give it the script's arguments.
in_own_namespace() {
  [[ $(id -u) == 0 ]] || stop "needs root (chroot, mount)"
  command -v debootstrap >/dev/null || stop "needs debootstrap (apt-get install debootstrap)"
  [[ -n ${WEIR_OWN_NAMESPACE:-} ]] || exec env WEIR_OWN_NAMESPACE=yes unshare --mount --propagation private bash "$0" "$@"
}

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

# make_debian SUITE: in the folder `root`, from the mirror that this machine's apt uses for Debian, by its proxy, if any.
make_debian() {
  local mirror started=$SECONDS
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u | head -n 1)
  [[ -n $mirror ]] || stop "apt here has no Debian mirror"
  proxy=
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  root=$(mktemp -d "${TMPDIR:-/tmp}/weir-$1.XXXXXX")
  chmod 755 "$root"  # users without rights are tried too
  trap clean_up EXIT
  http_proxy=$proxy debootstrap --variant=minbase --include=ca-certificates "$1" "$root" "$mirror"
  report+=("$(printf '%-60s %5d s' "debootstrap of $1" $((SECONDS - started)))")
  attach proc -t proc proc
  attach dev --bind /dev
  attach dev/shm -t tmpfs tmpfs
  attach sys --bind -o ro /sys
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  cp /etc/hosts "$root/etc/hosts"
  mkdir -p "$root/weir"
  git -C "$source_tree" archive HEAD | tar -x -C "$root/weir"
}

inside() {  # inside USER command ..
  chroot --userspec="$1" "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LANG=C.UTF-8 ${proxy:+http_proxy=$proxy} "${@:2}"
}

# timed WHAT EXPECTED-CODE USER command ..: runs inside, notes time and exit code.
timed() {
  local what=$1 expected=$2 started=$SECONDS code=0
  echo; echo "######## $what"
  inside "${@:3}" || code=$?
  report+=("$(printf '%-60s %5d s, exit code %d (expected %d)' "$what" $((SECONDS - started)) "$code" "$expected")")
  [[ $code == "$expected" ]] || failed=yes
}

# Says what there was, and leaves with 1 where anything was not as expected.
conclude() {
  echo
  printf '%s\n' "${report[@]}"
  du -sh --one-file-system "$root" | awk '{ print "folder: " $1 }'
  [[ $failed == no ]] && echo "$script: passed" || { echo "$script: FAILED"; exit 1; }
}
