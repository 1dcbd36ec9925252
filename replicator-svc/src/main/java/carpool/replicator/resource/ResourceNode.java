package carpool.replicator.resource;

import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HastResource;
import carpool.kit.config.Rate;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionMode;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.RestartRecovery;
import carpool.replicator.core.Role;
import carpool.replicator.core.RoleTransition;
import carpool.replicator.core.SyncVerdict;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.device.DeviceNode;
import carpool.replicator.engine.AttachedProvider;
import carpool.replicator.engine.Counters;
import carpool.replicator.engine.FailedCopies;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.engine.Slots;
import carpool.replicator.nbd.ExportLookup;
import carpool.replicator.nbd.NbdServer;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.peer.rpc.PeerSessions;
import carpool.replicator.peer.rpc.PeerStatus;
import carpool.replicator.peer.rpc.ResolveSplitBrainCall;
import carpool.replicator.quorum.PoolQuorum;
import carpool.replicator.store.ProviderException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One configured resource on this node: attaches the provider, runs the core, and shows the export
/// and the device node on the primary only. Role changes are carried out one at a time.
public final class ResourceNode {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceNode.class);
  private static final long ROLE_DEADLINE_SECONDS = 30;

  /// For the peer's promise to end, the peer to be asked, the witness to be read and to be written.
  private static final long WITNESS_DEADLINE_MILLIS = 20_000;

  /// Marks that may stay set, at least: HAST's default of 64 makes a write over more than 128 MiB
  /// wait for the map nearly always. More marks cost more comparing after a crash of this node.
  private static final int WARM_EXTENTS_MIN = 512;

  private volatile HastResource resource;
  private final PeerSessions hub;
  private final @Nullable PoolQuorum quorum;
  private final BiConsumer<ResourceNode, Notice> listener;
  private final Counters counters = new Counters();
  private final SyncRate rate = new SyncRate();
  private final ReentrantLock roleChange = new ReentrantLock();
  private final ResourceExport export;
  private final PrimaryMarker roleFile;
  private final FailedCopies failedCopies;
  private final int sessionWaitTicks;

  /// Guarded by itself.
  private final RestartRecovery recovery;

  /// An earlier process was primary on this boot and is the last that wrote: everything that it
  /// completed is here, whether or not the role is taken again. Guarded by `roleChange`.
  private boolean intact;

  private volatile @Nullable ResourceEngine engine;
  private volatile String attachProblem = "";
  private volatile @Nullable Exception attachFailure;
  private volatile long changedUnixMillis = System.currentTimeMillis();
  private volatile long verifiedUnixMillis;
  private volatile Rate syncLimit;
  private long pacedNanos = System.nanoTime();

  /// @param quorum the witness rule of the resource's pool; null without a witness
  ResourceNode(
      HastResource resource,
      CarpoolConfig config,
      PeerSessions hub,
      @Nullable PoolQuorum quorum,
      BiConsumer<ResourceNode, Notice> listener) {
    this.resource = resource;
    this.hub = hub;
    this.quorum = quorum;
    this.listener = listener;
    syncLimit = config.replicator().syncRate();
    recovery = new RestartRecovery(config.replicator().hold().toNanos());
    failedCopies = new FailedCopies(config.stateDir());
    sessionWaitTicks = (int) config.replicator().deadAfter().toSeconds() + 1;
    roleFile =
        new PrimaryMarker(config.runtimeDir().resolve("role").resolve(resource.local().provname()));
    export = new ResourceExport(resource.name(), resource.local().provname(), config);
  }

  /// How a request for a role ended.
  ///
  /// @param verdict ALLOWED when the role is in force
  /// @param problem what went wrong besides; empty when nothing
  public record RoleOutcome(Role previous, Role now, Verdict verdict, String problem) {}

  /// The configuration.
  public HastResource resource() {
    return resource;
  }

  /// A reload found these settings; the provider and the export are the same.
  void reconfigure(HastResource changed, Rate newSyncLimit) {
    resource = changed;
    boolean otherLimit = !newSyncLimit.equals(syncLimit);
    syncLimit = newSyncLimit;
    var s = engine;
    if (s != null) {
      if (otherLimit) {
        s.step(core -> core.configureSyncRate(newSyncLimit.bytesPerSecond()));
      }
      s.disk().flushMap(changed.local().metaflush());
      s.step(core -> core.configureMode(mode(changed)));
      s.step(core -> core.configureTimeout(timeoutTicks(changed)));
    }
  }

  ExportLookup exports() {
    return export.lookup();
  }

  /// The export is served there too.
  void alsoServedBy(NbdServer server) {
    export.alsoServedBy(server);
  }

  public Counters counters() {
    return counters;
  }

  public @Nullable ResourceEngine engine() {
    return engine;
  }

  /// The witness rule of the resource's pool; null without a witness.
  public @Nullable PoolQuorum quorum() {
    return quorum;
  }

  /// What a promotion would be answered, as far as is known without asking anybody.
  ///
  /// @param core what the core says
  public Verdict foresee(Verdict core) {
    return quorum == null || core != Verdict.CURRENCY_UNKNOWN ? core : quorum.foresee();
  }

  public DeviceNode.State deviceState() {
    return export.deviceState();
  }

  Path nbdSocket() {
    return export.socket();
  }

  public String attachProblem() {
    return attachProblem;
  }

  /// Milliseconds since 1970 of the last change.
  public long changedUnixMillis() {
    return changedUnixMillis;
  }

  public int connections() {
    return export.connections();
  }

  public PeerStatus.@Nullable PeerFacts peerFacts() {
    return hub.news().facts(resource.name());
  }

  /// The role in force; INIT when nothing is attached.
  public Role role() {
    var s = engine;
    return s == null ? Role.INIT : s.ask(ReplicationCore::role);
  }

  /// Listens for NBD clients and, when the provider has metadata, takes part as secondary.
  void start() throws IOException {
    var sincePrimary = roleFile.left();
    intact = sincePrimary.isPresent();
    if (sincePrimary.isPresent() && startRecovery(sincePrimary.get())) {
      // Whoever uses the device goes on waiting; nothing is served before the role is there again.
      LOG.info(
          "resource={} was primary {} ms ago, the role is taken again if the peer did not",
          resource.name(),
          sincePrimary.get().toMillis());
    } else {
      roleFile.remove();
      export.hideSoon();
    }
    export.listen();
    roleChange.lock();
    try {
      attach();
    } catch (ProviderException | LayoutException e) {
      attachFailed(e);
      LOG.warn("resource={} stays in role init: {}", resource.name(), attachProblem);
      endResumption(attachProblem);
    } finally {
      roleChange.unlock();
    }
    resumeSoon();
  }

  // ----- taking the role of an earlier process again

  /// Waiting to take the role of an earlier process again; its device stands and is not served.
  public boolean resuming() {
    synchronized (recovery) {
      return recovery.trying();
    }
  }

  private boolean startRecovery(Duration ago) {
    synchronized (recovery) {
      return recovery.start(ago.toNanos(), System.nanoTime());
    }
  }

  private void resumeSoon() {
    if (resuming()) {
      Thread.ofVirtual().name("resume-" + resource.name()).start(this::resume);
    }
  }

  private void resume() {
    if (!roleChange.tryLock()) {
      return; // a role change under way; after it, or in a second, again
    }
    try {
      var s = engine;
      if (s == null) {
        return;
      }
      var verdict = foresee(s.ask(ReplicationCore::judgePromotion));
      RestartRecovery.Move move;
      synchronized (recovery) {
        move = recovery.look(verdict, System.nanoTime());
      }
      switch (move) {
        case NONE, WAIT -> {}
        case PROMOTE -> {
          var outcome = change(Role.PRIMARY, PromotionMode.CHECKED);
          LOG.info("resource={} resumed: {}", resource.name(), outcome);
        }
        case GIVE_UP -> endResumption(recovery.reason(verdict));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      roleChange.unlock();
    }
  }

  /// The role is not taken again: whoever uses the device gets errors.
  private void endResumption(String why) {
    if (!resuming()) {
      return;
    }
    LOG.error("resource={} is not primary again: {}", resource.name(), why);
    forgetRole();
    export.hideSoon();
    listener.accept(this, Notice.DEVICE);
  }

  private void endRecovery() {
    synchronized (recovery) {
      recovery.end();
    }
  }

  private void forgetRole() {
    endRecovery();
    try {
      roleFile.remove();
    } catch (IOException e) {
      LOG.error("resource={} role file: {}", resource.name(), e.getMessage());
    }
  }

  private void attach() throws ProviderException, LayoutException {
    var attachment =
        AttachedProvider.open(resource.name(), Path.of(resource.local().path()), failedCopies);
    boolean complete = false;
    try {
      attachment.flushMap(resource.local().metaflush());
      var newEngine =
          new ResourceEngine(
              resource.name(), attachment, this::settings, counters, new Happenings());
      attachment
          .warnings()
          .forEach(warning -> LOG.warn("resource={} {}", resource.name(), warning));
      newEngine.step(c -> c.configureSyncRate(syncLimit.bytesPerSecond()));
      newEngine.setRole(Role.SECONDARY, false, _ -> {});
      if (intact) {
        newEngine.step(ReplicationCore::resume);
        intact = false;
      }
      if (quorum != null) {
        quorum.attached(newEngine);
      }
      engine = newEngine;
      attachProblem = "";
      attachFailure = null;
      complete = true;
      hub.add(newEngine, resource);
    } finally {
      if (!complete) {
        attachment.close();
      }
    }
  }

  private void attachFailed(Exception failure) {
    attachFailure = failure;
    attachProblem = String.valueOf(failure.getMessage());
  }

  /// Why the provider is not attached; empty when it is.
  public Optional<Exception> attachFailure() {
    return Optional.ofNullable(attachFailure);
  }

  private ReplicationCore.Settings settings(AttachedProvider attachment) {
    var metadata = attachment.metadata();
    return new ReplicationCore.Settings(
        nodeName(),
        mode(resource),
        resource.local().remote().isPresent(),
        metadata.dataSizeBytes(),
        metadata.extentSizeBytes(),
        Math.max(metadata.keepdirty(), WARM_EXTENTS_MIN),
        ResourceEngine.CLIENT_SLOTS,
        ResourceEngine.SYNC_SLOTS,
        ResourceEngine.PEER_SLOTS,
        Slots.BYTES,
        PeerSessions.peer(resource),
        sessionWaitTicks,
        timeoutTicks(resource));
  }

  /// The core is told the time once a second.
  private static int timeoutTicks(HastResource resource) {
    return (int) Math.min(resource.timeout().toSeconds(), Integer.MAX_VALUE);
  }

  private static ReplicationMode mode(HastResource resource) {
    return switch (resource.replication()) {
      case FULLSYNC -> ReplicationMode.FULLSYNC;
      case MEMSYNC -> ReplicationMode.MEMSYNC;
      case ASYNC -> ReplicationMode.ASYNC;
    };
  }

  private final class Happenings implements ResourceEngine.Listener {
    @Override
    public void happened(Notice notice) {
      on(notice);
    }

    @Override
    public void asksLeave(Effect.AskLeave question) {
      var asking = engine;
      if (asking == null) {
        return;
      }
      Runnable askPeer = () -> hub.askLeave(asking, resource, question);
      if (quorum == null || !quorum.decidesLeave(asking, question, askPeer)) {
        askPeer.run();
      }
    }
  }

  public String nodeName() {
    return resource.local().node().value();
  }

  private void on(Notice notice) {
    if (notice == Notice.CONNECT) {
      counters.reconnects.increment();
      hub.news().agreed(resource.name());
    } else if (notice == Notice.REPAIRED) {
      counters.repairs.increment();
    }
    if (notice == Notice.VERIFY_DONE) {
      verifiedUnixMillis = System.currentTimeMillis();
    }
    changedUnixMillis = System.currentTimeMillis();
    var s = engine;
    if (notice == Notice.DISK
        && s != null
        && !resuming()
        && s.ask(ReplicationCore::disk) == DiskState.FAILED) {
      // What this process completed may be on the peer only: a successor must not go on from here.
      forgetRole();
    }
    LOG.info(
        "resource={} event={} state={}",
        resource.name(),
        notice,
        s == null ? "detached" : s.ask(ReplicationCore::toString));
    listener.accept(this, notice);
    resumeSoon();
  }

  // ----- roles

  /// Brings the resource into a role; waits until it is in force.
  ///
  /// @param abandoned whoever asked does not wait any more: then nothing is promoted, because a
  ///   later request to the contrary may have been answered already. Asked when it is this
  ///   request's turn
  /// @throws CancellationException when it was abandoned
  public RoleOutcome setRole(
      Role wanted, PromotionMode mode, String cause, BooleanSupplier abandoned)
      throws InterruptedException {
    roleChange.lockInterruptibly();
    try {
      if (wanted == Role.PRIMARY && abandoned.getAsBoolean()) {
        throw new CancellationException(
            "nobody waits for the promotion of " + resource.name() + " any more");
      }
      var previous = role();
      LOG.info(
          "resource={} role {} -> {} asked (cause: {}{})",
          resource.name(),
          previous.word(),
          wanted.word(),
          cause,
          mode == PromotionMode.FORCED ? ", by force" : "");
      return change(wanted, mode);
    } finally {
      roleChange.unlock();
    }
  }

  /// Carries out one step of [RoleTransition] after the other.
  private RoleOutcome change(Role wanted, PromotionMode mode) throws InterruptedException {
    var previous = role();
    var transition = new RoleTransition(wanted, mode, engine != null, export.isShown(), previous);
    while (true) {
      switch (transition.next()) {
        case RoleTransition.Step.Answer(var verdict, var problem) -> {
          if (!problem.isEmpty()) {
            LOG.warn("resource={} {}", resource.name(), problem);
          }
          return new RoleOutcome(previous, role(), verdict, problem);
        }
        case RoleTransition.Step.Unanswered(var role) ->
            throw new IllegalStateException(
                "resource "
                    + resource.name()
                    + " did not become "
                    + role.word()
                    + " within "
                    + ROLE_DEADLINE_SECONDS
                    + " s");
        case RoleTransition.Step.Ask(var role, var how) -> ask(transition, role, how);
        case RoleTransition.Step step -> {
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

  private void ask(RoleTransition transition, Role wanted, PromotionMode mode)
      throws InterruptedException {
    var s = engine;
    if (s == null) {
      transition.decided(Verdict.DISK_UNUSABLE);
      return;
    }
    Optional<Verdict> verdict;
    if (wanted == Role.PRIMARY && quorum != null && s.ask(ReplicationCore::role) != wanted) {
      try {
        verdict = promote(s, quorum, mode);
      } finally {
        quorum.promotionEnded(resource.name());
      }
    } else {
      verdict = askCore(s, wanted, mode);
    }
    verdict.ifPresentOrElse(transition::decided, transition::notInTime);
  }

  /// @return empty when there was no answer in time
  private static Optional<Verdict> askCore(ResourceEngine s, Role wanted, PromotionMode mode)
      throws InterruptedException {
    var answer = new CompletableFuture<Verdict>();
    s.setRole(wanted, mode, answer::complete);
    try {
      return Optional.of(answer.get(ROLE_DEADLINE_SECONDS, TimeUnit.SECONDS));
    } catch (TimeoutException _) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The witness rule first, so that nobody waits for a device that answers nothing. Where the core
  /// would refuse, nothing is asked of the witness; should it allow the role after all, the rule
  /// learns of that by itself. Whoever wants the peer's own word asks the peer first: without it
  /// nothing is claimed, for the peer may go on.
  private Optional<Verdict> promote(ResourceEngine s, PoolQuorum rule, PromotionMode mode)
      throws InterruptedException {
    boolean force = mode == PromotionMode.FORCED;
    var core = s.ask(ReplicationCore::judgePromotion);
    boolean unknown = core == Verdict.CURRENCY_UNKNOWN;
    boolean asks = core == Verdict.ALLOWED || unknown || (force && core.forceable());
    if (!rule.inForce() || !asks) {
      return askCore(s, Role.PRIMARY, mode);
    }
    if (mode == PromotionMode.PEER_WORD) {
      var word = askCore(s, Role.PRIMARY, mode);
      if (!word.equals(Optional.of(Verdict.ALLOWED))) {
        return word;
      }
    }
    var verdict = rule.mayBePromoted(resource.name(), force, WITNESS_DEADLINE_MILLIS);
    if (verdict != Verdict.ALLOWED) {
      if (s.ask(ReplicationCore::role) == Role.PRIMARY) {
        s.setRole(Role.SECONDARY, false, _ -> {});
      }
      return Optional.of(verdict);
    }
    if (unknown) {
      s.step(ReplicationCore::vouchCurrent);
    }
    return askCore(s, Role.PRIMARY, mode);
  }

  /// @return what went wrong; empty when nothing
  private String carryOut(RoleTransition.Step step) throws InterruptedException {
    switch (step) {
      case RoleTransition.Step.Attach _ -> {
        try {
          attach();
        } catch (ProviderException | LayoutException e) {
          attachFailed(e);
          return attachProblem;
        }
      }
      case RoleTransition.Step.Withdraw _ -> withdraw();
      case RoleTransition.Step.RememberPrimary _ -> {
        try {
          roleFile.write();
        } catch (IOException e) {
          return String.valueOf(e.getMessage());
        }
      }
      case RoleTransition.Step.ShowExport _ -> {
        endRecovery();
        var s = engine;
        if (s != null) {
          export.show(s, () -> listener.accept(this, Notice.DEVICE));
        }
        listener.accept(this, Notice.DEVICE);
      }
      case RoleTransition.Step.ForgetPrimary _ -> forgetRole();
      case RoleTransition.Step.HideDevice _ -> {
        return export.hide();
      }
      case RoleTransition.Step.Drain _ -> {
        return export.drain() ? "" : "NBD clients did not end in time and were cut off";
      }
      case RoleTransition.Step.CutOff _ -> {
        export.cutOff();
        var s = engine;
        if (s != null) {
          s.step(ReplicationCore::cutOff);
          s.failHeld();
        }
      }
      case RoleTransition.Step.EndExport _ -> export.end();
      case RoleTransition.Step.Detach _ -> {
        return detach();
      }
      case RoleTransition.Step.Ask _,
          RoleTransition.Step.Answer _,
          RoleTransition.Step.Unanswered _ ->
          throw new IllegalStateException(step + " is not carried out here");
    }
    return "";
  }

  private void withdraw() {
    var s = engine;
    if (s != null) {
      s.step(ReplicationCore::withdrawPromotion);
      if (s.ask(ReplicationCore::role) == Role.PRIMARY) {
        s.setRole(Role.SECONDARY, false, _ -> {});
      }
    }
  }

  private String detach() throws InterruptedException {
    var s = engine;
    if (s == null) {
      return "";
    }
    hub.remove(resource.name());
    engine = null;
    if (quorum != null) {
      quorum.detached(resource.name());
    }
    try {
      s.stop();
      return "";
    } catch (ProviderException e) {
      return String.valueOf(e.getMessage());
    } finally {
      listener.accept(this, Notice.ROLE);
    }
  }

  /// Clients get errors at once; nothing is written any more. Never blocks.
  public void cutOff(String cause) {
    LOG.error("resource={} cut off (cause: {})", resource.name(), cause);
    forgetRole();
    var s = engine;
    if (s != null) {
      s.step(ReplicationCore::cutOff);
      s.failHeld();
    }
    export.cutOff();
    export.hideSoon();
  }

  /// The role is about to be given up to a peer that lives, or is not given up after all.
  ///
  /// @param time for which that counts; zero takes it back
  public void announceGiveUp(Duration time, String cause) {
    LOG.info(
        "resource={} {} (cause: {})",
        resource.name(),
        time.isZero() ? "continues to serve" : "is about to give up within " + time,
        cause);
    var s = engine;
    if (s == null) {
      return;
    }
    if (time.isZero()) {
      s.step(ReplicationCore::withdrawGivingUp);
    } else {
      int ticks = Math.clamp(time.plusMillis(999).toSeconds(), 1, Integer.MAX_VALUE);
      s.step(core -> core.beginGivingUp(ticks));
    }
  }

  /// Somebody knows that the peer lives on without this copy.
  public void markOutdated(String cause) {
    LOG.warn("resource={} marked outdated (cause: {})", resource.name(), cause);
    var s = engine;
    if (s != null) {
      s.step(ReplicationCore::markOutdated);
    }
  }

  /// The operator named the survivor of a split brain. The word for the local copy is passed on to
  /// the peer, which has to give way.
  ///
  /// @return what is left to be done by hand, in a sentence; empty when nothing
  public String resolveSplitBrain(boolean keepLocal) {
    LOG.warn(
        "resource={} split brain: the {} copy survives",
        resource.name(),
        keepLocal ? "local" : "peer's");
    var s = engine;
    if (s != null) {
      s.step(keepLocal ? ReplicationCore::standAsSurvivor : ReplicationCore::yieldToPeer);
    }
    var facts = peerFacts();
    var side = facts == null ? null : facts.side();
    if (!keepLocal) {
      return "";
    }
    return side == null
        ? "the peer was not met since this service started"
        : ResolveSplitBrainCall.say(hub, resource, side.identity().generation());
  }

  /// Writes fresh metadata. The resource must be in role init, or in role secondary without
  /// metadata.
  public Metadata create(Provisioning.Options options)
      throws ProviderException, LayoutException, Provisioning.OccupiedException {
    return Provisioning.create(resource, options);
  }

  /// Path of the NBD socket, on the primary; empty elsewhere.
  public String exportSocket() {
    return export.isShown() ? export.socket().toString() : "";
  }

  /// Milliseconds since 1970 of the end of the last verification; 0 when there was none.
  public long verifiedUnixMillis() {
    return verifiedUnixMillis;
  }

  /// Orders a synchronisation or verification from the core.
  ///
  /// @return empty in role init
  public Optional<SyncVerdict> order(Function<ReplicationCore, SyncVerdict> order) {
    var s = engine;
    return s == null ? Optional.empty() : Optional.of(s.stepFor(order));
  }

  void tick() {
    var s = engine;
    if (export.isShown()) {
      roleFile.touch();
    }
    resumeSoon();
    if (s != null) {
      s.tick();
      rate.tick(s.ask(ResourceNode::leftToSync));
    }
  }

  private static long leftToSync(ReplicationCore core) {
    var progress = core.syncProgress();
    boolean runs =
        core.phase() == Phase.COPYING
            || (core.phase() == Phase.IN_STEP && (progress.verifying() || progress.repairing()));
    return runs ? progress.leftBytes() : -1;
  }

  /// Tells the core the time while something is copied or compared. Called on one thread.
  void pace() {
    long now = System.nanoTime();
    long micros = (now - pacedNanos) / 1000;
    pacedNanos = now;
    var s = engine;
    if (s != null) {
      s.awake();
    }
    if (s != null && s.ask(ResourceNode::leftToSync) >= 0) {
      s.step(c -> c.pace(micros));
    }
  }

  public SyncRate syncRate() {
    return rate;
  }

  /// Orderly end: answers what was received and closes the provider. A primary stays one in its
  /// metadata and its device stays: for those who use it, an upgrade is a pause. Whoever wants the
  /// role given up asks for that first, as the orchestrator does.
  void stop() throws InterruptedException, ProviderException {
    roleChange.lockInterruptibly();
    try {
      if (export.isShown()) {
        roleFile.touch();
      }
      export.pause();
      var s = engine;
      engine = null;
      if (s != null) {
        s.stopping();
      }
      hub.remove(resource.name());
      if (s != null) {
        s.stop();
      }
      export.close();
    } finally {
      roleChange.unlock();
    }
  }
}
