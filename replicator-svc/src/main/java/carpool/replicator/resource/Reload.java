package carpool.replicator.resource;

import carpool.kit.boot.ConfigReload.Outcome;
import carpool.kit.boot.Reloadable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.kit.config.HastResource;
import carpool.kit.config.LoadedConfig;
import carpool.kit.config.Rate;
import carpool.kit.config.Units;
import carpool.replicator.core.Role;
import carpool.replicator.peer.rpc.PeerSessions;
import carpool.replicator.store.ProviderException;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes over a changed configuration without touching roles. What cannot be changed while the
/// service runs is named and stays as it was; files with an error change nothing at all.
public final class Reload implements Reloadable {
  private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

  private static final String RESTART =
      "a restart of carpool-replicator takes it over; clients wait meanwhile";

  private final ReplicatorNode node;
  private final PeerSessions hub;
  private final LoadedConfig started;
  private volatile LoadedConfig current;

  /// For the injector.
  @Inject
  public Reload(LoadedConfig loaded, ReplicatorNode node, PeerSessions hub) {
    this.started = loaded;
    this.current = loaded;
    this.node = node;
    this.hub = hub;
  }

  /// The configuration in force.
  public LoadedConfig current() {
    return current;
  }

  @Override
  public void reload() {
    try {
      var outcome = now();
      outcome.applied().forEach(change -> LOG.info("reload: {}", change));
      outcome.needsRestart().forEach(change -> LOG.warn("reload: {}", change));
    } catch (ConfigException e) {
      e.problems().forEach(problem -> LOG.error("reload: {}", problem));
      LOG.error("reload: the configuration is wrong; what was in force stays in force");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Reloads; answers with one sentence for each thing that changed and each that could not be.
  ///
  /// @throws ConfigException when the files are wrong; nothing has changed then
  public synchronized Outcome now() throws ConfigException, InterruptedException {
    var old = current;
    var fresh = ConfigLoader.load(old.file(), Optional.of(old.node().value()));
    var changes = new ArrayList<String>();
    var needsRestart = new ArrayList<String>();
    needsRestart(started, fresh, needsRestart);
    live(old, fresh, changes);
    current = fresh;
    hub.configure(fresh);
    for (var resource : fresh.hast().resources()) {
      var running = node.find(resource.name());
      if (running.isPresent()) {
        change(
            running.get(), resource, fresh.config().replicator().syncRate(), changes, needsRestart);
      } else {
        add(resource, fresh.config(), changes);
      }
    }
    for (var running : node.all()) {
      if (fresh.hast().resource(running.resource().name()).isEmpty()) {
        remove(running, changes, needsRestart);
      }
    }
    return new Outcome(List.copyOf(changes), List.copyOf(needsRestart));
  }

  private record Fixed(String name, Function<LoadedConfig, Object> value) {}

  private static final List<Fixed> FIXED =
      List.of(
          new Fixed("cluster", c -> c.config().cluster()),
          new Fixed("runtime-dir", c -> c.config().runtimeDir()),
          new Fixed("state-dir", c -> c.config().stateDir()),
          new Fixed("device-dir", c -> c.config().deviceDir()),
          new Fixed("device", c -> c.config().device()),
          new Fixed("tls", c -> c.config().tls()),
          new Fixed("control: listen", c -> c.config().controlListen()),
          new Fixed("metrics: listen", c -> c.config().metricsListen()),
          new Fixed("nbd: listen", c -> c.config().nbdListen()),
          new Fixed("log", c -> c.config().log()),
          new Fixed("witness", c -> c.config().witness()),
          new Fixed("replicator: block-port", c -> c.config().replicator().blockPort()),
          new Fixed("replicator: hold", c -> c.config().replicator().hold()),
          new Fixed("listen", c -> c.hast().listen()));

  private static final List<Fixed> LIVE =
      List.of(
          new Fixed("replicator: keepalive", c -> c.config().replicator().keepalive()),
          new Fixed("replicator: dead-after", c -> c.config().replicator().deadAfter()),
          new Fixed("replicator: sync-rate", c -> c.config().replicator().syncRate()),
          new Fixed("replicator: split-brain", c -> c.config().replicator().splitBrain()));

  /// Named again by every reload until the restart.
  static void needsRestart(LoadedConfig started, LoadedConfig fresh, List<String> needsRestart) {
    for (var one : FIXED) {
      if (!one.value().apply(started).equals(one.value().apply(fresh))) {
        needsRestart.add(one.name() + " has changed; " + RESTART);
      }
    }
  }

  private static void live(LoadedConfig old, LoadedConfig fresh, List<String> changes) {
    for (var one : LIVE) {
      if (!one.value().apply(old).equals(one.value().apply(fresh))) {
        changes.add(one.name() + " is " + one.value().apply(fresh) + " now");
      }
    }
  }

  private void change(
      ResourceNode running,
      HastResource fresh,
      Rate rate,
      List<String> changes,
      List<String> needsRestart) {
    var old = running.resource();
    if (old.equals(fresh)) {
      running.reconfigure(old, rate);
      return;
    }
    var name = "resource " + fresh.name() + ": ";
    if (!old.local().path().equals(fresh.local().path())
        || !old.local().provname().equals(fresh.local().provname())) {
      needsRestart.add(name + "`local` or `name` has changed; " + RESTART);
      return;
    }
    if (old.local().remote().isPresent() != fresh.local().remote().isPresent()) {
      needsRestart.add(name + "`remote` was or is `none`; " + RESTART);
      return;
    }
    var words = new ArrayList<String>();
    tell(words, "replication", old.replication(), fresh.replication());
    tell(words, "checksum", old.checksum(), fresh.checksum());
    tell(words, "compression", old.compression(), fresh.compression());
    tell(words, "timeout", old.timeout(), fresh.timeout());
    tell(words, "exec", old.exec(), fresh.exec());
    tell(words, "metaflush", old.local().metaflush(), fresh.local().metaflush());
    tell(words, "remote", old.local().remote(), fresh.local().remote());
    tell(words, "source", old.local().source(), fresh.local().source());
    running.reconfigure(fresh, rate);
    node.programChanged(fresh);
    boolean again =
        old.replication() != fresh.replication()
            || old.checksum() != fresh.checksum()
            || old.compression() != fresh.compression()
            || !old.local().remote().equals(fresh.local().remote())
            || !old.local().source().equals(fresh.local().source())
            || !old.peer().equals(fresh.peer());
    if (again) {
      hub.again(fresh);
    }
    changes.add(
        name
            + (words.isEmpty() ? "what the peer is has changed" : String.join(", ", words))
            + (again ? "; connects anew" : ""));
  }

  private static void tell(List<String> words, String name, Object old, Object fresh) {
    if (!old.equals(fresh)) {
      words.add(name + " " + (fresh instanceof Duration time ? Units.show(time) : fresh));
    }
  }

  private void add(HastResource resource, CarpoolConfig config, List<String> changes) {
    try {
      node.add(resource, config);
      changes.add("resource " + resource.name() + " added");
    } catch (IOException e) {
      changes.add("resource " + resource.name() + " cannot be added: " + e.getMessage());
    }
  }

  private void remove(ResourceNode running, List<String> changes, List<String> needsRestart)
      throws InterruptedException {
    var name = running.resource().name();
    if (running.role() == Role.PRIMARY) {
      needsRestart.add(
          "resource " + name + " is primary here and stays; make it secondary and reload again");
      return;
    }
    try {
      node.remove(running);
      changes.add("resource " + name + " removed");
    } catch (ProviderException e) {
      changes.add("resource " + name + " removed; closing its provider: " + e.getMessage());
    }
  }
}
