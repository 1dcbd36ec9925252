package carpool.sim.engine;

import carpool.replicator.core.PromotionMode;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.RestartRecovery;
import carpool.replicator.core.RestartRecovery.Move;
import carpool.replicator.core.Role;
import carpool.replicator.core.RoleTransition;
import carpool.replicator.core.RoleTransition.Step;
import carpool.replicator.engine.ResourceDevice;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.store.ProviderException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The roles of one process, as the product's `ResourceNode` changes them: step by step as
/// [RoleTransition] says, and after a restart by what [RestartRecovery] says.
final class Roles {
  private static final long DRAIN_MICROS = 10_000_000;
  private static final long PAUSE_MICROS = 5_000_000;
  private static final long ROLE_MICROS = 30_000_000;

  private final EngineWorld world;
  private final EngineNode node;
  private final SimProcess process;
  private final ResourceEngine engine;
  private final RestartRecovery recovery;

  /// A role change is under way, or the process is stopping.
  private boolean changing;

  private @Nullable ResourceDevice device;
  private @Nullable Clients clients;

  Roles(EngineWorld world, EngineNode node, SimProcess process, ResourceEngine engine) {
    this.world = world;
    this.node = node;
    this.process = process;
    this.engine = engine;
    recovery = new RestartRecovery(world.traits().holdMicros() * 1000);
  }

  boolean changing() {
    return changing;
  }

  /// Waits to take the role of an earlier process again.
  boolean resuming() {
    return recovery.trying();
  }

  @Nullable Clients clients() {
    return clients;
  }

  // ----- taking the role of an earlier process again

  /// The process has attached its provider.
  void begin() {
    long since = node.machine.primarySince();
    if (since < 0) {
      return;
    }
    long ago = (world.time().nowMicros() - since) * 1000;
    engine.step(ReplicationCore::resume);
    if (recovery.start(ago, process.nanoTime())) {
      node.log("was primary " + ago / 1_000_000 + " ms ago");
    } else {
      node.machine.forgetPrimary();
    }
  }

  void look() {
    if (!recovery.trying() || changing) {
      return;
    }
    var verdict = engine.ask(ReplicationCore::judgePromotion);
    var move = recovery.look(verdict, process.nanoTime());
    if (move == Move.PROMOTE) {
      change(Role.PRIMARY, PromotionMode.CHECKED, now -> node.log("resumes: " + now));
    } else if (move == Move.GIVE_UP) {
      node.log("is not primary again: " + recovery.reason(verdict));
      forget();
    }
  }

  /// Once a second.
  void tick() {
    if (device != null) {
      node.machine.rememberPrimary(world.time().nowMicros());
    }
    look();
  }

  /// What this process completed may be on the peer only.
  void diskFailed() {
    if (!recovery.trying()) {
      forget();
    }
  }

  private void forget() {
    recovery.end();
    node.machine.forgetPrimary();
  }

  // ----- changes

  /// Brings the resource into a role, on a thread of its own; does nothing while another change is
  /// under way.
  void change(Role wanted, PromotionMode mode, Consumer<Verdict> answer) {
    if (changing) {
      return;
    }
    changing = true;
    process.start("role", () -> carryOut(wanted, mode, answer));
  }

  private void carryOut(Role wanted, PromotionMode mode, Consumer<Verdict> answer) {
    var previous = engine.ask(ReplicationCore::role);
    var transition = new RoleTransition(wanted, mode, true, device != null, previous);
    while (true) {
      switch (transition.next()) {
        case Step.Answer(var verdict, var problem) -> {
          if (!problem.isEmpty()) {
            node.log(problem);
          }
          changing = false;
          answer.accept(verdict);
          return;
        }
        case Step.Unanswered(var role) -> {
          node.log("did not become " + role + " in time");
          changing = false;
          answer.accept(Verdict.CURRENCY_UNKNOWN);
          return;
        }
        case Step.Ask(var role, var how) -> ask(transition, role, how);
        case Step step -> {
          var problem = carryOut(step);
          if (problem.isEmpty()) {
            transition.done();
          } else {
            transition.failed(problem);
          }
        }
      }
    }
  }

  private void ask(RoleTransition transition, Role wanted, PromotionMode mode) {
    var decided = new Signal(world);
    var verdict = new @Nullable Verdict[1];
    engine.setRole(
        wanted,
        mode,
        now -> {
          verdict[0] = now;
          decided.give();
        });
    boolean inTime = decided.await(ROLE_MICROS);
    var now = verdict[0];
    if (inTime && now != null) {
      transition.decided(now);
    } else {
      transition.notInTime();
    }
  }

  /// Returns what went wrong; empty when nothing.
  private String carryOut(Step step) {
    switch (step) {
      case Step.Withdraw _ -> {
        engine.step(ReplicationCore::withdrawPromotion);
        if (engine.ask(ReplicationCore::role) == Role.PRIMARY) {
          engine.setRole(Role.SECONDARY, false, _ -> {});
        }
      }
      case Step.RememberPrimary _ -> node.machine.rememberPrimary(world.time().nowMicros());
      case Step.ShowExport _ -> {
        recovery.end();
        var shown = new ResourceDevice(engine);
        device = shown;
        clients = world.clients(node, process, shown);
      }
      case Step.ForgetPrimary _ -> forget();
      case Step.HideDevice _ -> {}
      case Step.Drain _ -> {
        return drain(DRAIN_MICROS) ? "" : "clients did not end in time and are cut off";
      }
      case Step.CutOff _ -> {
        end();
        engine.step(ReplicationCore::cutOff);
      }
      case Step.EndExport _ -> {
        end();
        device = null;
        clients = null;
      }
      case Step.Attach _, Step.Detach _, Step.Ask _, Step.Answer _, Step.Unanswered _ ->
          throw new IllegalStateException(step + " is not carried out here");
    }
    return "";
  }

  private boolean drain(long micros) {
    var present = clients;
    if (present == null) {
      return true;
    }
    present.stop();
    return present.drained(micros);
  }

  private void end() {
    var d = device;
    if (d != null) {
      d.end();
    }
  }

  // ----- the end

  /// SIGTERM: answers what was received and closes the provider; a primary stays one, and its
  /// successor is told. Runs on a thread of the process.
  void stop() {
    changing = true;
    if (device != null) {
      node.machine.rememberPrimary(world.time().nowMicros());
    }
    if (!drain(PAUSE_MICROS)) {
      node.log("clients did not end in time");
    }
    end();
    try {
      engine.stopping();
      engine.stop();
    } catch (ProviderException e) {
      node.log("stops with a problem: " + e.getMessage());
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
