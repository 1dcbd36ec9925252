package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.ServiceView.Running;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// The machine as others see it: phase, causes of demotion, what to tell an operator. Changes
/// nothing.
final class Picture {
  /// Looks in a row that told nothing, before a standby says that it could not serve.
  private static final int BLIND_MAX = 3;

  private final PoolState s;

  Picture(PoolState s) {
    this.s = s;
  }

  Map<Cause, String> standingCauses() {
    var standing = new EnumMap<Cause, String>(Cause.class);
    if (s.end.stopping && s.settled) {
      standing.put(Cause.NOT_READY, "the orchestrator was stopped");
    } else if (s.goal == null || !s.probes.looked) {
      standing.put(Cause.NOT_READY, "the orchestrator is finding out what is true");
    } else if (s.goal == Goal.YIELD && s.probes.blindCount >= BLIND_MAX) {
      standing.put(Cause.NOT_READY, "cannot tell whether pool " + s.spec.name() + " is here");
    } else if (!s.facts.replicatorUp && !holdsPool()) {
      standing.put(Cause.NOT_READY, "the replicator does not answer");
    } else if (!holdsPool()
        && s.facts.any(r -> r.role() != Role.PRIMARY && r.role() != Role.SECONDARY)) {
      standing.put(Cause.NOT_READY, "without a role: " + s.facts.names(r -> r.role() == Role.INIT));
    }
    if (s.blockers.refused != null) {
      standing.put(Cause.DATA_NOT_CURRENT, s.blockers.refused.text());
    } else if (lacksRole() && s.facts.any(r -> r.refusal().aboutData())) {
      standing.put(
          Cause.DATA_NOT_CURRENT,
          "must not be served: " + s.facts.names(r -> r.refusal().aboutData()));
    }
    if (lacksRole() && s.facts.any(r -> !r.linkUp())) {
      standing.put(
          Cause.REPLICATION_LINK, "no connection to the peer: " + s.facts.names(r -> !r.linkUp()));
    }
    if (s.blockers.broken && !s.cut.done) {
      standing.put(Cause.POOL, "the devices under pool " + s.spec.name() + " are gone");
    }
    if (s.probes.dead != null) {
      standing.put(Cause.POOL, s.probes.dead);
    }
    // Until the first look: what stood before a restart stands on.
    if (s.intent.maintenance != null && (s.facts.here == Here.NO || !s.probes.looked)) {
      standing.put(Cause.MAINTENANCE, s.intent.maintenance);
    }
    if (s.blockers.clientsLost != null && s.facts.here == Here.NO) {
      standing.put(Cause.CLIENT_NETWORK, s.blockers.clientsLost);
    }
    if (s.blockers.failing != null && (s.settled || !s.blockers.failingYields)) {
      standing.put(s.blockers.failing.cause(), s.blockers.failing.text());
    }
    if (s.goal == Goal.YIELD && s.settled) {
      // A node known to be bad does not take the pool back by itself; alone it serves all the same.
      for (var strike : s.strikes.all()) {
        standing.putIfAbsent(
            strike.what().equals(Strike.POOL) ? Cause.POOL : Cause.SERVICE, strike.text());
      }
    }
    if (s.facts.here == Here.YES && s.facts.health == Health.DEGRADED) {
      standing.put(Cause.POOL_DEGRADED, "pool " + s.spec.name() + " is DEGRADED");
    }
    if (s.cut.done) {
      standing.put(
          Cause.POOL_CUT_OFF,
          "pool " + s.spec.name() + " still hangs on devices that were cut off");
    }
    return standing;
  }

  /// Why this node could not serve the pool well, or will not.
  List<String> against() {
    var out = new LinkedHashSet<String>();
    if (s.intent.unmanaged != null) {
      out.add("unmanaged: " + s.intent.unmanaged);
    }
    if (s.intent.maintenance != null) {
      out.add("maintenance: " + s.intent.maintenance);
    }
    if (s.end.stopping) {
      out.add("the orchestrator stops");
    }
    for (var strike : s.strikes.all()) {
      out.add(strike.what() + " failed here: " + strike.text());
    }
    standingCauses()
        .forEach((cause, text) -> {
          var told = cause == Cause.MAINTENANCE || cause == Cause.POOL || cause == Cause.SERVICE;
          if (!told || out.isEmpty()) {
            out.add(text);
          }
        });
    return List.copyOf(out);
  }

  /// The pool is here and is to stay. A restart of the replicator must then be a pause and not a
  /// failover, so for its time nothing is told that would move the role.
  private boolean holdsPool() {
    return s.goal == Goal.SERVE && s.facts.here == Here.YES;
  }

  private boolean lacksRole() {
    return s.facts.replicatorUp && !s.facts.anyPrimary() && !holdsPool();
  }

  Phase phase() {
    if (s.goal == null) {
      return Phase.STARTING;
    }
    return switch (s.goal) {
      case SERVE -> {
        if (s.served) {
          yield s.probes.dead == null ? Phase.SERVING : Phase.BLOCKED;
        }
        if (s.importing.notFound) {
          yield Phase.NO_POOL;
        }
        var late =
            s.promotion.waitingForPeer
                && s.now - s.promotion.peerPrimarySince >= s.spec.deadlines().promoteNanos();
        if (s.stuck != null || late) {
          yield Phase.BLOCKED;
        }
        yield s.adopting ? Phase.STARTING : Phase.TAKING_OVER;
      }
      case EXPORT -> s.settled ? Phase.BLOCKED : Phase.GIVING_UP;
      case YIELD -> {
        if (s.cut.done) {
          yield Phase.CUT_OFF;
        }
        if (!s.settled) {
          var leaving = s.facts.here == Here.YES || s.facts.anyPrimary() || s.exporting.tried;
          yield leaving ? Phase.GIVING_UP : settledPhase();
        }
        yield settledPhase();
      }
    };
  }

  private Phase settledPhase() {
    if (!s.everSettled) {
      return Phase.STARTING;
    }
    var blocked =
        s.facts.carp == Carp.MASTER && (s.blockers.refused != null || s.blockers.failingYields);
    return blocked ? Phase.BLOCKED : Phase.STANDBY;
  }

  String shownProblem() {
    if (!s.problem.isEmpty()) {
      return s.problem;
    }
    if (s.served) {
      for (var service : s.services) {
        if (service.running() == Running.FAILED) {
          return "service %s failed; the pool stays here: %s"
              .formatted(service.spec.name(), why(service.spec));
        }
      }
    }
    if (s.intent.unmanaged != null) {
      return "unmanaged: " + s.intent.unmanaged + "; no step is taken";
    }
    if (s.goal == Goal.EXPORT && s.settled) {
      return "exported by an operator; carpool pool import " + s.spec.name() + " serves it again";
    }
    if (s.blockers.refused != null) {
      return s.blockers.refused.text();
    }
    if (s.blockers.clientsLost != null) {
      return s.blockers.clientsLost;
    }
    if (s.blockers.failing != null) {
      return s.blockers.failing.text();
    }
    if (s.goal == null) {
      return s.facts.carp == Carp.UNKNOWN
          ? "waiting for the election service"
          : "waiting for the replicator";
    }
    return "";
  }

  private String why(PoolSpec.Service service) {
    return service.onFailure() == PoolSpec.OnFailure.FAILOVER
        ? s.whyNotMoved(Strike.service(service.name()))
        : "on-failure of carpool.yaml says so";
  }

  String waitLabel() {
    if (s.timers.running(TimerKind.DEVICES)) {
      return "devices";
    }
    return s.promotion.waitingForPeer ? "promote" : "";
  }
}
