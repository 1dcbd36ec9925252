package carpool.sim.carp;

import carpool.election.core.CarpConfig;
import carpool.election.core.CarpEffect;
import carpool.election.core.CarpEvent;
import carpool.election.core.CarpMachine;
import carpool.election.core.CarpState;
import carpool.election.core.Demotions;
import carpool.election.core.Inbound;
import carpool.election.core.Reason;
import carpool.election.core.ReceivedPacket;
import carpool.election.core.ReplayMemory;
import carpool.election.core.Role;
import carpool.election.core.TimerKind;
import carpool.election.core.Verdict;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpPacket;
import carpool.election.core.wire.IpAddress;
import carpool.sim.Transcript;
import carpool.sim.VirtualTime;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/// One host: a machine with the twin of its shell, and the part of the kernel that outlives the
/// process (the addresses with their lifetimes, the socket's queue).
public final class CarpNode {
  /// What the kernel keeps for a process that does not read.
  private static final int SOCKET_QUEUE_MAX = 200;

  /// How long after its due time the kernel may take an address off.
  private static final long LEASE_FUZZ_MICROS = 250_000;

  private static final long NEVER = Long.MIN_VALUE;

  public final String name;
  public final IpAddress address;
  final CarpConfig config;
  private final CarpDigest digest;
  private final IpAddress group;
  private final VirtualTime time;
  private final Transcript transcript;
  private final Consumer<byte[]> wire;
  private final Runnable onHolding;
  private final double rate;
  private final long offsetNanos;
  private final Map<TimerKind, Armed> timers = new EnumMap<>(TimerKind.class);
  private final ArrayDeque<ReceivedPacket> queue = new ArrayDeque<>();

  private CarpState state;
  private Inbound door;
  private long incarnation;
  private boolean running;
  private boolean paused;
  private boolean linkUp = true;
  private long addressUntilMicros = NEVER;
  private boolean addressPresent;
  Reason lastReason = Reason.INITIALIZATION_COMPLETE;
  int transitions;
  long lastTransitionMicros;

  private Demotions atStart = Demotions.none();
  private BiConsumer<Integer, Long> onHeard = (_, _) -> {};

  private record Armed(long deadlineNanos, long token) {}

  /// @param rate of this host's clock: 1.005 is half a percent fast
  /// @param wire where packets go
  /// @param onHolding called whenever the address came or went
  public CarpNode(
      String name,
      IpAddress address,
      CarpConfig config,
      CarpDigest digest,
      IpAddress group,
      VirtualTime time,
      Transcript transcript,
      double rate,
      Consumer<byte[]> wire,
      Runnable onHolding) {
    this.name = name;
    this.address = address;
    this.config = config;
    this.digest = digest;
    this.group = group;
    this.time = time;
    this.transcript = transcript;
    this.rate = rate;
    this.offsetNanos = time.random().nextLong();
    this.wire = wire;
    this.onHolding = onHolding;
    this.state = CarpState.initial(config, Demotions.none(), 0, 0);
    this.door = door();
  }

  private Inbound door() {
    return new Inbound(config.vhid(), digest, Set.of(), Set.of(group), new ReplayMemory(4096));
  }

  /// What stands against the node from the start of each process.
  public void startDemoted(Demotions demotions) {
    atStart = demotions;
  }

  /// Told the skew of each advertisement heard, and when (virtual microseconds).
  public void onHeard(BiConsumer<Integer, Long> listener) {
    onHeard = listener;
  }

  /// The machine loses its power: its addresses go with it.
  public void powerCut() {
    crash();
    drop();
  }

  /// Starts the process; what the last one knew is gone.
  public void start() {
    incarnation++;
    running = true;
    paused = false;
    queue.clear();
    timers.clear();
    door = door();
    long now = nowNanos();
    state = CarpState.initial(config, atStart, time.random().nextLong(), now);
    transcript.add(name, "starts");
    // The real one removes what its record says a crashed process left.
    drop();
    if (linkUp) {
      apply(at -> new CarpEvent.LinkChanged(at, true));
    }
  }

  /// kill -9: no effect comes from it any more; the kernel's leases run out.
  public void crash() {
    transcript.add(name, "is killed");
    running = false;
    incarnation++;
    timers.clear();
  }

  /// SIGTERM.
  public void stop() {
    if (running && !paused) {
      apply(CarpEvent.StopRequested::new);
      crash();
    }
  }

  /// SIGSTOP.
  public void pause() {
    transcript.add(name, "is frozen");
    paused = true;
  }

  /// SIGCONT: overdue timers run before the queue is read, as in the real loop.
  public void resume() {
    if (!paused) {
      return;
    }
    paused = false;
    transcript.add(name, "thaws");
    if (!running) {
      return;
    }
    timers.values().stream()
        .sorted(Comparator.comparingLong(Armed::deadlineNanos))
        .filter(timer -> timer.deadlineNanos() - nowNanos() <= 0)
        .toList()
        .forEach(timer -> fire(timer.token()));
    timers.forEach(this::schedule);
    long life = incarnation;
    boolean up = linkUp;
    // The link events of the meantime were queued, too.
    time.after(5, () -> tell(at -> new CarpEvent.LinkChanged(at, up)));
    time.within(10, 5_000, () -> drain(life));
  }

  private void drain(long life) {
    while (life == incarnation && running && !paused && !queue.isEmpty()) {
      judge(queue.remove());
    }
  }

  public void link(boolean up) {
    linkUp = up;
    if (running && !paused) {
      apply(at -> new CarpEvent.LinkChanged(at, up));
    }
  }

  /// Any other event.
  public void tell(LongFunction<CarpEvent> event) {
    if (running && !paused) {
      apply(event);
    }
  }

  /// A packet arrives at the host.
  public void receive(IpAddress source, byte[] packet) {
    if (!running || !linkUp) {
      return;
    }
    var received = new ReceivedPacket(source, group, 255, ByteBuffer.wrap(packet));
    if (paused || !queue.isEmpty()) {
      if (queue.size() < SOCKET_QUEUE_MAX) {
        queue.add(received);
      }
      return;
    }
    judge(received);
  }

  private void judge(ReceivedPacket received) {
    if (door.judge(received, Set.of(address))
        instanceof Verdict.Accepted(var source, var heard, _)) {
      if (transcript.kept()) {
        transcript.add(name, "hears " + source + " " + heard.advbase() + "/" + heard.advskew());
      }
      onHeard.accept(heard.advskew(), time.nowMicros());
      apply(at -> new CarpEvent.AdvertisementHeard(at, source, heard));
    }
  }

  public boolean holds() {
    return addressPresent;
  }

  public boolean alive() {
    return running && !paused;
  }

  public boolean isRunning() {
    return running;
  }

  public boolean linked() {
    return linkUp;
  }

  public Role role() {
    return state.role();
  }

  public CarpState state() {
    return state;
  }

  private long nowNanos() {
    return offsetNanos + (long) (time.nowMicros() * 1000 * rate);
  }

  private void apply(LongFunction<CarpEvent> event) {
    var events = new ArrayDeque<LongFunction<CarpEvent>>();
    events.add(event);
    while (!events.isEmpty()) {
      var step = CarpMachine.step(state, events.remove().apply(nowNanos()));
      state = step.next();
      step.effects().forEach(effect -> perform(effect, events));
    }
  }

  private void perform(CarpEffect effect, ArrayDeque<LongFunction<CarpEvent>> answers) {
    switch (effect) {
      case CarpEffect.SendAdvertisement(var family, var advertisement) -> {
        door.sent(advertisement);
        if (transcript.kept()) {
          transcript.add(name, "sends " + advertisement.advbase() + "/" + advertisement.advskew());
        }
        if (linkUp) {
          wire.accept(CarpPacket.encode(advertisement, digest));
        }
        if (!advertisement.leaving()) {
          // A send without a carrier succeeds.
          answers.add(at -> new CarpEvent.AdvertisementSent(at, family));
        }
      }
      case CarpEffect.ArmTimer(var kind, var deadlineNanos, var token) -> {
        var armed = new Armed(deadlineNanos, token);
        timers.put(kind, armed);
        schedule(kind, armed);
      }
      case CarpEffect.HoldAddresses(var leaseSeconds) -> {
        hold(leaseSeconds * 1_000_000L);
        answers.add(CarpEvent.AddressesHeld::new);
      }
      case CarpEffect.CheckAddresses _ -> answers.add(CarpEvent.AddressesFree::new);
      case CarpEffect.ReleaseAddresses _ -> drop();
      case CarpEffect.ReportTransition(var from, var to, var why) -> {
        transitions++;
        lastTransitionMicros = time.nowMicros();
        lastReason = why;
        transcript.add(name, from + " -> " + to + " (" + why.text() + ")");
      }
      case CarpEffect.AnnounceAddresses _,
          CarpEffect.ReportDemotion _,
          CarpEffect.ReportSuspicion _ -> {
        // Nothing to see from outside.
      }
    }
  }

  private void schedule(TimerKind kind, Armed timer) {
    long life = incarnation;
    long delayMicros =
        Math.max(0, (long) Math.ceil((timer.deadlineNanos() - nowNanos()) / rate / 1000));
    time.after(
        delayMicros,
        () -> {
          boolean current = life == incarnation && timer.equals(timers.get(kind));
          if (current && running && !paused) {
            timers.remove(kind);
            fire(timer.token());
          }
        });
  }

  private void fire(long token) {
    timers.values().removeIf(timer -> timer.token() == token);
    apply(at -> new CarpEvent.TimerFired(at, token));
  }

  private void hold(long leaseMicros) {
    addressUntilMicros = time.nowMicros() + leaseMicros + time.random().nextLong(LEASE_FUZZ_MICROS);
    long until = addressUntilMicros;
    time.after(
        until - time.nowMicros(),
        () -> {
          if (addressUntilMicros == until) {
            drop();
          }
        });
    if (!addressPresent) {
      addressPresent = true;
      transcript.add(name, "has the address");
      onHolding.run();
    }
  }

  private void drop() {
    addressUntilMicros = NEVER;
    if (addressPresent) {
      addressPresent = false;
      transcript.add(name, "has the address no more");
      onHolding.run();
    }
  }
}
