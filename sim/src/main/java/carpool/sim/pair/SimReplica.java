package carpool.sim.pair;

import carpool.orchestrator.core.Refusal;
import carpool.orchestrator.core.ResourceFacts;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import carpool.sim.replication.SimNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One node's side of one resource: the twin of the replicator's ResourceNode (roles one at a time,
/// device, resumption after a restart), and the device with its requests, which belong to the
/// kernel.
final class SimReplica {
  static final long HOLD_MICROS = 30_000_000;
  private static final long DRAIN_MICROS = 10_000_000;
  private static final long ROLE_DEADLINE_MICROS = 30_000_000;

  /// How a request for a role ended; a null verdict is an error of the call.
  record RoleAnswer(@Nullable Verdict verdict, Role previous) {}

  private record Change(
      Role wanted, boolean force, BooleanSupplier abandoned, Consumer<RoleAnswer> answer) {}

  final SimResource resource;
  final SimNode node;
  private final WholePairWorld world;
  private final Gate gate;

  // Of the kernel: outlives the process.
  private final List<DeviceRequest> requests = new ArrayList<>();
  private boolean roleFile;
  private long roleFileMicros;

  /// Number of the device as long as it lasts; 0: there is none.
  private long device;

  private long lastDevice;

  // Of the process.
  private final ArrayDeque<Change> changes = new ArrayDeque<>();
  private boolean changing;
  private boolean exported;
  private long deviceReadyMicros;
  private long resumeUntilMicros = -1;
  private long metMicros;

  SimReplica(SimResource resource, int index, Gate gate) {
    this.resource = resource;
    this.node = resource.node(index);
    this.world = resource.world;
    this.gate = gate;
  }

  long device() {
    return device;
  }

  // ----- the process

  void start() {
    long now = world.time.nowMicros();
    changes.clear();
    changing = false;
    exported = false;
    resumeUntilMicros = -1;
    metMicros = now;
    if (roleFile && now - roleFileMicros < HOLD_MICROS) {
      resumeUntilMicros = roleFileMicros + HOLD_MICROS;
    } else {
      roleFile = false;
      endDevice();
    }
    // Where the peer has nothing better, whoever looks after this pair takes what is left of a
    // failed disk for good: what must not be served is the subject of the replication world, and
    // here two such disks would end the run.
    if (!resource.node(1 - node.index).disk.replaces(node.disk)) {
      node.disk.forgetLostWrites();
    }
    node.start();
    if (resuming()) {
      world.log(node.name, "may resume");
      node.running().resume();
    }
  }

  void stop(boolean powerCut) {
    if (node.running().disk() == DiskState.FAILED) {
      roleFile = false; // as soon as it failed
    }
    resource.ending(node.index, powerCut);
    node.stop(powerCut);
    requests.forEach(request -> request.submitted = false);
    exported = false;
    resumeUntilMicros = -1;
    changes.clear();
    changing = false;
    if (powerCut) {
      roleFile = false;
      device = 0;
      dropRequests();
    }
    resource.checkDifferencesKnown();
  }

  /// The power went while no process was there.
  void stopped() {
    node.disk.powerCut(world.time.random());
    roleFile = false;
    device = 0;
    dropRequests();
  }

  /// Once a second.
  void tick() {
    if (exported) {
      roleFileMicros = world.time.nowMicros();
    }
    node.running().tick();
  }

  /// Several times a second.
  void look(long elapsedMicros) {
    var core = node.running();
    var progress = core.syncProgress();
    if (core.phase() == Phase.COPYING
        || (core.phase() == Phase.IN_STEP && (progress.verifying() || progress.repairing()))) {
      core.pace(elapsedMicros);
    }
    resumeSoon();
    pump();
  }

  private boolean resuming() {
    return resumeUntilMicros >= 0;
  }

  private void resumeSoon() {
    if (!resuming() || changing || node.rolePending()) {
      return;
    }
    switch (node.running().judgePromotion()) {
      case ALLOWED -> change(Role.PRIMARY, false, () -> false, _ -> {});
      case CURRENCY_UNKNOWN -> {
        if (world.time.nowMicros() >= resumeUntilMicros) {
          endResumption("the peer was not met");
        }
      }
      case PEER_IS_PRIMARY,
          COPY_INCONSISTENT,
          COPY_OUTDATED,
          SPLIT_BRAIN,
          PEER_UNHEARD,
          WITNESS_NAMES_PEER,
          WITNESS_FOREIGN,
          WITNESS_UNHEARD,
          DISK_UNUSABLE ->
          endResumption(node.running().judgePromotion().toString());
    }
  }

  private void endResumption(String why) {
    world.log(node.name, "is not primary again: " + why);
    resumeUntilMicros = -1;
    roleFile = false;
    endDevice();
  }

  // ----- roles, one at a time

  /// Asked over the control socket of a process that runs.
  ///
  /// @param abandoned whoever asked for a promotion does not wait any more when it is its turn: it
  ///   is not carried out
  void change(Role wanted, boolean force, BooleanSupplier abandoned, Consumer<RoleAnswer> answer) {
    changes.add(new Change(wanted, force, abandoned, answer));
    nextChange();
  }

  private void nextChange() {
    if (changing || changes.isEmpty()) {
      return;
    }
    changing = true;
    var change = changes.remove();
    Consumer<RoleAnswer> end =
        answer -> {
          changing = false;
          change.answer.accept(answer);
          nextChange();
        };
    var previous = node.running().role();
    if (change.wanted == Role.PRIMARY && change.abandoned.getAsBoolean()) {
      end.accept(new RoleAnswer(null, previous));
      return;
    }
    switch (change.wanted) {
      case PRIMARY -> promote(change.force, previous, end);
      case SECONDARY -> demote(previous, end);
      case INIT -> throw new IllegalStateException("nobody asks for init");
    }
  }

  private void promote(boolean force, Role previous, Consumer<RoleAnswer> end) {
    if (world.bugs.contains(Bug.PROMOTE_BESIDE_PRIMARY)
        && node.running().judgePromotion() == Verdict.PEER_IS_PRIMARY) {
      resource.link().breakConnection(false); // then it does not know of the other
    }
    decide(
        Role.PRIMARY,
        force,
        verdict -> {
          if (verdict == Verdict.ALLOWED && !exported) {
            roleFile = true;
            roleFileMicros = world.time.nowMicros();
            resumeUntilMicros = -1;
            exported = true;
            deviceReadyMicros = world.time.nowMicros();
            if (device == 0) {
              device = ++lastDevice;
              deviceReadyMicros += world.time.random().nextLong(50_000, 600_000);
            }
            resource.promoted(node.index);
            pump();
          }
          end.accept(new RoleAnswer(verdict, previous));
        });
  }

  private void demote(Role previous, Consumer<RoleAnswer> end) {
    if (world.bugs.contains(Bug.DEMOTION_ONLY_SAYS_SO)) {
      end.accept(new RoleAnswer(Verdict.ALLOWED, previous));
      return;
    }
    roleFile = false;
    resumeUntilMicros = -1;
    device = 0;
    failWaiting();
    drain(
        world.time.nowMicros() + DRAIN_MICROS,
        () -> {
          exported = false;
          if (node.running().role() == Role.SECONDARY) {
            end.accept(new RoleAnswer(Verdict.ALLOWED, previous));
          } else {
            decide(Role.SECONDARY, false, verdict -> end.accept(new RoleAnswer(verdict, previous)));
          }
        });
  }

  private void drain(long untilMicros, Runnable then) {
    if (requests.isEmpty()) {
      then.run();
    } else if (world.time.nowMicros() >= untilMicros) {
      world.log(node.name, "requests do not end and are cut off");
      exported = false;
      node.running().cutOff();
      endDevice();
      then.run();
    } else {
      gate.after(50_000, () -> drain(untilMicros, then));
    }
  }

  private void decide(Role wanted, boolean force, Consumer<@Nullable Verdict> answer) {
    if (node.rolePending()) {
      answer.accept(null);
      return;
    }
    var answered = new boolean[1];
    node.setRole(
        wanted,
        force,
        verdict ->
            gate.after(
                0,
                () -> {
                  if (!answered[0]) {
                    answered[0] = true;
                    answer.accept(verdict);
                  }
                }));
    gate.after(
        ROLE_DEADLINE_MICROS,
        () -> {
          if (!answered[0]) {
            answered[0] = true;
            world.log(node.name, "did not become " + wanted + " in time");
            answer.accept(null);
          }
        });
  }

  /// The role is about to be given up, or (0) is not.
  void announceGiveUp(long seconds) {
    if (seconds == 0) {
      node.running().withdrawGivingUp();
    } else {
      node.running().beginGivingUp((int) seconds);
    }
  }

  /// Clients get errors at once; nothing is written any more.
  void cutOff() {
    roleFile = false;
    resumeUntilMicros = -1;
    exported = false;
    node.running().cutOff();
    endDevice();
  }

  // ----- the device

  void submit(long ofDevice, DeviceRequest request) {
    if (ofDevice != device || device == 0) {
      finish(request, false);
      return;
    }
    requests.add(request);
    gate.reach(this::pump);
  }

  /// Hands what waits to the core.
  private void pump() {
    if (!exported || !node.alive() || node.running().role() != Role.PRIMARY) {
      return;
    }
    for (var request : List.copyOf(requests)) {
      if (!request.submitted && node.hasClientSlot()) {
        request.submitted = true;
        hand(request);
      }
    }
  }

  private void hand(DeviceRequest request) {
    switch (request.kind) {
      case WRITE -> {
        var write = java.util.Objects.requireNonNull(request.write);
        boolean zeroes = write.content == 0;
        node.write(
            request.unit,
            request.units,
            write.id,
            zeroes ? WriteKind.HOLE : WriteKind.DATA,
            false,
            result -> answered(request, result == Result.OK));
      }
      case READ ->
          node.read(
              request.unit,
              request.units,
              values -> {
                if (values != null && requests.contains(request) && !resource.diverged) {
                  for (int i = 0; i < request.units; i++) {
                    resource.oracle.check(
                        "R6 read on " + node.name,
                        request.unit + i,
                        values[i],
                        request.startMicros);
                  }
                }
                answered(request, values != null);
              });
      case FLUSH -> node.flush(result -> answered(request, result == Result.OK));
    }
  }

  private void answered(DeviceRequest request, boolean ok) {
    if (requests.remove(request)) {
      finish(request, ok);
      pump();
    }
  }

  private void finish(DeviceRequest request, boolean ok) {
    if (request.write != null) {
      if (ok) {
        resource.acknowledged(node.index, request.write);
      } else {
        resource.oracle.failed(request.write, world.time.nowMicros());
      }
    }
    if (ok) {
      resource.oracle.flushed(request.flushes);
    }
    request.done.accept(ok);
  }

  /// The device ends: whoever uses it gets errors.
  private void endDevice() {
    device = 0;
    var ended = List.copyOf(requests);
    requests.clear();
    ended.forEach(request -> finish(request, false));
  }

  private void failWaiting() {
    for (var request : List.copyOf(requests)) {
      if (!request.submitted && requests.remove(request)) {
        finish(request, false);
      }
    }
  }

  /// Whoever asked is gone and hears nothing.
  void dropRequests() {
    for (var request : requests) {
      if (request.write != null) {
        resource.oracle.failed(request.write, world.time.nowMicros());
      }
    }
    requests.clear();
  }

  /// A write to this device would be completed now or soon.
  boolean writable(long ofDevice) {
    return device != 0
        && device == ofDevice
        && exported
        && node.alive()
        && node.running().role() == Role.PRIMARY
        && !node.running().fenced();
  }

  // ----- what the control service tells

  /// How long the peer's replicator has been silent, as this one knows.
  long silentMicros() {
    return world.time.nowMicros() - metMicros;
  }

  /// Called often.
  void look() {
    if (gate.alive() && node.running().phase().agreed()) {
      metMicros = world.time.nowMicros();
    }
  }

  ResourceFacts facts() {
    var core = node.running();
    var role =
        switch (core.role()) {
          case INIT -> carpool.orchestrator.core.Role.INIT;
          case PRIMARY -> carpool.orchestrator.core.Role.PRIMARY;
          case SECONDARY -> carpool.orchestrator.core.Role.SECONDARY;
        };
    boolean connected = core.phase().agreed();
    return new ResourceFacts(
        resource.name,
        role,
        core.role() == Role.PRIMARY
            && exported
            && device != 0
            && world.time.nowMicros() >= deviceReadyMicros,
        resuming(),
        core.fenced(),
        refusal(core.judgePromotion()),
        connected,
        connected && core.peerRole() == Role.PRIMARY,
        connected && core.peerDisk() == DiskState.UP_TO_DATE);
  }

  /// The disk refused something in this life of the process.
  boolean diskFailed() {
    return node.alive() && node.running().disk() == DiskState.FAILED;
  }

  /// As the contract names it.
  static Refusal refusal(Verdict verdict) {
    return switch (verdict) {
      case ALLOWED -> Refusal.NONE;
      case DISK_UNUSABLE -> Refusal.DISK_UNUSABLE;
      case PEER_IS_PRIMARY,
          COPY_INCONSISTENT,
          COPY_OUTDATED,
          CURRENCY_UNKNOWN,
          SPLIT_BRAIN,
          PEER_UNHEARD,
          WITNESS_NAMES_PEER,
          WITNESS_FOREIGN,
          WITNESS_UNHEARD ->
          Refusal.of(verdict.name());
    };
  }
}
