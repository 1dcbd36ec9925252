# shellcheck shell=bash
# Messages, places and waiting. Sourced by the commands in deploy/, never run.

CARPOOL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CARPOOL_LOCAL=${CARPOOL_LOCAL:-$CARPOOL_ROOT/deploy/lab.local} # logs and state of this checkout
PATH=$PATH:/usr/sbin:/sbin

# What `timed` left standing on a terminal is wiped first.
say() {
  [[ ! -t 1 ]] || printf '\r\033[K'
  printf '%s\n' "$*"
}
warn() {
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}
die() {
  warn "$*"
  exit 1
}
usage_error() {
  warn "$* (see ${0##*/} help)"
  exit 2
}

now_ms() {
  local t=${EPOCHREALTIME/[.,]/}
  printf '%s\n' "${t%???}"
}

# says TEXT COMMAND...: runs the command to its end and succeeds when its output has the text. Not
# `COMMAND | grep -q TEXT`: grep leaves at the first match, the writer then fails, and with pipefail so
# does the whole.
says() {
  local text=$1 output
  shift
  output=$("$@" 2>/dev/null) || true
  [[ $output == *"$text"* ]]
}

# first_line COMMAND...: runs the command to its end and prints the first line of its output.
first_line() {
  local output
  output=$("$@") || return
  printf '%s\n' "${output%%$'\n'*}"
}

# seconds_since MILLISECONDS: "1.4" for a moment taken with now_ms.
seconds_since() {
  local d=$(($(now_ms) - $1))
  printf '%d.%d\n' $((d / 1000)) $((d % 1000 / 100))
}

# timed TEXT COMMAND...: runs the command, then prints how long it took and the text. On a terminal the
# text stands there meanwhile.
timed() {
  local text=$1 start
  shift
  start=$(now_ms)
  [[ ! -t 1 ]] || printf '      … s  %s' "$text"
  "$@"
  [[ ! -t 1 ]] || printf '\r\033[K'
  printf '%7s s  %s\n' "$(seconds_since "$start")" "$text"
}

# wait_until SECONDS COMMAND...: asks ten times a second until the command succeeds; 1 at the deadline.
wait_until() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  until "$@"; do
    (($(now_ms) < deadline)) || return 1
    sleep 0.1
  done
}

# logged FILE COMMAND...: output goes to the file; when it fails, so does this, showing its end.
logged() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 && return
  warn "failed: $* — the end of $log:"
  tail -n 15 "$log" | sed 's/^/  | /' >&2
  return 1
}
