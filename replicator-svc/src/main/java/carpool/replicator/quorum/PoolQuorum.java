package carpool.replicator.quorum;

import carpool.kit.boot.Host;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Leave;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.witness.Moment;
import carpool.replicator.core.witness.PeerAnswer;
import carpool.replicator.core.witness.Permission;
import carpool.replicator.core.witness.Refusal;
import carpool.replicator.core.witness.Standing;
import carpool.replicator.core.witness.SyncState;
import carpool.replicator.core.witness.WitnessConfig;
import carpool.replicator.core.witness.WitnessEffect;
import carpool.replicator.core.witness.WitnessEvent;
import carpool.replicator.core.witness.WitnessMachine;
import carpool.replicator.core.witness.WitnessRecord;
import carpool.replicator.core.witness.WitnessState;
import carpool.replicator.engine.AnswerGate;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.quorum.IncarnationFile.Trusted;
import carpool.replicator.quorum.PeerCalls.Answer;
import carpool.replicator.quorum.PeerCalls.Claim;
import carpool.replicator.quorum.PeerCalls.PoolName;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the witness rule of one pool on this node.
///
/// Events come from the engines of the pool's resources (under their locks), from the peer's calls,
/// from the witness's answers and from a timer; each steps the machine under this lock. What it
/// asks for is carried out in order on one thread that holds no lock, and what blocks on threads of
/// its own. An engine's lock may be held when this lock is taken, never the other way round.
///
/// Nothing is in force before both nodes have agreed on an incarnation of the witness: until then,
/// and while the peer says that it has no witness, everything is as without one.
public final class PoolQuorum {
  private static final Logger LOG = LoggerFactory.getLogger(PoolQuorum.class);
  private static final long RECONCILE_NANOS = 1_000_000_000L;

  /// The longest `dead-after` that a configuration may have.
  private static final long LEASE_NANOS_MAX = 24 * 3600 * 1_000_000_000L;

  private final PoolName name;
  private final WitnessConfig config;
  private final long keepAliveNanos;
  private final String onLoss;
  private final PoolRecords records;
  private final IncarnationFile file;
  private final PeerCalls peer;
  private final LongSupplier clock;
  private final Host host;
  private final WitnessHealth health;
  private final ExecutorService effects;

  private final Map<String, ResourceEngine> engines = new ConcurrentHashMap<>();
  private final Map<String, AnswerGate> gates = new ConcurrentHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final PoolCopies copies;
  private final Map<String, Pending> leaves = new HashMap<>();
  private final Set<String> promotions = new HashSet<>();
  private final Map<Long, CompletableFuture<Verdict>> waiting = new HashMap<>();
  private final Map<Long, CompletableFuture<Boolean>> questions = new HashMap<>();
  private final Map<Long, List<Claim>> outdates = new HashMap<>();
  private long lastRequest;
  private long keepAliveSentNanos;
  private long reconciledNanos;
  private boolean enforced;

  private volatile WitnessState state;
  private volatile boolean declined;
  private volatile boolean written;
  private volatile String trouble = "";
  private final WitnessRenewal renewal;

  /// A primary's question whether it may go on alone.
  ///
  /// @param otherwise asks the peer as without a witness
  private record Pending(ResourceEngine engine, Effect.AskLeave question, Runnable otherwise) {}

  /// @param clock the monotonic clock that counts suspend
  /// @param changed told when what an operator sees is another; must not block
  PoolQuorum(
      PoolName name,
      List<String> resources,
      WitnessConfig config,
      long keepAliveNanos,
      PoolRecords records,
      IncarnationFile file,
      Trusted trusted,
      PeerCalls peer,
      LongSupplier clock,
      Host host,
      Consumer<PoolQuorum> changed) {
    this.name = name;
    this.config = config;
    this.keepAliveNanos = keepAliveNanos;
    this.records = records;
    this.file = file;
    this.peer = peer;
    this.clock = clock;
    this.host = host;
    onLoss =
        switch (config.onLoss()) {
          case SUSPEND -> "suspend";
          case IO_ERROR -> "io-error";
          case CONTINUE -> "continue";
        };
    copies = new PoolCopies(resources);
    health = new WitnessHealth(name.pool(), () -> changed.accept(this));
    state = WitnessState.initial(config, trusted.number(), false, clock.getAsLong());
    written = trusted.written();
    effects =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("quorum-" + name.pool()).daemon(true).factory());
    renewal = new WitnessRenewal(this, name, records, peer, host);
  }

  /// Name of the pool.
  public String pool() {
    return name.pool();
  }

  void stop() {
    effects.shutdownNow();
  }

  // ----- what is true now

  /// Both nodes go by the witness.
  public boolean inForce() {
    return state.incarnation() != 0 && !declined;
  }

  /// What may become of an answer to a client now.
  public Permission permission() {
    return inForce() ? state.permission(clock.getAsLong()) : Permission.ANSWER;
  }

  /// For status.
  public QuorumStatus status() {
    var now = state;
    var hold = now.hold();
    long heldNanos = 0;
    if (hold != null && inForce()) {
      heldNanos = Math.max(1, clock.getAsLong() - hold.sinceNanos());
    }
    return health.with(
        new WitnessHealth.Rule(
            now.incarnation(),
            !declined,
            now.standing(),
            permission(),
            heldNanos,
            inForce() && now.continued(),
            onLoss,
            trouble));
  }

  /// What the witness says to a promotion of this node, as it was heard last, where the node's own
  /// copy does not tell whether it is current.
  public Verdict foresee() {
    var view = health.view();
    if (!inForce() || state.session() != null) {
      return Verdict.CURRENCY_UNKNOWN;
    }
    if (health.failure() != null || view == null) {
      return Verdict.WITNESS_UNHEARD;
    }
    if (view.incarnation() != state.incarnation()) {
      return Verdict.WITNESS_FOREIGN;
    }
    return switch (view.record()) {
      case WitnessRecord.Absent _ -> Verdict.WITNESS_FOREIGN;
      case WitnessRecord.Both _ -> Verdict.ALLOWED;
      case WitnessRecord.Only only ->
          only.node().equals(config.node()) ? Verdict.ALLOWED : Verdict.WITNESS_NAMES_PEER;
    };
  }

  WitnessState state() {
    return state;
  }

  // ----- resources

  /// A resource of the pool takes part from now on.
  public void attached(ResourceEngine engine) {
    var resource = engine.name();
    var gate = new AnswerGate(this::permission);
    engines.put(resource, engine);
    gates.put(resource, gate);
    engine.governedBy(gate, core -> stepped(resource, core));
    boolean byWitness = inForce();
    engine.step(core -> core.leaveByWitness(byWitness));
    lock.lock();
    try {
      if (state.standing() == Standing.SECONDARY && state.session() == null) {
        // What the copies are worth is known now. Whatever this process has promised it promises
        // anew, from this moment.
        state =
            WitnessState.initial(config, state.incarnation(), copies.usable(), clock.getAsLong());
      }
    } finally {
      lock.unlock();
    }
  }

  /// A resource takes part no more.
  public void detached(String resource) {
    engines.remove(resource);
    gates.remove(resource);
    lock.lock();
    try {
      leaves.remove(resource);
      note(resource, null);
    } finally {
      lock.unlock();
    }
  }

  /// Under the engine's lock.
  private void stepped(String resource, ReplicationCore core) {
    lock.lock();
    try {
      var before = copies.get(resource);
      if (before == null || !before.describes(core)) {
        note(resource, PoolCopy.of(core));
      }
    } finally {
      lock.unlock();
    }
  }

  private void note(String resource, @Nullable PoolCopy copy) {
    copies.put(resource, copy).forEach(this::step);
    leaveRole();
  }

  /// No resource is primary, and none is to be.
  private void leaveRole() {
    if (!copies.primary() && promotions.isEmpty() && state.standing() != Standing.SECONDARY) {
      step(new WitnessEvent.Demoted());
    }
  }

  // ----- promotion

  /// A resource of the pool is to be promoted: waits for the rule. Followed by [#promotionEnded],
  /// whatever the answer.
  ///
  /// @return ALLOWED, or why not
  public Verdict mayBePromoted(String resource, boolean force, long limitMillis)
      throws InterruptedException {
    var answer = new CompletableFuture<Verdict>();
    long ticket;
    lock.lock();
    try {
      promotions.add(resource);
      ticket = ++lastRequest;
      waiting.put(ticket, answer);
      step(new WitnessEvent.PromotionWanted(force));
    } finally {
      lock.unlock();
    }
    try {
      var verdict = answer.get(limitMillis, TimeUnit.MILLISECONDS);
      // The peer may have said meanwhile that it goes by no witness.
      return inForce() ? verdict : Verdict.ALLOWED;
    } catch (TimeoutException _) {
      return Verdict.WITNESS_UNHEARD;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      lock.lock();
      try {
        waiting.remove(ticket);
      } finally {
        lock.unlock();
      }
    }
  }

  /// The promotion has ended, and the core's role says how.
  public void promotionEnded(String resource) {
    lock.lock();
    try {
      promotions.remove(resource);
      leaveRole();
    } finally {
      lock.unlock();
    }
  }

  private static Verdict verdict(Refusal why) {
    return switch (why) {
      case COPY_UNUSABLE -> Verdict.COPY_OUTDATED;
      case PEER_IS_PRIMARY, PEER_GOES_FIRST -> Verdict.PEER_IS_PRIMARY;
      case PEER_NOT_HEARD -> Verdict.PEER_UNHEARD;
      case RECORD_NAMES_PEER -> Verdict.WITNESS_NAMES_PEER;
      case WITNESS_FOREIGN -> Verdict.WITNESS_FOREIGN;
      case WITNESS_NOT_HEARD, DEMOTED -> Verdict.WITNESS_UNHEARD;
    };
  }

  // ----- going on alone

  /// A primary asks whether it may go on without its peer. Answered to the engine as soon as the
  /// rule allows it, or not at all.
  ///
  /// @param otherwise asks as without a witness
  /// @return false when the rule has nothing to do with it
  public boolean decidesLeave(ResourceEngine engine, Effect.AskLeave question, Runnable otherwise) {
    if (question.tenure().isNone()) {
      return false; // a promotion, which the rule has allowed already
    }
    lock.lock();
    try {
      if (!inForce()) {
        return false;
      }
      leaves.put(engine.name(), new Pending(engine, question, otherwise));
      if (state.alone()) {
        execute(this::giveLeave);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void giveLeave() {
    List<Pending> asked;
    Leave leave;
    lock.lock();
    try {
      if (!state.alone()) {
        return;
      }
      leave = state.peerOutdated() ? Leave.GRANTED : Leave.UNREACHABLE;
      asked = List.copyOf(leaves.values());
      leaves.clear();
    } finally {
      lock.unlock();
    }
    for (var one : asked) {
      one.engine().step(core -> core.leaveAnswered(one.question().question(), leave));
    }
  }

  // ----- the peer's calls

  /// The peer, primary, asks for its lease.
  ///
  /// @param leaseNanos for how long after `sentNanos` the peer answers its clients
  public PeerCalls.Echo keepAlive(long sentNanos, long leaseNanos) {
    lock.lock();
    try {
      var asked = step(new WitnessEvent.KeepAliveHeard(sentNanos));
      boolean promised =
          asked.stream().anyMatch(each -> each instanceof WitnessEffect.EchoKeepAlive);
      if (promised) {
        promise(leaseNanos);
      }
      return new PeerCalls.Echo(promised, false, state.incarnation());
    } finally {
      lock.unlock();
    }
  }

  /// The peer's `dead-after` may be longer than this node's, where the two files differ.
  private void promise(long leaseNanos) {
    long lease = Math.clamp(leaseNanos, 0, LEASE_NANOS_MAX);
    state = state.promising(clock.getAsLong() + lease + config.marginNanos());
  }

  /// The peer wants to become primary, in its session.
  ///
  /// @param leaseNanos for how long after the question the peer answers its clients
  public CompletableFuture<Boolean> peerAsksPromotion(long leaseNanos) {
    var answer = new CompletableFuture<Boolean>();
    lock.lock();
    try {
      long request = ++lastRequest;
      questions.put(request, answer);
      var asked = step(new WitnessEvent.PeerAsksPromotion(request));
      if (asked.contains(new WitnessEffect.AnswerPeer(request, true))) {
        promise(leaseNanos);
      }
    } finally {
      lock.unlock();
    }
    return answer;
  }

  /// The peer goes stand-alone.
  ///
  /// @return whether its copies are the only ones that count from now on, durably; fails when the
  ///   copies went apart before, so that nothing can be said
  public CompletableFuture<Boolean> peerAsksOutdate(List<Claim> claims) {
    boolean newer = false;
    for (var claim : claims) {
      var engine = engines.get(claim.resource());
      var leave =
          engine == null
              ? Leave.UNRELATED
              : engine.ask(core -> core.judgeLeave(claim.tenure(), claim.identity()));
      newer |= leave == Leave.NEWER;
      if (leave == Leave.UNRELATED && engine != null && engine.ask(c -> c.disk().servable())) {
        return CompletableFuture.failedFuture(
            new IllegalStateException("the copies of " + claim.resource() + " went apart"));
      }
    }
    var answer = new CompletableFuture<Boolean>();
    lock.lock();
    try {
      long request = ++lastRequest;
      questions.put(request, answer);
      outdates.put(request, claims);
      step(new WitnessEvent.PeerAsksOutdate(request, newer));
    } finally {
      lock.unlock();
    }
    return answer;
  }

  private void outdate(long request) {
    List<Claim> claims;
    lock.lock();
    try {
      claims = outdates.getOrDefault(request, List.of());
    } finally {
      lock.unlock();
    }
    var all =
        claims.stream()
            .map(claim -> {
              var engine = engines.get(claim.resource());
              return engine == null
                  ? CompletableFuture.completedFuture(Leave.UNRELATED)
                  : engine.peerAsksLeave(claim.tenure(), claim.identity());
            })
            .toList();
    var _ =
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
            .thenRun(() ->
                answerPeer(
                    request,
                    all.stream()
                        .map(CompletableFuture::join)
                        .allMatch(leave -> leave == Leave.GRANTED || leave == Leave.UNRELATED)));
  }

  private void answerPeer(long request, boolean granted) {
    CompletableFuture<Boolean> answer;
    lock.lock();
    try {
      outdates.remove(request);
      answer = questions.remove(request);
    } finally {
      lock.unlock();
    }
    if (answer != null) {
      answer.complete(granted);
    }
  }

  /// The peer, primary, wants both nodes to trust this incarnation and no other.
  ///
  /// @return why not; empty when this node does from now on, durably
  public String agree(long incarnation) throws IOException {
    if (incarnation == 0) {
      return "0 is no incarnation";
    }
    lock.lock();
    try {
      if (state.standing() == Standing.PRIMARY || copies.primary()) {
        return "this node is primary";
      }
      trust(new Trusted(incarnation, false));
      return "";
    } finally {
      lock.unlock();
    }
  }

  /// Trusts this from now on, durably. The file is small, and written once in a witness's life:
  /// under the lock.
  void trust(Trusted trusted) throws IOException {
    lock.lock();
    try {
      file.write(trusted);
      written = trusted.written();
      if (trusted.number() != state.incarnation()) {
        LOG.info("pool={} the witness {} is trusted", pool(), PoolRecords.text(trusted.number()));
        step(new WitnessEvent.IncarnationAgreed(trusted.number()));
      }
    } finally {
      lock.unlock();
    }
  }

  /// A new incarnation for both nodes; see [WitnessRenewal].
  public WitnessRenewal.Result renew(boolean overwrite, boolean force) throws InterruptedException {
    return renewal.renew(overwrite, force);
  }

  /// This primary may settle what the record says.
  boolean settles() {
    var now = state;
    var session = now.session();
    return now.standing() == Standing.PRIMARY
        && session != null
        && session.sync() == SyncState.IN_SYNC
        && clock.getAsLong() - now.leaseUntilNanos() < 0;
  }

  // ----- time

  /// At least four times a second.
  void tick() {
    boolean due;
    lock.lock();
    try {
      step(new WitnessEvent.TimePassed());
      reconcile();
      due = keepAliveDue();
      enforce();
    } finally {
      lock.unlock();
    }
    if (due) {
      long now = clock.getAsLong();
      peer.keepAlive(name, now, config.deadAfterNanos(), echo -> echoed(now, echo));
    }
  }

  /// A core that is primary and a rule that does not know of it: the role is from before the
  /// witness was in force, or the rule was asked and had to refuse.
  private void reconcile() {
    long now = clock.getAsLong();
    if (copies.primary()
        && promotions.isEmpty()
        && state.standing() == Standing.SECONDARY
        && state.session() != null
        && now - reconciledNanos >= RECONCILE_NANOS) {
      reconciledNanos = now;
      step(new WitnessEvent.PromotionWanted(false));
    }
  }

  private boolean keepAliveDue() {
    long now = clock.getAsLong();
    boolean due =
        state.standing() == Standing.PRIMARY
            && state.session() != null
            && now - keepAliveSentNanos >= keepAliveNanos;
    if (due) {
      keepAliveSentNanos = now;
    }
    return due;
  }

  private void echoed(long sentNanos, PeerCalls.Echo echo) {
    if (declined(echo.noWitness()) || !echo.promised()) {
      return;
    }
    step(new WitnessEvent.KeepAliveEchoed(sentNanos));
    renewal.peerTrusts(echo.incarnation());
  }

  /// @return that the peer takes no part
  private boolean declined(boolean says) {
    if (says != declined) {
      declined = says;
      if (says) {
        LOG.warn(
            "pool={} the peer has no witness configured: everything is as without one", pool());
      } else {
        LOG.info("pool={} the peer goes by the witness, too", pool());
      }
    }
    return says;
  }

  /// The cores wait for the rule, or not, as it is in force or not.
  private void enforce() {
    boolean now = inForce();
    if (now != enforced) {
      enforced = now;
      execute(() -> engines.values().forEach(e -> e.step(core -> core.leaveByWitness(now))));
    }
    if (!now && !leaves.isEmpty()) {
      var asked = List.copyOf(leaves.values());
      leaves.clear();
      execute(() -> asked.forEach(one -> one.otherwise().run()));
    }
  }

  private void release() {
    if (gates.values().stream().anyMatch(gate -> gate.held() > 0)
        && permission() != Permission.HOLD) {
      execute(() -> engines.values().forEach(ResourceEngine::releaseHeld));
    }
  }

  /// The witness answers, and its record is the one that this node trusts.
  boolean settled() {
    var view = health.view();
    return inForce()
        && health.failure() == null
        && view != null
        && view.incarnation() == state.incarnation();
  }

  /// Asks the witness how it is and what its record says. Blocks.
  void probe() {
    health.probed(records.probe());
    var found = records.read();
    health.heard(found);
    if (found instanceof PoolRecords.Outcome.Read(var view, _, _)) {
      if (view.incarnation() == state.incarnation() && !written && state.incarnation() != 0) {
        try {
          trust(new Trusted(state.incarnation(), true));
        } catch (IOException e) {
          LOG.warn("pool={} {}", pool(), e.getMessage());
        }
      }
      if (view.incarnation() == 0 && (state.incarnation() == 0 || !written) && settles()) {
        renewal.begin();
      }
    }
    step(new WitnessEvent.ProbeDue());
  }

  // ----- the machine

  /// Steps the machine; what it asks for is under way when this returns.
  List<WitnessEffect> step(WitnessEvent event) {
    lock.lock();
    try {
      var transition =
          WitnessMachine.step(state, new Moment(clock.getAsLong(), Host.freshId(host)), event);
      state = transition.next();
      for (var effect : transition.effects()) {
        decide(effect);
      }
      if (!transition.effects().isEmpty()) {
        var list = transition.effects();
        execute(() -> list.forEach(this::carryOut));
      }
      release();
      return transition.effects();
    } catch (Throwable broken) {
      host.failStop("the witness rule of pool " + pool() + ": " + broken, broken);
      throw broken;
    } finally {
      lock.unlock();
    }
  }

  private void execute(Runnable work) {
    try {
      effects.execute(() -> guarded(work));
    } catch (RejectedExecutionException _) {
      LOG.debug("pool={} is stopping", pool());
    }
  }

  /// What is not carried out would be waited for in vain.
  private void guarded(Runnable work) {
    try {
      work.run();
    } catch (Throwable broken) {
      host.failStop("the witness rule of pool " + pool() + ": " + broken, broken);
      throw broken;
    }
  }

  /// What somebody waits for, at once: later it could be taken for the answer to another question.
  private void decide(WitnessEffect effect) {
    switch (effect) {
      case WitnessEffect.AllowPromotion _ -> decided(Verdict.ALLOWED);
      case WitnessEffect.RefusePromotion(var why) -> decided(verdict(why));
      case WitnessEffect.ReadRecord _,
          WitnessEffect.WriteRecord _,
          WitnessEffect.CreateWitness _,
          WitnessEffect.AskPromotion _,
          WitnessEffect.AskOutdate _,
          WitnessEffect.AnswerPeer _,
          WitnessEffect.OutdateCopy _,
          WitnessEffect.EchoKeepAlive _,
          WitnessEffect.EndSession _,
          WitnessEffect.GoStandAlone _,
          WitnessEffect.AskDemotion _,
          WitnessEffect.GiveAddressAway _,
          WitnessEffect.ReportForeign _ -> {}
    }
  }

  private void decided(Verdict verdict) {
    if (verdict != Verdict.ALLOWED) {
      LOG.info("pool={} promotion refused: {}", pool(), verdict.reason());
    }
    waiting.values().forEach(one -> one.complete(verdict));
    waiting.clear();
  }

  private void carryOut(WitnessEffect effect) {
    switch (effect) {
      case WitnessEffect.ReadRecord(long call) -> {
        if (state.incarnation() == 0 || leavesTheRole()) {
          step(new WitnessEvent.CallFailed(call)); // nothing there would be believed
        } else {
          aside(() -> answer(call, records.read()));
        }
      }
      case WitnessEffect.WriteRecord write -> {
        if (leavesTheRole()) {
          step(new WitnessEvent.CallFailed(write.call()));
        } else {
          aside(() -> write(write));
        }
      }
      case WitnessEffect.CreateWitness(long call, long incarnation) ->
          aside(() -> answer(call, renewal.create(call, incarnation)));
      case WitnessEffect.AskPromotion(long question) ->
          aside(() -> answered(question, peer.askPromotion(name, config.deadAfterNanos())));
      case WitnessEffect.AskOutdate(long question) -> {
        if (inForce() && !leavesTheRole()) {
          aside(() -> answered(question, peer.outdate(name, claims())));
        } else {
          // Without a witness the cores ask, and only when a client waits.
          step(new WitnessEvent.PeerAnswered(question, PeerAnswer.UNREACHABLE));
        }
      }
      case WitnessEffect.AnswerPeer(long request, boolean granted) -> answerPeer(request, granted);
      case WitnessEffect.OutdateCopy(long request) -> outdate(request);
      case WitnessEffect.EndSession _ -> endSessions();
      case WitnessEffect.GoStandAlone _ -> {
        LOG.info(
            "pool={} goes on without the peer ({})",
            pool(),
            state.peerOutdated() ? "its copy is outdated" : "allowed by the witness");
        giveLeave();
      }
      case WitnessEffect.AskDemotion(var why) -> mustNotServe(why.reason());
      case WitnessEffect.GiveAddressAway _ ->
          mustNotServe("neither the peer nor the witness has answered; the other node may serve");
      case WitnessEffect.ReportForeign(long found) -> reportForeign(found);
      case WitnessEffect.EchoKeepAlive _,
          WitnessEffect.AllowPromotion _,
          WitnessEffect.RefusePromotion _ -> {} // answered on the spot
    }
  }

  private void aside(Runnable work) {
    Thread.ofVirtual().name("quorum-" + pool() + "-call").start(() -> guarded(work));
  }

  private void write(WitnessEffect.WriteRecord write) {
    LOG.info("pool={} writes to the witness: {}", pool(), write.record());
    answer(
        write.call(),
        records.write(write.call(), write.incarnation(), write.expectedRevision(), write.record()));
  }

  /// This primary has lost its peer and is about to give the role up to it: until that is done, or
  /// taken back, it holds its clients and keeps nobody from being promoted.
  private boolean leavesTheRole() {
    var now = state;
    return now.standing() == Standing.PRIMARY
        && now.session() == null
        && engines.values().stream().anyMatch(e -> !e.ask(ReplicationCore::mayGoAlone));
  }

  private void answer(long call, PoolRecords.Outcome outcome) {
    health.heard(outcome);
    switch (outcome) {
      case PoolRecords.Outcome.Read(var view, _, _) -> {
        noTrouble();
        step(new WitnessEvent.RecordRead(call, view));
      }
      case PoolRecords.Outcome.Won(long revision) -> {
        noTrouble();
        renewal.won(call);
        step(new WitnessEvent.TransactionWon(call, revision));
      }
      case PoolRecords.Outcome.Lost(var view) -> {
        renewal.lost(call, "the witness is not empty any more");
        step(new WitnessEvent.TransactionLost(call, view));
      }
      case PoolRecords.Outcome.Failed(var failure) -> {
        trouble = failure.text();
        renewal.lost(call, failure.text());
        step(new WitnessEvent.CallFailed(call));
      }
    }
  }

  private void noTrouble() {
    trouble = "";
  }

  private void answered(long question, Answer answer) {
    if (answer.kind() != Answer.Kind.UNREACHABLE) {
      declined(answer.kind() == Answer.Kind.NO_WITNESS);
    }
    step(
        new WitnessEvent.PeerAnswered(
            question,
            switch (answer.kind()) {
              // Without a witness the peer's core decides, in the session, as ever.
              case GRANTED -> PeerAnswer.GRANTED;
              case REFUSED -> PeerAnswer.REFUSED;
              case NO_WITNESS, UNREACHABLE -> PeerAnswer.UNREACHABLE;
            }));
  }

  private List<Claim> claims() {
    return engines.values().stream()
        .map(engine -> engine.ask(core -> new Claim(engine.name(), core.claim(), core.identity())))
        .toList();
  }

  private void endSessions() {
    if (!inForce()) {
      return;
    }
    for (var engine : engines.values()) {
      var session = engine.peer();
      if (session != null) {
        session.close(0, "the peer has not renewed this node's right to serve");
      }
    }
  }

  private void mustNotServe(String why) {
    if (!inForce()) {
      return;
    }
    LOG.error("pool={} must not be served here: {}", pool(), why);
    engines.values().forEach(engine -> engine.step(core -> core.mustNotServe(why)));
  }

  private void reportForeign(long found) {
    trouble =
        found == 0
            ? "the witness is empty; on a connected pair `carpool witness replace` takes it"
            : "the witness carries the incarnation "
                + PoolRecords.text(found)
                + ", the nodes trust "
                + PoolRecords.text(state.incarnation())
                + "; on a connected pair `carpool witness reset` overwrites it";
  }
}
