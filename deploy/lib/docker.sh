# shellcheck shell=bash
# A docker daemon and a compose command, whatever the machine has. Needs base.sh and packages.sh.
#
# Several checkouts may use one daemon. Whoever uses it holds a shared lock for as long as its
# command runs; the one that started it stops it only when nobody else holds the lock and no
# container is running.

DOCKER_STATE=${CARPOOL_DOCKER_STATE:-/run/carpool-docker} # start.lock, use.lock, dockerd.pid, dockerd.log
COMPOSE=()

docker_answers() { docker info >/dev/null 2>&1; }

# use_docker: after this `docker` works, or the command has ended with a message.
use_docker() {
  docker_answers || start_docker
  if ((EUID == 0)); then
    mkdir -p "$DOCKER_STATE"
    exec {DOCKER_USE_FD}>"$DOCKER_STATE/use.lock"
    flock -s "$DOCKER_USE_FD"
  fi
}

start_docker() {
  [[ -z ${DOCKER_HOST:-} ]] || die "no docker daemon answers at DOCKER_HOST=$DOCKER_HOST"
  ((EUID == 0)) || die "docker does not answer. Start it (sudo systemctl start docker), be in its group, or run this as root"
  install_docker
  mkdir -p "$DOCKER_STATE"
  local lock
  exec {lock}>"$DOCKER_STATE/start.lock"
  flock "$lock" # two daemons on one host destroy each other's networks
  if docker_answers; then
    :
  elif pgrep -x dockerd >/dev/null; then
    wait_until 60 docker_answers || die "a dockerd runs but does not answer: $(docker info 2>&1 | tail -n 1)"
  elif [[ -d /run/systemd/system ]]; then
    systemctl start docker
    wait_until 60 docker_answers || die "systemctl started docker, but it does not answer"
  else
    run_dockerd
  fi
  exec {lock}>&-
}

run_dockerd() {
  local log=$DOCKER_STATE/dockerd.log pid
  if ! grep -q ' cgroup2\? ' /proc/mounts; then
    need cgroupfs-mount
    cgroupfs-mount
  fi
  [[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) != Y ]] || need apparmor_parser=apparmor
  rm -f /var/run/docker.pid # no dockerd runs, so this is left over from a crash
  # Only standard streams go along: an inherited lock, of ours or of whoever called, would never be released.
  (
    for fd in /proc/"$BASHPID"/fd/*; do
      fd=${fd##*/}
      ((fd <= 2)) || eval "exec $fd>&-"
    done
    exec setsid dockerd >"$log" 2>&1 </dev/null
  ) &
  pid=$!
  printf '%s %s\n' "$pid" "$CARPOOL_ROOT" >"$DOCKER_STATE/dockerd.pid"
  wait_until 60 docker_up_or_dead "$pid" || true
  docker_answers || die "dockerd does not answer; the end of $log: $(tail -n 3 "$log")"
  say "started dockerd (process $pid, log $log)"
}

docker_up_or_dead() { docker_answers || ! kill -0 "$1" 2>/dev/null; }

# A docker command that came without a package stays what it is; only the daemon is added.
install_docker() {
  command -v dockerd >/dev/null && command -v docker >/dev/null && return
  if [[ -e /usr/bin/docker ]] && ! package_installed docker.io; then
    local owner
    owner=$(dpkg -S /usr/bin/docker 2>/dev/null | cut -d: -f1 || true)
    [[ -z $owner || $owner == docker-cli ]] ||
      die "the docker command is from the package $owner: install the daemon that belongs to it, and run this again"
    [[ -n $owner ]] ||
      dpkg-divert --quiet --local --no-rename --divert /usr/bin/docker.debian --add /usr/bin/docker
  fi
  need docker.io iptables
  command -v docker >/dev/null || need docker-cli # a package of its own since Debian 13
  hash -r
}

# release_docker: stops the daemon if this checkout started it and nobody else uses it.
release_docker() {
  local pid="" root=""
  [[ -z ${DOCKER_USE_FD:-} ]] || flock -u "$DOCKER_USE_FD"
  [[ -r $DOCKER_STATE/dockerd.pid ]] || return 0
  read -r pid root <"$DOCKER_STATE/dockerd.pid" || true
  [[ $root == "$CARPOOL_ROOT" ]] || return 0
  if [[ $(ps -o comm= -p "$pid" 2>/dev/null) != dockerd ]]; then
    rm -f "$DOCKER_STATE/dockerd.pid"
    return 0
  fi
  local lock
  exec {lock}>"$DOCKER_STATE/use.lock"
  if ! flock -n "$lock"; then
    say "dockerd stays: another command is using it"
  elif [[ -n $(docker ps -q 2>/dev/null) ]]; then
    say "dockerd stays: containers of others are running"
  else
    kill "$pid"
    wait_until 30 process_gone "$pid" || warn "dockerd (process $pid) does not end"
    rm -f "$DOCKER_STATE/dockerd.pid"
  fi
  exec {lock}>&-
}

process_gone() { ! kill -0 "$1" 2>/dev/null; }

# use_compose: sets COMPOSE to `docker compose` or docker-compose, installing the latter if neither is there.
use_compose() {
  if docker compose version >/dev/null 2>&1; then
    COMPOSE=(docker compose)
    return
  fi
  need docker-compose
  if docker compose version >/dev/null 2>&1; then
    COMPOSE=(docker compose)
  elif command -v docker-compose >/dev/null; then
    COMPOSE=(docker-compose)
  else
    die "neither 'docker compose' nor docker-compose works, although the package docker-compose is installed"
  fi
}
