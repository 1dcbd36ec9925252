# shellcheck shell=bash
# The distribution, deploy/target/carpool, or one built elsewhere (CARPOOL_DIST).
# Needs base.sh, packages.sh and java.sh.

DIST=${CARPOOL_DIST:-$CARPOOL_ROOT/deploy/target/carpool}
DIST_PROGRAMS=(carpool hastctl carpool-replicator carpool-election carpool-orchestrator)

# distribution: builds it when it is not there or the sources are newer. CARPOOL_BUILD=never, or a
# distribution from elsewhere, is taken as it is.
distribution() {
  if [[ -z ${CARPOOL_DIST:-} && ${CARPOOL_BUILD:-} != never ]] && ! distribution_current; then
    [[ -f $CARPOOL_ROOT/pom.xml ]] ||
      die "cannot build the distribution: no pom.xml in $CARPOOL_ROOT, the Java modules are not in this checkout" \
        "(CARPOOL_DIST=DIRECTORY takes one built elsewhere)"
    timed "distribution built" build_distribution
  fi
  local program
  for program in "${DIST_PROGRAMS[@]}"; do
    [[ -x $DIST/bin/$program ]] || die "the distribution $DIST has no bin/$program"
  done
}

distribution_current() {
  local newest
  [[ -x $DIST/bin/carpool ]] || return 1
  # Maven leaves a jar alone whose classes did not change, so a finished build leaves a mark as well.
  newest=$(find "$DIST" "$DIST.built" -type f -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1)
  [[ -z $(find "$CARPOOL_ROOT" \( -name target -o -name '.git' -o -name test \) -prune -o \
    -type f \( -path '*/src/*' -o -name pom.xml \) -newer "${newest#* }" -print -quit) ]]
}

build_distribution() {
  local log=$CARPOOL_LOCAL/mvn-package.log started
  use_java25
  need "${PACKAGES_BUILD[@]}"
  mkdir -p "$CARPOOL_LOCAL"
  say "building the distribution (log: $log)"
  started=$(mktemp)
  if ! (cd "$CARPOOL_ROOT" && mvn -B -DskipTests -Dspotless.check.skip package) 2>&1 | tee "$log" | mvn_progress; then
    grep -m 15 -E '^\[ERROR\]|BUILD FAILURE' "$log" >&2 || tail -n 15 "$log" >&2
    rm -f "$started"
    die "mvn package failed"
  fi
  [[ -x $DIST/bin/carpool ]] || die "mvn package went well but left no $DIST/bin/carpool"
  mv "$started" "$DIST.built" # its time is when the build began
}

mvn_progress() { awk '/^\[INFO\] Building .*\[[0-9]+\/[0-9]+\]/ { $1 = " "; print; fflush() }'; }
