# shellcheck shell=bash
# The images: carpool-base (Debian, made here because no registry is needed) and carpool-node.
# Needs base.sh, packages.sh, java.sh, docker.sh and build.sh.

BASE_SUITE=${CARPOOL_BASE_SUITE:-bookworm}
NODE_IMAGE=${CARPOOL_LAB_IMAGE:-carpool-node}
METRICS_IMAGE=${CARPOOL_LAB_METRICS_IMAGE:-carpool-metrics}
STAGE=$CARPOOL_ROOT/deploy/target/image # the build context

# What the services and the command line need, and jcmd with flight recordings to look inside them.
JLINK_MODULES=java.base,java.logging,java.management,java.naming,java.xml,java.net.http
JLINK_MODULES+=,jdk.unsupported,jdk.httpserver,jdk.net,jdk.crypto.ec,jdk.management
JLINK_MODULES+=,jdk.jcmd,jdk.jfr,jdk.attach

base_image_tag() {
  printf 'carpool-base:%s-%.12s\n' "$BASE_SUITE" "$(sha256sum <"$CARPOOL_ROOT/deploy/image/make-base")"
}

# base_image: makes carpool-base unless this very recipe's image is there.
base_image() {
  local tag
  tag=$(base_image_tag)
  if ! docker image inspect "$tag" >/dev/null 2>&1; then
    ((EUID == 0)) || die "the base image has to be made once by root (debootstrap): run this command as root"
    need "${PACKAGES_IMAGE[@]}"
    timed "base image $tag" import_base "$tag"
  fi
  docker tag "$tag" carpool-base:latest
}

import_base() {
  local log=$CARPOOL_LOCAL/base-image.log
  mkdir -p "$CARPOOL_LOCAL"
  "$CARPOOL_ROOT/deploy/image/make-base" "$BASE_SUITE" 2>"$log" | docker import - "$1" >>"$log" ||
    die "could not make the base image; the end of $log: $(tail -n 5 "$log")"
}

# node_image: stages the context and builds; layers that did not change come from the cache.
node_image() {
  use_java25
  mkdir -p "$STAGE"
  runtime_image
  stage_dir "$DIST" "$STAGE/carpool"
  stage_dir "$CARPOOL_ROOT/deploy/image/etc" "$STAGE/etc"
  stage_dir "$CARPOOL_ROOT/deploy/image/libexec" "$STAGE/libexec"
  cp "$CARPOOL_ROOT/deploy/image/Dockerfile" "$STAGE/Dockerfile"

  build_with "$CARPOOL_LOCAL/node-image.log" "$STAGE" "$NODE_IMAGE"
}

# build_with LOG CONTEXT NAME: on the base image, through this machine's proxies.
build_with() {
  local proxies=() name
  for name in http_proxy https_proxy no_proxy; do
    [[ -z ${!name:-} ]] || proxies+=(--build-arg "$name")
  done
  logged "$1" docker build --build-arg BASE="$(base_image_tag)" "${proxies[@]}" -t "$3" "$2"
}

# debian_image NAME: a clean Debian 13 with systemd, on which the package is tried. It has none of our files,
# so it is made once for each of its recipes.
debian_image() {
  local base tag
  base=carpool-base:trixie-$(sha256sum <"$CARPOOL_ROOT/deploy/image/make-base" | cut -c1-12)
  tag=carpool-debian13:$(sha256sum <"$CARPOOL_ROOT/deploy/image/Dockerfile.debian" | cut -c1-12)
  if ! docker image inspect "$tag" >/dev/null 2>&1; then
    if ! docker image inspect "$base" >/dev/null 2>&1; then
      need "${PACKAGES_IMAGE[@]}"
      BASE_SUITE=trixie import_base "$base"
    fi
    mkdir -p "$CARPOOL_LOCAL/image.debian"
    cp "$CARPOOL_ROOT/deploy/image/Dockerfile.debian" "$CARPOOL_LOCAL/image.debian/Dockerfile"
    logged "$CARPOOL_LOCAL/debian-image.log" docker build --build-arg BASE="$base" -t "$tag" "$CARPOOL_LOCAL/image.debian"
  fi
  docker tag "$tag" "$1"
}

# metrics_image: Prometheus; only for who asks for it.
metrics_image() {
  local stage=$CARPOOL_LOCAL/image.metrics
  stage_dir "$CARPOOL_ROOT/deploy/image/prometheus" "$stage"
  cp "$CARPOOL_ROOT/deploy/image/Dockerfile.prometheus" "$stage/Dockerfile"
  cp -p "$CARPOOL_ROOT/deploy/monitoring/alerts.yml" "$stage/alerts.yml"
  build_with "$CARPOOL_LOCAL/metrics-image.log" "$stage" "$METRICS_IMAGE"
}

# runtime_image: jlink, once for each JDK and list of modules.
runtime_image() {
  local want
  want="$(sha256sum <"$JAVA_HOME/release") $JLINK_MODULES"
  [[ $(cat "$STAGE/java.made" 2>/dev/null) != "$want" ]] || return 0
  rm -rf "$STAGE/java" "$STAGE/java.made"
  logged "$CARPOOL_LOCAL/jlink.log" "$JAVA_HOME/bin/jlink" --add-modules "$JLINK_MODULES" \
    --strip-debug --no-header-files --no-man-pages --output "$STAGE/java"
  printf '%s\n' "$want" >"$STAGE/java.made"
}

# Modes and times are kept, so that docker's cache sees only what really changed.
stage_dir() {
  rm -rf "$2"
  cp -a "$1" "$2"
}
