package carpool.sim.engine;

import carpool.replicator.engine.FailedCopies;
import carpool.replicator.engine.ResourceDevice;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/// One run of two nodes with the product's own engine, provider, link and session, over simulated
/// system calls and sockets: faults for a while (safety), then none until both copies are equal
/// (liveness), then a power cut of both.
///
/// Whoever promotes knows what CARP and the orchestrator would know; split brains belong to
/// [carpool.sim.replication.PairWorld].
public final class EngineWorld {
  private static final long SECOND = 1_000_000;
  private static final long FAULT_PHASE_MICROS = 35 * SECOND;

  /// Clients go on for so long when nothing fails any more.
  private static final long CLIENTS_MICROS = 8 * SECOND;

  /// Both copies are in sync, and all requests answered, so long after the last fault at most.
  private static final long QUIET_MICROS = 60 * SECOND;

  private final VirtualTime time;
  private final Turns turns;
  private final Transcript transcript;
  private final Traits traits;
  private final SimNetwork network;
  private final List<EngineNode> nodes = new ArrayList<>();
  private final History history;
  private final Windows windows;
  private final Losses losses;
  private final Operator operator;
  private final Checks checks;
  private final KnownDifferences knownDifferences;
  private final WorldFaults chaos;
  private final Path stateDir;
  private final Buffers buffers = new Buffers();
  private boolean clientsRun = true;
  private int acknowledged;
  private long dataOffset;

  static {
    // What the product reports of disks and connections that fail is in the transcript.
    if (LoggerFactory.getLogger("carpool.replicator") instanceof Logger logger) {
      logger.setLevel(Level.OFF);
    }
  }

  EngineWorld(long seed, boolean keepTranscript, Path stateDir) {
    this.stateDir = stateDir;
    time = new VirtualTime(seed);
    turns = new Turns(time, keepTranscript);
    transcript = new Transcript(time, keepTranscript ? 6000 : 0);
    traits = new Traits(time);
    windows = traits.windows();
    history = new History(windows.sectors());
    network = new SimNetwork(this);
    network.slow(traits.slowNetwork());
    network.corrupts(traits.corrupts());
    nodes.add(node(0, "a"));
    nodes.add(node(1, "b"));
    losses = new Losses(this, history);
    checks = new Checks(this, history, windows, losses);
    knownDifferences = new KnownDifferences(this, losses);
    operator = new Operator(this, losses);
    chaos = new WorldFaults(this);
    transcript.add("---", traits.toString());
  }

  private EngineNode node(int index, String name) {
    var machine = new SimMachine(this, newDisk());
    machine.slow(traits.slowDisk(index));
    return new EngineNode(this, index, name, machine, new FailedCopies(stateDir.resolve(name)));
  }

  private SimDisk newDisk() {
    return new SimDisk(traits.dataBytes() + (1 << 20));
  }

  /// What a run came to.
  ///
  /// @param acknowledgedWrites writes that clients were told are done
  /// @param faults of all kinds
  /// @param forced 1 when two failures left no copy that may be served, and an operator forced one
  public record Outcome(int acknowledgedWrites, int faults, int forced) {}

  /// Runs one seed.
  ///
  /// @throws IllegalStateException when a checker found something; its message ends with the
  ///   transcript
  public static Outcome run(long seed) {
    try {
      return play(seed, /* keepTranscript= */ false, null);
    } catch (RuntimeException | Error first) {
      // Once more, word for word the same, with the transcript.
      var lines = new Transcript[1];
      try {
        play(seed, /* keepTranscript= */ true, lines);
      } catch (RuntimeException | Error second) {
        throw new IllegalStateException(
            "seed " + seed + ": " + second.getMessage() + "\n" + lines[0] + trace(second), second);
      }
      throw new IllegalStateException(
          "seed " + seed + " failed once and not again: " + first.getMessage(), first);
    }
  }

  /// Where a process failed; of a broken rule the transcript says enough.
  private static String trace(Throwable broken) {
    if (broken instanceof Violation) {
      return "";
    }
    var text = new StringWriter();
    broken.printStackTrace(new PrintWriter(text));
    return "\n" + text;
  }

  private static Outcome play(long seed, boolean keepTranscript, Transcript @Nullable [] lines) {
    try {
      var directory = Files.createTempDirectory("carpool-sim");
      try {
        var world = new EngineWorld(seed, keepTranscript, directory);
        if (lines != null) {
          lines[0] = world.transcript;
        }
        try {
          return world.play();
        } finally {
          for (var node : world.nodes) {
            node.end(/* powerCut= */ true);
          }
          world.buffers.end();
        }
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new IllegalStateException("no directory for the notes of failed copies", e);
    }
  }

  private static void delete(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException problem)
              throws IOException {
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  // ----- what the others ask

  VirtualTime time() {
    return time;
  }

  Turns turns() {
    return turns;
  }

  Transcript transcript() {
    return transcript;
  }

  Traits traits() {
    return traits;
  }

  Buffers buffers() {
    return buffers;
  }

  SimNetwork network() {
    return network;
  }

  EngineNode node(int index) {
    return nodes.get(index);
  }

  EngineNode node(SimMachine machine) {
    return node(0).machine == machine ? node(0) : node(1);
  }

  EngineNode other(EngineNode node) {
    return node(1 - node.index);
  }

  History history() {
    return history;
  }

  Windows windows() {
    return windows;
  }

  Losses losses() {
    return losses;
  }

  Checks checks() {
    return checks;
  }

  WorldFaults chaos() {
    return chaos;
  }

  boolean clientsRun() {
    return clientsRun;
  }

  Clients clients(EngineNode node, SimProcess process, ResourceDevice device) {
    return new Clients(this, node, process, device);
  }

  /// Where the data begins; 0 as long as no node was seen to attach its provider.
  long dataOffset() {
    for (var node : nodes) {
      var engine = node.engine();
      if (engine != null) {
        dataOffset = engine.disk().metadata().offsetBytes();
      }
    }
    return dataOffset;
  }

  // ----- what happens

  void failStop(SimProcess process, String reason, Throwable cause) {
    turns.fail(new IllegalStateException("fail-stop of " + process + ": " + reason, cause));
  }

  void acknowledged(EngineNode node, History.Write write) {
    acknowledged++;
    losses.acknowledged(node, write);
    if (transcript.kept()) {
      node.log("client was told that " + write.id + " is done");
    }
  }

  /// kill -9, or a power cut of the machine.
  void crash(EngineNode node, boolean powerCut) {
    if (node.up()) {
      losses.noteInStep();
      node.log(powerCut ? "power cut" : "killed");
      end(node, powerCut);
    }
  }

  /// SIGTERM.
  void stop(EngineNode node) {
    node.stop(process -> {
      if (node.runs(process)) {
        losses.noteInStep();
        node.log("has stopped");
        end(node, /* powerCut= */ false);
      }
    });
  }

  private void end(EngineNode node, boolean powerCut) {
    losses.ends(node, powerCut);
    var clients = node.clients();
    if (clients != null) {
      clients.gone();
    }
    node.end(powerCut);
    if (powerCut) {
      node.machine.powerCut(traits.bigSectors() ? dataOffset() : 0);
    }
    losses.ended(node);
    knownDifferences.check();
    time.within(
        SECOND / 5,
        8 * SECOND,
        () -> {
          if (!node.up()) {
            restart(node);
          }
        });
  }

  void restart(EngineNode node) {
    if (node.machine.trouble() == SimMachine.Trouble.DEAD) {
      node.log("the disk is replaced");
      node.machine.replaceDisk(newDisk());
      losses.diskReplaced(node);
    }
    node.machine.mend();
    losses.starts(node);
    node.start();
  }

  // ----- the run

  private Outcome play() {
    node(0).start();
    node(1).start();
    operator.begin();
    chaos.begin();
    turns.run(FAULT_PHASE_MICROS);
    chaos.end();
    turns.run(FAULT_PHASE_MICROS + CLIENTS_MICROS);
    clientsRun = false;
    while (!checks.settled() && time.nowMicros() < FAULT_PHASE_MICROS + QUIET_MICROS) {
      turns.run(time.nowMicros() + SECOND);
    }
    checks.converged();
    for (var node : nodes) {
      var clients = node.clients();
      if (clients != null && node.primary()) {
        clients.flushOnce();
      }
    }
    turns.run(time.nowMicros() + 10 * SECOND);
    checks.lastPowerCut();
    return new Outcome(acknowledged, chaos.count(), operator.forced());
  }
}
