# Read by the launchers in bin/; not to be run by itself. POSIX sh.
# Expects: carpool_self (real path of the launcher), carpool_main (class), carpool_jar (the jar in
# lib/ that has it; its manifest names the others), carpool_kind (cli | service | tool).

CARPOOL_HOME=$(CDPATH='' cd -P "$(dirname "$carpool_self")/.." && pwd) || exit 1

# True when $1 is the Java this release needs. Its release file is read where there is one; only a
# Java without it is started to be asked.
carpool_is_java() {
  [ -x "$1" ] || return 1
  carpool_java=$1
  while [ -L "$carpool_java" ]; do
    carpool_next=$(readlink "$carpool_java")
    case $carpool_next in
      /*) carpool_java=$carpool_next ;;
      *) carpool_java=$(dirname "$carpool_java")/$carpool_next ;;
    esac
  done
  carpool_release=${carpool_java%/bin/java}/release
  if [ -r "$carpool_release" ]; then
    while IFS= read -r carpool_line; do
      case $carpool_line in
        'JAVA_VERSION="25'[!0-9]*) return 0 ;;
        JAVA_VERSION=*) return 1 ;;
      esac
    done <"$carpool_release"
  fi
  case $("$1" -version 2>&1) in
    *'version "25'[!0-9]*) return 0 ;;
    *) return 1 ;;
  esac
}

carpool_find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    JAVA=$JAVA_HOME/bin/java
    carpool_is_java "$JAVA" && return 0
  fi
  JAVA=$(command -v java 2>/dev/null) && carpool_is_java "$JAVA" && return 0
  for JAVA in "$CARPOOL_HOME"/jre/bin/java /usr/lib/jvm/*/bin/java /usr/local/openjdk25*/bin/java \
    /opt/*/bin/java; do
    carpool_is_java "$JAVA" && return 0
  done
  return 1
}

if ! carpool_find_java; then
  cat >&2 <<TEXT
${carpool_self##*/}: no Java 25 found.
  looked at: JAVA_HOME (${JAVA_HOME:-not set}), java in PATH ($(command -v java || echo none)),
             /usr/lib/jvm/*, /usr/local/openjdk25*, /opt/*
  install one:
    Debian 13 and later, Ubuntu: apt-get install openjdk-25-jre-headless
    Debian 12:                   temurin-25-jre, see https://adoptium.net/installation/linux
    FreeBSD:                     pkg install openjdk25-jre
  or set JAVA_HOME to a Java 25.
TEXT
  exit 1
fi

for carpool_jar_file in "$CARPOOL_HOME/lib/$carpool_jar"-[0-9]*.jar; do :; done
if [ ! -r "$carpool_jar_file" ]; then
  echo "${carpool_self##*/}: $carpool_jar_file is missing; the distribution in $CARPOOL_HOME is not complete, unpack it again" >&2
  exit 1
fi

carpool_options="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
carpool_options="$carpool_options -Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8"
case $carpool_kind in
  cli)
    # An operator waits for these: little compilation, and classes prepared at packaging time when
    # this is the Java that prepared them (a cache that does not fit is ignored by the JVM; for
    # --version loading it takes longer than it saves).
    carpool_options="$carpool_options -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx128m"
    carpool_aot=$CARPOOL_HOME/lib/carpool.aot
    if [ "${1:-}" != --version ] && [ -r "$carpool_aot" ] && cmp -s "$carpool_release" "$carpool_aot.java"; then
      carpool_options="$carpool_options -XX:AOTCache=$carpool_aot -Xlog:disable"
    fi
    ;;
  service)
    carpool_options="$carpool_options -XX:+UseSerialGC -Xms24m -Xmx96m -XX:MaxDirectMemorySize=1g"
    carpool_options="$carpool_options -XX:ReservedCodeCacheSize=48m -XX:+ExitOnOutOfMemoryError"
    ;;
  tool) carpool_options="$carpool_options -XX:+UseParallelGC" ;;
esac

# CARPOOL_JAVA_OPTS is split into words on purpose; the later of two options wins.
# shellcheck disable=SC2086
exec "$JAVA" $carpool_options ${carpool_more:-} ${CARPOOL_JAVA_OPTS:-} \
  "-Dcarpool.home=$CARPOOL_HOME" -cp "$carpool_jar_file" "$carpool_main" "$@"
