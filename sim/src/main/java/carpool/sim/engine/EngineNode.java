package carpool.sim.engine;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.PromotionMode;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.engine.AttachedProvider;
import carpool.replicator.engine.Counters;
import carpool.replicator.engine.FailedCopies;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.peer.session.LinkWatch;
import carpool.replicator.peer.session.PauseDetector;
import carpool.replicator.peer.session.PeerLink;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One node: a machine and, while it is up, a process that runs the product's engine, with what the
/// product's `resource` and `peer.rpc` do around it.
final class EngineNode {
  static final String RESOURCE = "r";
  private static final Path PROVIDER = Path.of("/simulated/disk");
  private static final long RETRY_MICROS = 700_000;
  private static final long STOPPED_MICROS = 60_000_000;

  private final EngineWorld world;
  final int index;
  final String name;
  final SimMachine machine;
  private final FailedCopies failedCopies;
  private @Nullable Life life;
  private int lives;

  /// The process, as far as it is up.
  private static final class Life {
    final SimProcess process;
    @Nullable Sessions sessions;
    @Nullable ResourceEngine engine;
    @Nullable Roles roles;

    Life(SimProcess process) {
      this.process = process;
    }
  }

  EngineNode(
      EngineWorld world, int index, String name, SimMachine machine, FailedCopies failedCopies) {
    this.world = world;
    this.index = index;
    this.name = name;
    this.machine = machine;
    this.failedCopies = failedCopies;
  }

  // ----- questions

  boolean up() {
    return life != null;
  }

  boolean runs(SimProcess process) {
    var l = life;
    return l != null && l.process.equals(process);
  }

  /// The process is up, but stopped.
  boolean frozen() {
    var l = life;
    return l != null && l.process.frozen();
  }

  /// The engine, when the provider is attached.
  @Nullable ResourceEngine engine() {
    var l = life;
    return l == null ? null : l.engine;
  }

  /// Asks the core; `otherwise` when there is none.
  <T> T ask(Function<ReplicationCore, T> question, T otherwise) {
    var e = engine();
    return e == null ? otherwise : e.ask(question);
  }

  boolean primary() {
    return ask(ReplicationCore::role, Role.INIT) == Role.PRIMARY;
  }

  DiskState disk() {
    return ask(ReplicationCore::disk, DiskState.DISKLESS);
  }

  /// A change of the role is under way, or the end of the process.
  boolean rolePending() {
    var l = life;
    return l != null && l.roles != null && l.roles.changing();
  }

  void log(String what) {
    if (world.transcript().kept()) {
      world.transcript().add(name, what);
    }
  }

  @Override
  public String toString() {
    var e = engine();
    return e == null
        ? name + "{" + (up() ? "not attached" : "down") + "}"
        : e.ask(Object::toString);
  }

  // ----- life

  void start() {
    var process = new SimProcess(world, name + ++lives);
    var fresh = new Life(process);
    life = fresh;
    log("process starts");
    process.start("main", () -> main(fresh));
  }

  private void main(Life of) {
    var calls = new SimCalls(world, machine, of.process);
    while (true) {
      try {
        attach(of, calls);
        break;
      } catch (ProviderException | LayoutException e) {
        log("cannot attach: " + e.getMessage());
        world.turns().pause(RETRY_MICROS);
      }
    }
    of.process.start("ticks", () -> ticks(of));
    of.process.start("watch", () -> watch(of));
    if (index == 0) {
      of.process.start("dial", () -> sessions(of).dial());
    }
  }

  private void attach(Life of, SimCalls calls) throws ProviderException, LayoutException {
    var provider = LocalProvider.attach(calls, PROVIDER, world.traits().blockDevice());
    boolean complete = false;
    try {
      if (world.losses().blank(this)) {
        Provisioning.create(RESOURCE, provider, world.traits().layout());
        world.losses().created(this);
      }
      var attached = AttachedProvider.open(of.process, RESOURCE, provider, failedCopies);
      var engine =
          new ResourceEngine(
              of.process,
              RESOURCE,
              attached,
              disk -> world.traits().settings(name, disk),
              new Counters(),
              new Listener(of));
      engine.step(c -> c.configureSyncRate(world.traits().syncRate()));
      engine.setRole(Role.SECONDARY, false, _ -> {});
      of.engine = engine;
      world.losses().attached(this);
      of.roles = new Roles(world, this, of.process, engine);
      of.roles.begin();
      of.sessions = new Sessions(world, this, of.process, engine);
      log("attached: " + this + " " + attached.warnings());
      complete = true;
    } catch (Provisioning.OccupiedException e) {
      throw new IllegalStateException(e);
    } finally {
      if (!complete) {
        provider.close();
      }
    }
  }

  private static Sessions sessions(Life of) {
    var sessions = of.sessions;
    if (sessions == null) {
      throw new IllegalStateException("not attached");
    }
    return sessions;
  }

  private final class Listener implements ResourceEngine.Listener {
    private final Life of;

    Listener(Life of) {
      this.of = of;
    }

    @Override
    public void happened(Notice notice) {
      if (world.transcript().kept()) {
        log(notice + ": " + EngineNode.this);
      }
      world.losses().noteInStep();
      world.checks().compared(EngineNode.this);
      var roles = of.roles;
      if (roles != null) {
        if (notice == Notice.DISK && disk() == DiskState.FAILED) {
          roles.diskFailed();
        }
        roles.look();
      }
    }

    @Override
    public void asksLeave(Effect.AskLeave question) {
      of.process.start("leave", () -> sessions(of).ask(question));
    }
  }

  private void ticks(Life of) {
    var engine = of.engine;
    for (int quarter = 0; engine != null; quarter++) {
      world.turns().pause(250_000);
      engine.awake();
      engine.step(c -> c.pace(250_000));
      if (quarter % 4 == 3) {
        if (of.roles != null) {
          of.roles.tick();
        }
        engine.tick();
      }
    }
  }

  private void watch(Life of) {
    var engine = of.engine;
    var pauses = new PauseDetector(of.process.nanoTime());
    while (engine != null) {
      world.turns().pause(250_000);
      pauses.look(of.process.nanoTime());
      if (engine.peer() instanceof PeerLink link) {
        var connection = link.connection();
        if (connection != null) {
          LinkWatch.look(link, connection, world.traits().timeouts(), pauses, _ -> {});
        }
      }
    }
  }

  /// The sessions of a process that listens; null: connections are refused.
  @Nullable Listening listener() {
    var l = life;
    return l == null || l.sessions == null ? null : new Listening(l.process, l.sessions);
  }

  /// A process and its sessions.
  record Listening(SimProcess process, Sessions sessions) {
    void shake(carpool.replicator.link.BlockStream stream) {
      sessions.shake(stream);
    }
  }

  /// A call of the peer arrives.
  void incoming(Consumer<Sessions> call) {
    var l = life;
    if (l != null && l.sessions != null) {
      var sessions = l.sessions;
      l.process.start("rpc", () -> call.accept(sessions));
    }
  }

  /// Something arrives for this process, whatever its state.
  void reach(Runnable arrival) {
    var l = life;
    if (l != null) {
      l.process.start("rpc", arrival);
    }
  }

  /// The process is gone.
  ///
  /// @param powerCut and with it what the machine had in memory
  void end(boolean powerCut) {
    var l = life;
    life = null;
    if (l != null) {
      l.process.end();
      if (powerCut) {
        world.network().vanished(l.process);
      } else {
        world.network().ended(l.process);
        machine.killed(l.process);
      }
    }
  }

  void freeze() {
    var l = life;
    if (l != null) {
      l.process.freeze();
    }
  }

  void thaw() {
    var l = life;
    if (l != null) {
      l.process.thaw();
    }
  }

  /// Runs on a thread of the process.
  void step(String what, Consumer<ReplicationCore> event) {
    var l = life;
    var engine = engine();
    if (l != null && engine != null) {
      l.process.start(what, () -> engine.step(event));
    }
  }

  // ----- roles

  void promote(boolean force, Consumer<Verdict> answer) {
    change(Role.PRIMARY, PromotionMode.of(force), answer);
  }

  void demote(Runnable done) {
    change(Role.SECONDARY, PromotionMode.CHECKED, _ -> done.run());
  }

  private void change(Role wanted, PromotionMode mode, Consumer<Verdict> answer) {
    var l = life;
    if (l != null && l.roles != null) {
      l.roles.change(wanted, mode, answer);
    }
  }

  /// SIGTERM.
  ///
  /// @param ended the process is gone
  void stop(Consumer<SimProcess> ended) {
    var l = life;
    var roles = l == null ? null : l.roles;
    if (l != null && roles != null && !roles.changing()) {
      log("stops");
      l.process.start(
          "stop",
          () -> {
            roles.stop();
            world.time().after(0, () -> ended.accept(l.process));
            world.turns().pause(STOPPED_MICROS); // the rest of the process is nobody's any more
          });
    }
  }

  @Nullable Clients clients() {
    var l = life;
    return l == null || l.roles == null ? null : l.roles.clients();
  }
}
