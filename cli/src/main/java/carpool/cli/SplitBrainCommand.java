package carpool.cli;

import carpool.cli.output.Table;
import carpool.cli.output.Words;
import carpool.kit.text.HumanNumber;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.GetSplitBrainRequest;
import carpool.replicator.v1.ResolveSplitBrainRequest;
import carpool.replicator.v1.SplitBrainSide;
import carpool.replicator.v1.Survivor;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `carpool split-brain …`.
@Command(
    name = "split-brain",
    description = "Both copies were written while apart: look, then name the survivor.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SplitBrainCommand.Show.class,
      SplitBrainCommand.KeepLocal.class,
      SplitBrainCommand.KeepPeer.class
    })
final class SplitBrainCommand extends GroupCommand {

  /// `carpool split-brain show`.
  @Command(name = "show", description = "What each side has.")
  static final class Show extends NodeCommand {
    @Parameters(paramLabel = "all|RESOURCE", description = "names (default: all)")
    private List<String> names = new ArrayList<>();

    @Override
    int run(Services services) {
      var answer =
          services
              .replicator()
              .getSplitBrain(
                  GetSplitBrainRequest.newBuilder()
                      .addAllResources(ResourceNames.of(names))
                      .build());
      if (json()) {
        console().json(answer);
      } else if (answer.getSplitBrainsCount() == 0) {
        out().println("no split brain");
      } else {
        var table =
            new Table(
                "RESOURCE", "SIDE", "NODE", "ROLE", "ALONE", "LAST WRITE", "DIFFERS", "EXTENTS");
        for (var one : answer.getSplitBrainsList()) {
          row(table, one.getResource(), "local", one.getLocal());
          row(table, one.getResource(), "peer", one.getPeer());
        }
        table.print(out(), "");
        for (var one : answer.getSplitBrainsList()) {
          if (one.getEveryBlock()) {
            out()
                .println(
                    one.getResource()
                        + ": the copies did not part from one generation:"
                        + " EVERY block of the side that is not kept is overwritten");
          }
          beware(one.getResource(), one.getLocal());
          beware(one.getResource(), one.getPeer());
        }
        out()
            .println(
                "the differing blocks of the side that is not kept are overwritten:"
                    + " carpool split-brain keep-local|keep-peer RESOURCE");
      }
      return Exit.DONE;
    }

    private void beware(String resource, SplitBrainSide side) {
      if (side.getDisk() == DiskState.DISK_STATE_INCONSISTENT) {
        out()
            .println(
                resource
                    + ": the copy of "
                    + side.getNode()
                    + " is half synchronised and cannot be the survivor");
      } else if (side.getWithoutAncestor()) {
        out()
            .println(
                resource
                    + ": the copy of "
                    + side.getNode()
                    + " was created anew or promoted by force, perhaps while half synchronised:"
                    + " look at its data before you keep it");
      }
    }

    private static void row(Table table, String resource, String side, SplitBrainSide facts) {
      var now = Instant.now();
      table.row(
          resource,
          side,
          facts.getNode(),
          Words.of(facts.getRole()),
          Words.since(facts.getSinceUnixMillis(), now),
          Words.since(facts.getLastWriteUnixMillis(), now),
          HumanNumber.bytes(facts.getDifferentBytes()),
          Long.toString(facts.getDifferentExtents()));
    }
  }

  /// `carpool split-brain keep-local`.
  @Command(name = "keep-local", description = "This node's copy survives.")
  static final class KeepLocal extends Resolve {
    @Override
    Survivor survivor() {
      return Survivor.SURVIVOR_LOCAL;
    }
  }

  /// `carpool split-brain keep-peer`.
  @Command(name = "keep-peer", description = "The other node's copy survives.")
  static final class KeepPeer extends Resolve {
    @Override
    Survivor survivor() {
      return Survivor.SURVIVOR_PEER;
    }
  }

  abstract static class Resolve extends NodeCommand {
    @Parameters(arity = "1..*", paramLabel = "all|RESOURCE", description = "names, or all")
    private List<String> names = new ArrayList<>();

    abstract Survivor survivor();

    @Override
    int run(Services services) {
      var answer =
          services
              .replicator()
              .resolveSplitBrain(
                  ResolveSplitBrainRequest.newBuilder()
                      .addAllResources(ResourceNames.of(names))
                      .setKeep(survivor())
                      .build());
      if (json()) {
        console().json(answer);
      }
      return SyncResults.print(this, answer.getResultsList(), "copying");
    }
  }
}
