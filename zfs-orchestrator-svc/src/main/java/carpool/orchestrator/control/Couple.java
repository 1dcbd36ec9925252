package carpool.orchestrator.control;

import static java.util.stream.Collectors.toList;

import carpool.kit.boot.Version;
import carpool.kit.config.LoadedConfig;
import carpool.orchestrator.core.ClientSight;
import carpool.orchestrator.core.GroupSight;
import carpool.orchestrator.peers.Refusals;
import carpool.orchestrator.v1.Counterpart;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.NetworkInterface;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.PoolNote;
import carpool.replicator.v1.AskPeerRequest;
import carpool.replicator.v1.AskPeerResponse;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What the two orchestrators know of each other: notes that their replicators pass on, so that a
/// node can tell of a move what the other one did, even when that has died since. Any thread.
public final class Couple {
  private static final Duration PATIENCE = Duration.ofSeconds(12);

  /// A note older than this says nothing of what is now.
  private static final long NOTE_AGE_MAX_MILLIS = 10_000;

  private final Node node;
  private final LoadedConfig loaded;

  /// The other node as it answered.
  ///
  /// @param answer of the replicator
  /// @param note what the other orchestrator left; empty when nothing
  record Other(AskPeerResponse answer, Note note) {
    static Other unreached(String problem) {
      return new Other(
          AskPeerResponse.newBuilder().setProblem(problem).build(), Note.getDefaultInstance());
    }

    /// Of the other clock, against this node's.
    long aheadMicros() {
      return (answer.getPeerUnixMillis() - answer.getOwnUnixMillis()) * 1000;
    }

    /// Both clocks are read in milliseconds, and the answer may have been given at any time
    /// between.
    long exactMicros() {
      return answer.getRoundTripMicros() / 2 + 1000;
    }

    Counterpart counterpart() {
      var out =
          Counterpart.newBuilder()
              .setNode(answer.getNode())
              .setReached(answer.getReached())
              .setProblem(answer.getProblem());
      if (answer.getReached()) {
        out.setClockAheadMicros(aheadMicros()).setClockExactMicros(exactMicros());
      }
      return out.build();
    }
  }

  /// For the process and for the service.
  public Couple(Node node, LoadedConfig loaded) {
    this.node = node;
    this.loaded = loaded;
  }

  /// Leaves word for the other node; asks nobody. A replicator that does not answer is left out.
  public void leave() {
    try {
      var _ =
          node.replicator()
              .stub(Duration.ofSeconds(2))
              .askPeer(
                  AskPeerRequest.newBuilder()
                      .setNote(note("").toByteString())
                      .setLeaveOnly(true)
                      .build());
    } catch (StatusRuntimeException _) {
      // The next time.
    }
  }

  /// Asks the other node now.
  Other ask() {
    return ask(PATIENCE);
  }

  private Other ask(Duration patience) {
    try {
      var answer = node.replicator().stub(patience).askPeer(AskPeerRequest.getDefaultInstance());
      return new Other(answer, parsed(answer.getNote()));
    } catch (StatusRuntimeException e) {
      return Other.unreached("carpool-replicator could not be asked: " + Refusals.text(e));
    }
  }

  private static Note parsed(ByteString bytes) {
    try {
      return Note.parseFrom(bytes);
    } catch (InvalidProtocolBufferException _) {
      return Note.getDefaultInstance();
    }
  }

  /// What is known of the other node now, as far as this one acts by it.
  ///
  /// @param node its name; empty when it is not reached
  /// @param configDiffers the two replicators go by different files
  /// @param networks what it sees of each election group's network; empty when its orchestrator has
  ///   left nothing lately
  /// @param groups what it says of itself for each election group; empty likewise
  /// @param note all that it left; empty when it has left nothing lately
  public record Glance(
      String node,
      boolean configDiffers,
      Map<String, ClientSight> networks,
      Map<String, GroupSight> groups,
      Note note) {}

  /// Looks at the other node, with little patience.
  public Glance glance() {
    var asked = System.nanoTime();
    var other = ask(Duration.ofSeconds(3));
    var answer = other.answer();
    var networks = new HashMap<String, ClientSight>();
    var note = Note.getDefaultInstance();
    if (answer.hasNoteAgeMillis() && answer.getNoteAgeMillis() <= NOTE_AGE_MAX_MILLIS) {
      note = other.note();
      var age = answer.getNoteAgeMillis() * 1_000_000 + System.nanoTime() - asked;
      for (var network : other.note().getClientNetworksList()) {
        networks.put(network.getGroup(), OrchestratorProtoMapper.sight(network).aged(age));
      }
    }
    var differs =
        answer.getReached()
            && !answer.getOwnConfigDigest().isEmpty()
            && !answer.getOwnConfigDigest().equals(answer.getConfigDigest());
    return new Glance(
        answer.getNode(), differs, networks, OrchestratorProtoMapper.groups(note, poolsOf()), note);
  }

  /// What this node did, newest first; kept over restarts.
  List<Failover> failovers() {
    return node.kept().getFailoversList();
  }

  /// What this node tells of itself.
  ///
  /// @param peerAddress leads to the interface of the replication; empty: not known
  Note note(String peerAddress) {
    var out =
        Note.newBuilder()
            .setNode(loaded.node().value())
            .setUnixMillis(System.currentTimeMillis())
            .setVersion(Version.current())
            .addAllFailCounts(node.kept().getFailCountsList())
            .setMaintenance(!node.kept().getMaintenance().isEmpty())
            .setUnmanaged(!node.kept().getUnmanaged().isEmpty())
            .addAllFailovers(failovers());
    node.networks()
        .forEach(network -> out.addClientNetworks(OrchestratorProtoMapper.network(network)));
    node.moves()
        .forEach(moves -> out.addGroups(OrchestratorProtoMapper.group(moves.own(), moves.group())));
    node.pools().forEach(pool -> out.addPools(poolNote(pool)));
    for (var group : loaded.config().election()) {
      Interfaces.named(group.interfaceName())
          .ifPresent(found -> out.addInterfaces(use(group.name(), found)));
    }
    var remote =
        peerAddress.isEmpty()
            ? loaded.hast().resources().stream()
                .flatMap(resource -> resource.local().remote().stream())
                .flatMap(address -> address.hostPort().stream())
                .map(address -> address.host())
                .findFirst()
            : java.util.Optional.of(peerAddress);
    remote
        .flatMap(Interfaces::towards)
        .ifPresent(found -> out.addInterfaces(use("replication", found)));
    return out.build();
  }

  /// The pools that move with each group, by the configuration; a sync group is known by its first
  /// group.
  private Map<String, List<String>> poolsOf() {
    return loaded.config().pools().stream()
        .collect(
            Collectors.groupingBy(
                pool -> first(pool.follows()), Collectors.mapping(pool -> pool.name(), toList())));
  }

  private String first(String group) {
    return node.movesWith(group).getFirst();
  }

  private PoolNote poolNote(Node.PoolStatus pool) {
    var wanted =
        node.moves().stream()
            .anyMatch(moves ->
                moves.group().equals(first(pool.spec().follows())) && moves.own().wanted());
    return PoolNote.newBuilder()
        .setPool(pool.spec().name())
        .setState(OrchestratorProtoMapper.state(pool.view()))
        .setWanted(wanted)
        .build();
  }

  private static NetworkInterface use(String use, Interfaces.Found found) {
    return NetworkInterface.newBuilder()
        .setUse(use)
        .setName(found.name())
        .setMtu(found.mtu())
        .build();
  }
}
