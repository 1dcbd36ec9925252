package carpool.election.group;

import carpool.election.address.AddressHolder;
import carpool.election.address.KernelAddresses;
import carpool.election.control.GroupStatus;
import carpool.election.control.GroupStatus.DemotionStatus;
import carpool.election.control.GroupStatus.HeardMaster;
import carpool.election.control.Groups.Change;
import carpool.election.core.CarpEffect;
import carpool.election.core.CarpEffect.AnnounceAddresses;
import carpool.election.core.CarpEffect.ArmTimer;
import carpool.election.core.CarpEffect.CheckAddresses;
import carpool.election.core.CarpEffect.HoldAddresses;
import carpool.election.core.CarpEffect.ReleaseAddresses;
import carpool.election.core.CarpEffect.ReportDemotion;
import carpool.election.core.CarpEffect.ReportSuspicion;
import carpool.election.core.CarpEffect.ReportTransition;
import carpool.election.core.CarpEffect.SendAdvertisement;
import carpool.election.core.CarpEvent;
import carpool.election.core.CarpMachine;
import carpool.election.core.CarpState;
import carpool.election.core.Demotions;
import carpool.election.core.Demotions.Demotion;
import carpool.election.core.Inbound;
import carpool.election.core.Reason;
import carpool.election.core.ReceivedPacket;
import carpool.election.core.ReplayMemory;
import carpool.election.core.Role;
import carpool.election.core.Suspicion;
import carpool.election.core.TimerKind;
import carpool.election.core.Verdict;
import carpool.election.core.wire.CarpPacket;
import carpool.election.core.wire.DropReason;
import carpool.election.core.wire.IpAddress;
import carpool.election.history.Journal;
import carpool.election.link.LinkState;
import carpool.election.raw.Capabilities;
import carpool.election.raw.CarpSocket;
import carpool.election.raw.Mac;
import carpool.election.raw.PosixException;
import carpool.kit.loop.CoreLoop;
import carpool.kit.loop.TimerToken;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The shell of one group: owns its machine, sockets and addresses on one loop thread, and carries
/// out what the machine asks for. Everybody else posts.
public final class GroupRunner {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.election");
  private static final int MAILBOX_MAX = 1024;

  /// Between two attempts to open the sockets.
  private static final Duration REOPEN = Duration.ofSeconds(2);

  private static final List<String> MISSING_CAPABILITIES = Capabilities.missing();

  /// Weight and name of the cause that stands until the orchestrator takes it back.
  private static final String CAUSE_NOT_READY = "not-ready";

  private final GroupSettings settings;
  private final AddressHolder addresses;
  private final KernelAddresses kernel;
  private final Journal journal;
  private final GroupCounters counters;
  private final Consumer<Boolean> onLink;
  private final MasterMarker marker;
  private final CoreLoop<GroupInput> loop;
  private final Inbound inbound;
  private final AtomicInteger roleGauge = new AtomicInteger();
  private final Complaints complaints = new Complaints();
  private final Map<TimerKind, TimerToken> timers = new EnumMap<>(TimerKind.class);
  private final Map<String, DemotionStatus> demotionTexts = new TreeMap<>();

  private CarpState state;
  private @Nullable GroupTransport transport;
  private @Nullable TimerToken reopening;
  private List<IpAddress> own = List.of();
  private String reason = "";
  private long sinceUnixMillis = System.currentTimeMillis();
  private @Nullable HeardMaster heard;
  private long heardNanos;
  private String trouble = "";
  private String addressTrouble = "";

  /// Whether those who watch believe the addresses to be on the interface.
  private boolean addressesTold;

  /// Does nothing before [#start].
  ///
  /// @param marker of this group's role, for the process after this one
  /// @param resumed when the process before this one advertised last as MASTER, if it may be
  ///   resumed
  /// @param onLink told on the loop whenever this group's interface becomes usable or not
  public GroupRunner(
      GroupSettings settings,
      AddressHolder addresses,
      KernelAddresses kernel,
      Journal journal,
      MeterRegistry registry,
      MasterMarker marker,
      OptionalLong resumed,
      Consumer<Boolean> onLink) {
    this.settings = settings;
    this.addresses = addresses;
    this.kernel = kernel;
    this.journal = journal;
    this.counters = new GroupCounters(registry, settings.name());
    this.onLink = onLink;
    this.marker = marker;
    this.loop = new CoreLoop<>("carp-" + settings.name(), MAILBOX_MAX, this::on);
    this.inbound =
        new Inbound(
            settings.carp().vhid(),
            settings.digest(),
            settings.peers(),
            settings.peers().isEmpty()
                ? Set.of(CarpSocket.GROUP_IPV4, CarpSocket.GROUP_IPV6)
                : Set.of(),
            new ReplayMemory(ReplayMemory.DEFAULT_SIZE));
    var demotions = Demotions.none();
    if (settings.followed() && resumed.isEmpty()) {
      demotions = demotions.with(CAUSE_NOT_READY, new Demotion(CarpMachine.OWN_DEMOTION, false));
      noteDemotion(
          CAUSE_NOT_READY,
          CarpMachine.OWN_DEMOTION,
          false,
          "the orchestrator has not yet said that this node could serve");
    }
    long seed = new SecureRandom().nextLong();
    this.state =
        resumed.isPresent()
            ? CarpState.resuming(settings.carp(), seed, loop.nowNanos(), resumed.getAsLong())
            : CarpState.initial(settings.carp(), demotions, seed, loop.nowNanos());
    registry.gauge(
        "carpool.election.role",
        List.of(io.micrometer.core.instrument.Tag.of("group", settings.name())),
        roleGauge);
  }

  /// Of the group.
  public String name() {
    return settings.name();
  }

  /// Where it advertises.
  public String interfaceName() {
    return settings.interfaceName();
  }

  /// Starts the loop; once.
  public void start() {
    loop.start();
  }

  /// Gives the role away at once: address off, leave marker out.
  public void leave() {
    post(CarpEvent.StopRequested::new);
  }

  /// After [#leave]: closes everything.
  public void stop(Duration deadline) throws InterruptedException {
    loop.post(new GroupInput.Task(this::close));
    if (!loop.stop(deadline)) {
      LOG.error("group {} did not stop in time; the kernel drops its addresses", name());
    }
  }

  /// Hands an event to the machine, with the time at which it is its turn.
  public void post(LongFunction<CarpEvent> event) {
    loop.post(new GroupInput.Event(event));
  }

  /// Runs on the loop and answers; not to be called from it.
  public <T> CompletableFuture<T> ask(Supplier<T> question) {
    var answer = new CompletableFuture<T>();
    loop.post(
        new GroupInput.Task(() -> {
          try {
            answer.complete(question.get());
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        }));
    return answer;
  }

  /// The interface changed, or is gone.
  public void linkChanged(Optional<LinkState> link) {
    loop.post(new GroupInput.Task(() -> onLinkState(link)));
  }

  /// Addresses of the interface with this index changed.
  public void addressesChanged(int index) {
    loop.post(
        new GroupInput.Task(() -> {
          if (transport != null && transport.link().index() == index) {
            readOwnAddresses(index);
          }
        }));
  }

  /// Adds a cause of demotion, or changes it.
  public void demote(String cause, int amount, boolean ineligible, String text) {
    loop.post(
        new GroupInput.Task(() -> {
          noteDemotion(cause, amount, ineligible, text);
          apply(new CarpEvent.DemotionSet(loop.nowNanos(), cause, amount, ineligible));
        }));
  }

  /// Takes a cause of demotion back.
  public void undemote(String cause) {
    post(now -> new CarpEvent.DemotionCleared(now, cause));
  }

  /// Tells the present state and every change from then on. On the loop.
  public Runnable subscribe(Consumer<Change> listener) {
    return journal.subscribe(name(), listener, status());
  }

  private void on(GroupInput input) {
    switch (input) {
      case GroupInput.Event(var at) -> apply(at.apply(loop.nowNanos()));
      case GroupInput.Packet(var packet) -> onPacket(packet);
      case GroupInput.Task(var work) -> work.run();
    }
  }

  private void onPacket(ReceivedPacket packet) {
    counters.increment("received");
    var verdict = inbound.judge(packet, Set.copyOf(own));
    verdict.suspicions().forEach(this::suspect);
    switch (verdict) {
      case Verdict.Dropped(var drop, _) -> dropped(packet, drop);
      case Verdict.Accepted(var source, var says, _) -> {
        heard = new HeardMaster(source.toString(), says.advbase(), says.advskew(), 0);
        heardNanos = loop.nowNanos();
        apply(new CarpEvent.AdvertisementHeard(heardNanos, source, says));
      }
    }
  }

  private void dropped(ReceivedPacket packet, DropReason drop) {
    counters.increment("drop-" + drop.label());
    // Other groups and VRRP routers on the same wire are nobody's fault.
    boolean quiet = drop == DropReason.VRRP || drop == DropReason.OTHER_VHID;
    long silenced = complaints.admit(drop, loop.nowNanos());
    if (!quiet && silenced >= 0) {
      LOG.warn(
          "carp: {}: {} from {}{}",
          label(),
          drop.text(),
          packet.source(),
          silenced > 0 ? ", " + silenced + " more since the last line" : "");
    }
  }

  private void apply(CarpEvent first) {
    var events = new ArrayDeque<CarpEvent>();
    events.add(first);
    while (!events.isEmpty()) {
      var step = CarpMachine.step(state, events.remove());
      state = step.next();
      for (var effect : step.effects()) {
        perform(effect, events);
      }
    }
    roleGauge.set(metric(state.role()));
    tellAddresses();
    if (state.role() != Role.MASTER || !state.servicesUp()) {
      marker.remove();
    }
  }

  /// 0 INIT, 1 BACKUP, 2 MASTER.
  private static int metric(Role role) {
    return switch (role) {
      case INIT -> 0;
      case BACKUP -> 1;
      case MASTER -> 2;
    };
  }

  private void perform(CarpEffect effect, ArrayDeque<CarpEvent> answers) {
    switch (effect) {
      case SendAdvertisement send -> answers.addAll(send(send));
      case ArmTimer(var kind, var deadlineNanos, var token) -> arm(kind, deadlineNanos, token);
      case HoldAddresses(var leaseSeconds) -> answers.add(hold(leaseSeconds));
      case CheckAddresses _ -> {
        if (addressesFree()) {
          answers.add(new CarpEvent.AddressesFree(loop.nowNanos()));
        }
      }
      case ReleaseAddresses _ -> release();
      case AnnounceAddresses _ -> announce();
      case ReportTransition(var from, var to, var why) -> transition(from, to, why);
      case ReportDemotion(var delta, var total, var cause) -> demotion(delta, total, cause);
      case ReportSuspicion(var suspicion) -> suspect(suspicion);
    }
  }

  private List<CarpEvent> send(SendAdvertisement effect) {
    var advertisement = effect.advertisement();
    var family = effect.family();
    inbound.sent(advertisement);
    long now = loop.nowNanos();
    if (state.role() == Role.MASTER && state.servicesUp() && !advertisement.leaving()) {
      marker.write(now);
    }
    try {
      if (transport == null) {
        throw new PosixException("send", PosixException.ENODEV);
      }
      transport.send(family, CarpPacket.encode(advertisement, settings.digest()), own);
      counters.increment("sent");
      return advertisement.leaving()
          ? List.of()
          : List.of(new CarpEvent.AdvertisementSent(now, family));
    } catch (PosixException e) {
      counters.increment("send-errors");
      LOG.warn("carp: {}: {}", label(), e.getMessage());
      return advertisement.leaving()
          ? List.of()
          : List.of(new CarpEvent.AdvertisementNotSent(now, family));
    }
  }

  private void arm(TimerKind kind, long deadlineNanos, long token) {
    var before = timers.get(kind);
    if (before != null) {
      before.cancel();
    }
    timers.put(
        kind,
        loop.schedule(
            deadlineNanos - loop.nowNanos(),
            () -> new GroupInput.Event(now -> new CarpEvent.TimerFired(now, token))));
  }

  private boolean addressesPresent() {
    return state.holding() && addresses.holdsAll();
  }

  /// With `vip: when-ready` the address comes some time after the role: whoever waits for it hears
  /// of it.
  private void tellAddresses() {
    if (addressesTold != addressesPresent()) {
      addressesTold = !addressesTold;
      journal.tell(name(), this::status);
    }
  }

  private CarpEvent hold(int leaseSeconds) {
    var problems =
        transport == null ? noInterface() : addresses.hold(transport.link().index(), leaseSeconds);
    noteAddressTrouble(problems);
    return problems.isEmpty()
        ? new CarpEvent.AddressesHeld(loop.nowNanos())
        : new CarpEvent.AddressesNotHeld(loop.nowNanos());
  }

  private boolean addressesFree() {
    var problems = transport == null ? noInterface() : addresses.check(transport.link().index());
    noteAddressTrouble(problems);
    return problems.isEmpty();
  }

  private List<String> noInterface() {
    return List.of("no interface " + settings.interfaceName());
  }

  private void noteAddressTrouble(List<String> problems) {
    String now = String.join("; ", problems);
    if (!now.equals(addressTrouble)) {
      addressTrouble = now;
      if (!now.isEmpty()) {
        LOG.error("carp: {}: {}", label(), now);
      }
    }
  }

  private void release() {
    if (transport != null) {
      for (String problem : addresses.release(transport.link().index())) {
        LOG.error("carp: {}: {}", label(), problem);
      }
    }
  }

  private void announce() {
    counters.increment("announcements");
    try {
      if (transport != null) {
        transport.announce(settings.plainAddresses());
      }
    } catch (PosixException e) {
      LOG.warn("carp: {}: {}", label(), e.getMessage());
    }
  }

  private void transition(Role from, Role to, Reason why) {
    reason = why.text();
    sinceUnixMillis = System.currentTimeMillis();
    if (why == Reason.PREEMPTING) {
      counters.increment("preemptions");
    }
    LOG.info("carp: {}: {} -> {} ({})", label(), from, to, reason);
    journal.append(name(), from, to, reason, this::status);
  }

  private void demotion(int delta, int total, String cause) {
    if (state.demotions().causes().containsKey(cause)) {
      if (!demotionTexts.containsKey(cause)) {
        noteDemotion(cause, delta, false, "");
      }
    } else {
      demotionTexts.remove(cause);
    }
    LOG.info("carp: {}: demoted by {} to {} ({})", label(), delta, total, cause);
  }

  private void noteDemotion(String cause, int amount, boolean ineligible, String text) {
    demotionTexts.put(
        cause, new DemotionStatus(cause, amount, ineligible, System.currentTimeMillis(), text));
  }

  private void suspect(Suspicion suspicion) {
    counters.increment("suspicion-" + suspicion.label());
    long silenced = complaints.admit(suspicion, loop.nowNanos());
    if (silenced >= 0) {
      LOG.warn(
          "carp: {}: {}{}",
          label(),
          suspicion.text(),
          silenced > 0 ? ", " + silenced + " more since the last line" : "");
    }
  }

  private void onLinkState(Optional<LinkState> link) {
    if (reopening != null) {
      reopening.cancel();
      reopening = null;
    }
    boolean usable = link.isPresent() && link.get().usable();
    if (!usable) {
      // The machine lets go while the old index is still known.
      apply(new CarpEvent.LinkChanged(loop.nowNanos(), false));
    }
    boolean same =
        transport != null
            && link.isPresent()
            && link.get().index() == transport.link().index()
            && link.get().mac().equals(transport.link().mac());
    if (!same) {
      closeTransport();
      link.ifPresent(this::openTransport);
    }
    if (usable && transport != null) {
      readOwnAddresses(transport.link().index());
      apply(new CarpEvent.LinkChanged(loop.nowNanos(), true));
    }
    onLink.accept(usable && transport != null);
  }

  private void openTransport(LinkState link) {
    try {
      transport =
          GroupTransport.open(
              settings,
              link,
              packet -> loop.post(new GroupInput.Packet(packet)),
              this::claimedByOther);
      trouble = "";
    } catch (PosixException e) {
      String now = e.getMessage() + (e.notPermitted() ? ": CAP_NET_RAW is missing" : "");
      if (!now.equals(trouble)) {
        trouble = now;
        LOG.error("carp: {}: {}; tried again every {} s", label(), trouble, REOPEN.toSeconds());
      }
      // No event tells when the kernel has memory or a free membership again.
      reopening =
          loop.schedule(
              REOPEN.toNanos(), () -> new GroupInput.Task(() -> onLinkState(Optional.of(link))));
    }
  }

  private void claimedByOther(Mac other) {
    loop.post(
        new GroupInput.Task(() -> {
          if (state.holding()) {
            LOG.debug("carp: {}: {} claims a virtual address", label(), other);
            apply(new CarpEvent.DuplicateAddressSeen(loop.nowNanos()));
          }
        }));
  }

  private void readOwnAddresses(int index) {
    var virtual = settings.plainAddresses();
    try {
      own =
          kernel.list(index).stream()
              .map(present -> present.address())
              .filter(address -> !virtual.contains(address))
              .toList();
    } catch (PosixException e) {
      LOG.warn("carp: {}: {}", label(), e.getMessage());
    }
  }

  /// What an operator sees. On the loop.
  public GroupStatus status() {
    long now = loop.nowNanos();
    var demotions = new ArrayList<DemotionStatus>();
    state
        .demotions()
        .causes()
        .forEach((cause, demotion) ->
            demotions.add(
                demotionTexts.getOrDefault(
                    cause,
                    new DemotionStatus(cause, demotion.amount(), demotion.ineligible(), 0, ""))));
    return new GroupStatus(
        name(),
        settings.interfaceName(),
        settings.syncGroup(),
        state,
        reason,
        sinceUnixMillis,
        settings.addresses().stream().map(Object::toString).toList(),
        addressesPresent(),
        demotions,
        Optional.ofNullable(heard)
            .map(last ->
                new HeardMaster(
                    last.source(), last.advbase(), last.advskew(), (now - heardNanos) / 1_000_000)),
        counters.snapshot(),
        warnings(now),
        journal.of(name()));
  }

  private List<String> warnings(long now) {
    var out = new ArrayList<String>(MISSING_CAPABILITIES);
    if (transport == null) {
      out.add(trouble.isEmpty() ? "there is no interface " + settings.interfaceName() : trouble);
    }
    if (!addressTrouble.isEmpty()) {
      out.add(addressTrouble);
    }
    if (!addresses.warning().isEmpty()) {
      out.add(addresses.warning());
    }
    for (var drop : DropReason.values()) {
      boolean quiet = drop == DropReason.VRRP || drop == DropReason.OTHER_VHID;
      if (!quiet && complaints.recent(drop, now)) {
        out.add(drop.text() + " (" + counters.get("drop-" + drop.label()) + " packets)");
      }
    }
    for (var suspicion : Suspicion.values()) {
      if (complaints.recent(suspicion, now)) {
        out.add(suspicion.text() + " (" + counters.get("suspicion-" + suspicion.label()) + ")");
      }
    }
    return out;
  }

  private void closeTransport() {
    if (transport != null) {
      transport.close();
      transport = null;
    }
  }

  private void close() {
    closeTransport();
    try {
      addresses.forget();
    } catch (IOException e) {
      LOG.warn("carp: {}: the record of addresses could not be removed", label(), e);
    }
    addresses.close();
  }

  /// `VHID@INTERFACE`, as the kernel names a group.
  private String label() {
    return settings.carp().vhid() + "@" + settings.interfaceName();
  }
}
