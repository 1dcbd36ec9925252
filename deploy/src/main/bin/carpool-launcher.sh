# Shared by all launchers in this directory; not to be run by itself. POSIX sh.
# Expects: carpool_self (path as called), carpool_main (class), carpool_kind (cli | service | tool).

# The real place of the launcher, through any number of symbolic links.
carpool_path=$carpool_self
while [ -L "$carpool_path" ]; do
  carpool_link=$(readlink "$carpool_path")
  case $carpool_link in
    /*) carpool_path=$carpool_link ;;
    *) carpool_path=$(dirname "$carpool_path")/$carpool_link ;;
  esac
done
CARPOOL_HOME=$(CDPATH= cd -P "$(dirname "$carpool_path")/.." && pwd) || exit 1

# True when $1 is a Java of the version this release needs. The release file costs nothing to read;
# only a Java without one is started to ask.
carpool_is_java() {
  [ -x "$1" ] || return 1
  carpool_real=$1
  if [ -L "$carpool_real" ]; then
    carpool_real=$(readlink -f "$carpool_real" 2>/dev/null) || carpool_real=$1
  fi
  carpool_release=${carpool_real%/bin/java}/release
  if [ -r "$carpool_release" ]; then
    while IFS= read -r carpool_line; do
      case $carpool_line in
        'JAVA_VERSION="25"' | 'JAVA_VERSION="25.'*) return 0 ;;
        'JAVA_VERSION="25-'* | 'JAVA_VERSION="25+'*) return 0 ;;
        JAVA_VERSION=*) return 1 ;;
      esac
    done <"$carpool_release"
  fi
  case $("$1" -version 2>&1) in
    *'version "25'*) return 0 ;;
    *) return 1 ;;
  esac
}

carpool_find_java() {
  if [ -n "${JAVA_HOME:-}" ] && carpool_is_java "$JAVA_HOME/bin/java"; then
    JAVA=$JAVA_HOME/bin/java
    return 0
  fi
  JAVA=$(command -v java 2>/dev/null) && carpool_is_java "$JAVA" && return 0
  for JAVA in "$CARPOOL_HOME"/jre/bin/java /usr/lib/jvm/*/bin/java /usr/local/openjdk25*/bin/java \
    /usr/java/*/bin/java /opt/java/*/bin/java /opt/jdk*/bin/java; do
    carpool_is_java "$JAVA" && return 0
  done
  return 1
}

if ! carpool_find_java; then
  {
    echo "$(basename "$carpool_self"): no Java 25 found."
    echo "  looked at: JAVA_HOME (${JAVA_HOME:-not set}), java in PATH ($(command -v java || echo none)), /usr/lib/jvm/*, /usr/local/openjdk25*, /opt"
    echo "  install one, for example:"
    echo "    Debian 13 and later, Ubuntu:  apt-get install openjdk-25-jre-headless"
    echo "    Debian 12:                    the temurin-25-jre package of https://adoptium.net/installation/linux"
    echo "    FreeBSD:                      pkg install openjdk25-jre"
    echo "  or set JAVA_HOME to a Java 25"
  } >&2
  exit 1
fi

carpool_options="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
carpool_options="$carpool_options -Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8 -Dfile.encoding=UTF-8"
case $carpool_kind in
  cli)
    # An operator waits for these: no time for compilation, and a prepared class archive.
    carpool_options="$carpool_options -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx128m"
    # The archive fits exactly one Java; the build notes which. When it does not fit after all, the
    # JVM goes on without it.
    if [ -r "$CARPOOL_HOME/lib/carpool.aot" ] && [ -r "$CARPOOL_HOME/lib/carpool.aot.java" ] &&
      [ -r "${carpool_release:-/nonexistent}" ] &&
      cmp -s "$carpool_release" "$CARPOOL_HOME/lib/carpool.aot.java"; then
      carpool_options="$carpool_options -XX:AOTCache=$CARPOOL_HOME/lib/carpool.aot -Xlog:aot=off -Xlog:cds=off -Xlog:disable -Xlog:all=off"
    fi
    ;;
  service)
    carpool_options="$carpool_options -XX:+UseSerialGC -Xms24m -Xmx96m -Xss512k -XX:MaxDirectMemorySize=64m -XX:ReservedCodeCacheSize=48m -XX:+ExitOnOutOfMemoryError"
    ;;
  tool) carpool_options="$carpool_options -XX:+UseParallelGC" ;;
esac

# CARPOOL_JAVA_OPTS is split into words on purpose; later options win.
# shellcheck disable=SC2086
exec "$JAVA" $carpool_options ${carpool_more:-} ${CARPOOL_JAVA_OPTS:-} \
  "-Dcarpool.home=$CARPOOL_HOME" -cp "$CARPOOL_HOME/lib/*" "$carpool_main" "$@"
