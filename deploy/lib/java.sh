# shellcheck shell=bash
# Finds a Java 25 development kit. Needs base.sh and packages.sh.

# use_java25: sets and exports JAVA_HOME, installing openjdk-25 where Debian has it.
use_java25() {
  local home
  if ! home=$(find_java25); then
    local package=openjdk-25-jdk-headless
    if ((EUID == 0)) && command -v apt-get >/dev/null && { apt_update_once && package_available $package; }; then
      need $package
    fi
    home=$(find_java25) || die "no Java 25 development kit: looked at JAVA_HOME (${JAVA_HOME:-not set}), the" \
      "java on PATH and /usr/lib/jvm/*. Install $package where your Debian has it (13 and later)," \
      "else unpack any JDK 25 under /usr/lib/jvm/ or point JAVA_HOME at it"
  fi
  export JAVA_HOME=$home
}

find_java25() {
  local home on_path
  on_path=$(readlink -f "$(command -v javac || true)" || true)
  for home in "${JAVA_HOME:-}" "${on_path%/bin/javac}" /usr/lib/jvm/*; do
    if is_java25 "$home"; then
      printf '%s\n' "$home"
      return 0
    fi
  done
  return 1
}

is_java25() {
  [[ -n $1 && -x $1/bin/javac && -x $1/bin/jlink ]] && grep -qs '^JAVA_VERSION="25[".]' "$1/release"
}
