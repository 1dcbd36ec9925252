# shellcheck shell=bash
# What a bare Debian lacks, in one place, and how it is installed. Needs base.sh.
#
# An entry is PACKAGE, or COMMAND=PACKAGE where any copy of the command will do. zfs-fuse and nginx
# are in the node image only: on the host their packages would start a daemon.

PACKAGES_BUILD=(mvn=maven)
PACKAGES_IMAGE=(debootstrap)
PACKAGES_TEST=(
  fio qemu-img=qemu-utils nbdkit nbdcopy=libnbd-bin fusermount3=fuse3 # NBD against other people's tools
  ucarp tcpdump ip=iproute2 iptables                                  # CARP on the wire
  ping=iputils-ping arping=iputils-arping                             # who answers for an address
  shellcheck runsv=runit                                              # scripts, and the runit examples
)
PACKAGES_BENCH=(
  python3=python3 fio=fio nbdkit=nbdkit qemu-storage-daemon=qemu-system-common openssl=openssl gnuplot=gnuplot-nox cmp=diffutils
  gcc=gcc libc6-dev # floor.c
)
PACKAGES_NPM=(node=nodejs npm=npm)

# A gRPC client that is not ours, from npm. Tests look for it in this directory (ForeignTools).
TOOLS=$CARPOOL_ROOT/deploy/target/tools
BUF_VERSION=1.75.0

# need ENTRY...: installs what is missing (root on Debian) or says exactly what is.
need() {
  local entry missing=()
  for entry; do
    if [[ $entry == *=* ]]; then
      command -v "${entry%%=*}" >/dev/null || missing+=("${entry#*=}")
    else
      package_installed "$entry" || missing+=("$entry")
    fi
  done
  ((${#missing[@]})) || return 0

  local install="apt-get install --no-install-recommends ${missing[*]}"
  command -v apt-get >/dev/null ||
    die "missing: ${missing[*]} (Debian package names); no apt-get here, install them and run this again"
  ((EUID == 0)) ||
    die "missing: ${missing[*]}. Run this once as root, or first: sudo apt-get update && sudo $install"
  say "installing ${missing[*]}"
  apt_update_once
  DEBIAN_FRONTEND=noninteractive logged "$CARPOOL_LOCAL/apt.log" \
    apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    die "could not install ${missing[*]}"
}

# need_buf: installs it unless this very version is there. Without it, or without npm, one test skips
# itself with the reason, so that is no reason to stop.
need_buf() {
  grep -qsF "\"version\": \"$BUF_VERSION\"" "$TOOLS/node_modules/@bufbuild/buf/package.json" &&
    [[ -x $TOOLS/node_modules/.bin/buf ]] && return
  # In a process of its own, because `need` ends it.
  (
    need "${PACKAGES_NPM[@]}"
    mkdir -p "$TOOLS"
    logged "$CARPOOL_LOCAL/npm.log" timeout 300 npm install --prefix "$TOOLS" --no-save --no-audit --no-fund \
      "@bufbuild/buf@$BUF_VERSION"
  ) || warn "going on without buf $BUF_VERSION: the test that needs it will be skipped"
}

# need_etcd: the program of Debian's etcd-server, for the tests of the witness. Not the package: it would
# start a daemon now and at every boot. Without it those tests skip themselves, so that is no reason to stop.
need_etcd() {
  if command -v etcd >/dev/null || [[ -x $TOOLS/bin/etcd ]]; then return; fi
  # In a process of its own, because what it calls may end it.
  (
    command -v apt-get >/dev/null || exit
    ((EUID != 0)) || apt_update_once
    mkdir -p "$TOOLS/bin"
    unpacked=$(mktemp -d "$TOOLS/etcd.XXXXXX")
    trap 'rm -rf "$unpacked"' EXIT
    cd "$unpacked"
    say "fetching etcd"
    logged "$CARPOOL_LOCAL/apt.log" apt-get download -q etcd-server && dpkg-deb -x etcd-server_*.deb . &&
      mv usr/bin/etcd "$TOOLS/bin/etcd"
  ) || warn "going on without etcd (Debian package etcd-server): the tests that need it will be skipped"
}

package_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# package_available NAME: whether the configured sources offer it.
package_available() {
  command -v apt-cache >/dev/null && apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

apt_update_once() {
  [[ -z ${CARPOOL_APT_UPDATED:-} ]] || return 0
  # One broken third-party source must not stop the rest; a package really missing fails later.
  logged "$CARPOOL_LOCAL/apt-update.log" apt-get update -q || warn "going on with the old package lists"
  CARPOOL_APT_UPDATED=yes
}
