package carpool.election;

import carpool.election.address.AddressHolder;
import carpool.election.address.AddressLedger;
import carpool.election.address.KernelAddresses;
import carpool.election.address.ParentSettings;
import carpool.election.address.VirtualMacLink;
import carpool.election.control.GroupStatus;
import carpool.election.control.Groups;
import carpool.election.core.CarpEvent;
import carpool.election.core.CarpMachine;
import carpool.election.group.GroupRunner;
import carpool.election.group.GroupSettings;
import carpool.election.group.MasterMarker;
import carpool.election.group.WarmUp;
import carpool.election.history.Journal;
import carpool.election.link.LinkState;
import carpool.election.link.LinkWatch;
import carpool.election.raw.Capabilities;
import carpool.election.raw.PosixException;
import carpool.kit.boot.HostSystem;
import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import com.google.inject.Inject;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All groups of this node: starts and stops them, hands link events out, and lets what concerns
/// the whole node (an interface down, a cause given for all groups) reach each of them, so that the
/// groups of a node move together.
final class ElectionNode implements Startable, Groups {
  private static final Logger LOG = LoggerFactory.getLogger(ElectionNode.class);

  /// Cause set on every other group while one group's interface is down.
  private static final String CAUSE_INTERFACE_DOWN = "interface-down";

  private final CarpoolConfig config;
  private final MeterRegistry registry;
  private final Journal journal = new Journal();
  private final Map<String, GroupRunner> groups = new TreeMap<>();
  private final List<String> names;
  private final TreeSet<String> down = new TreeSet<>();
  private @Nullable KernelAddresses kernel;
  private @Nullable LinkWatch watch;

  @Inject
  ElectionNode(CarpoolConfig config, MeterRegistry registry) {
    this.config = config;
    this.registry = registry;
    this.names = config.election().stream().map(group -> group.name()).toList();
  }

  @Override
  public String name() {
    return "election";
  }

  @Override
  public void start() throws IOException {
    var refusal = HostSystem.current().electionRefusal();
    if (refusal.isPresent()) {
      throw new IOException(refusal.get());
    }
    Capabilities.missing().forEach(LOG::error);
    kernel = KernelAddresses.open();
    var records = config.stateDir().resolve("election");
    try {
      ParentSettings.recoverAll(records);
    } catch (IOException e) {
      LOG.error("settings of interfaces that an earlier process changed stay: {}", e.getMessage());
    }
    var parents = new TreeMap<String, ParentSettings>();
    for (var group : config.election()) {
      var settings = GroupSettings.of(group, config.followed(group.name()));
      var ledger = new AddressLedger(records.resolve(group.name() + ".addresses"));
      var holder =
          new AddressHolder(
              settings.addresses(),
              ledger,
              KernelAddresses.open(),
              settings.virtualMac()
                  ? Optional.of(
                      new VirtualMacLink(
                          settings.carp().vhid(),
                          parents.computeIfAbsent(
                              settings.interfaceName(), name -> ParentSettings.of(name, records))))
                  : Optional.empty());
      var marker =
          new MasterMarker(
              config.runtimeDir().resolve("election").resolve(group.name() + ".master"),
              settings.identity());
      var resumed = resumable(marker.read(), settings);
      groups.put(
          group.name(),
          new GroupRunner(
              settings,
              holder,
              kernel,
              journal,
              registry,
              marker,
              resumed,
              up -> onLink(group.name(), up)));
      holder.recover(group.interfaceName(), resumed.isPresent(), ElectionNode::indexOf);
      LOG.debug("{}: warmed up ({})", group.name(), WarmUp.run(settings.carp(), settings.digest()));
    }
    groups.values().forEach(GroupRunner::start);
    watch =
        LinkWatch.start(
            new LinkWatch.Listener() {
              @Override
              public void linkChanged(String name, Optional<LinkState> state) {
                groups.values().stream()
                    .filter(group -> group.interfaceName().equals(name))
                    .forEach(group -> group.linkChanged(state));
              }

              @Override
              public void addressesChanged(int index) {
                groups.values().forEach(group -> group.addressesChanged(index));
              }
            });
  }

  /// Empty when a peer may have taken over since.
  private static OptionalLong resumable(OptionalLong sentNanos, GroupSettings settings) {
    boolean inTime =
        sentNanos.isPresent()
            && System.nanoTime() - sentNanos.getAsLong() < settings.carp().resumeNanos();
    return inTime ? sentNanos : OptionalLong.empty();
  }

  private static int indexOf(String interfaceName) {
    try {
      return LinkWatch.find(interfaceName).map(LinkState::index).orElse(0);
    } catch (PosixException e) {
      LOG.warn("the interfaces cannot be listed: {}", e.getMessage());
      return 0;
    }
  }

  /// On the loop of the group whose interface changed.
  private void onLink(String group, boolean up) {
    List<GroupRunner> others;
    boolean anyDown;
    synchronized (down) {
      boolean changed = up ? down.remove(group) : down.add(group);
      if (!changed) {
        return;
      }
      anyDown = !down.isEmpty();
      others = groups.values().stream().filter(other -> !down.contains(other.name())).toList();
    }
    for (var other : others) {
      if (anyDown) {
        other.demote(
            CAUSE_INTERFACE_DOWN,
            CarpMachine.OWN_DEMOTION,
            false,
            "the interface of group " + group + " is down");
      } else {
        other.undemote(CAUSE_INTERFACE_DOWN);
      }
    }
  }

  @Override
  public void stop(Duration deadline) throws InterruptedException {
    groups.values().forEach(GroupRunner::leave);
    long end = System.nanoTime() + deadline.toNanos();
    for (var group : groups.values()) {
      group.stop(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
    if (watch != null) {
      watch.close();
    }
    if (kernel != null) {
      kernel.close();
    }
  }

  @Override
  public List<String> names() {
    return names;
  }

  @Override
  public List<GroupStatus> status(List<String> wanted) {
    var answers = new ArrayList<CompletableFuture<GroupStatus>>();
    for (var group : named(wanted)) {
      answers.add(group.ask(group::status));
    }
    return answers.stream().map(CompletableFuture::join).toList();
  }

  @Override
  public void demote(
      List<String> wanted, String cause, int amount, boolean ineligible, String text) {
    named(wanted).forEach(group -> group.demote(cause, amount, ineligible, text));
  }

  @Override
  public void undemote(List<String> wanted, String cause) {
    named(wanted).forEach(group -> group.undemote(cause));
  }

  @Override
  public void resign(List<String> wanted, long holdMillis, String cause) {
    // A group that moves alone would come back, or take the others along later.
    var moving = wanted.stream().flatMap(group -> config.movesWith(group).stream()).distinct();
    named(moving.toList())
        .forEach(
            group -> group.post(now -> new CarpEvent.ResignRequested(now, holdMillis * 1_000_000)));
  }

  @Override
  public void report(long nextWithinMillis, List<String> readyGroups) {
    groups
        .values()
        .forEach(group ->
            group.post(now ->
                new CarpEvent.ReadinessReported(
                    now, readyGroups.contains(group.name()), nextWithinMillis * 1_000_000)));
  }

  @Override
  public Runnable watch(List<String> wanted, Consumer<Change> listener) {
    var ends = new CopyOnWriteArrayList<Runnable>();
    for (var group : named(wanted)) {
      ends.add(group.ask(() -> group.subscribe(listener)).join());
    }
    return () -> ends.forEach(Runnable::run);
  }

  private List<GroupRunner> named(List<String> wanted) {
    return wanted.stream().flatMap(name -> Optional.ofNullable(groups.get(name)).stream()).toList();
  }
}
