package carpool.cli;

import carpool.cli.output.StatusPage;
import carpool.cli.output.Words;
import carpool.election.v1.DemoteRequest;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.Group;
import carpool.election.v1.ResignRequest;
import carpool.election.v1.UndemoteRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool carp …`.
@Command(
    name = "carp",
    description = "The CARP groups of this node.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CarpCommand.Show.class,
      CarpCommand.Resign.class,
      CarpCommand.Demote.class,
      CarpCommand.Undemote.class
    })
final class CarpCommand extends GroupCommand {

  /// `carpool carp status`.
  @Command(name = "status", description = "State, demotions, counters and last transitions.")
  static final class Show extends NodeCommand {
    @Override
    int run(Services services) {
      var answer = services.election().getStatus(GetStatusRequest.getDefaultInstance());
      if (json()) {
        console().json(answer);
        return Exit.DONE;
      }
      for (var group : answer.getGroupsList()) {
        out().println(group.getLine());
        new StatusPage(out(), paint(), Instant.now()).groups(List.of(group));
        var counters = group.getCounters();
        out()
            .println(
                "  packets: received %d, sent %d, bad digest %d, other vhid %d, replayed %d, send errors %d"
                    .formatted(
                        counters.getReceived(),
                        counters.getSent(),
                        counters.getBadDigest(),
                        counters.getOtherVhid(),
                        counters.getReplayed(),
                        counters.getSendErrors()));
        for (var t : group.getTransitionsList()) {
          out()
              .println(
                  "  "
                      + Instant.ofEpochMilli(t.getUnixMillis())
                      + "  "
                      + upper(Words.of(t.getFrom()))
                      + " -> "
                      + upper(Words.of(t.getTo()))
                      + (t.getReason().isEmpty() ? "" : " (" + t.getReason() + ")"));
        }
      }
      return Exit.DONE;
    }
  }

  /// `carpool carp resign`.
  @Command(
      name = "resign",
      description = {
        "Leaves MASTER now; the other node takes over at once.",
        "Groups with the same sync-group move with it."
      })
  static final class Resign extends NodeCommand {
    @Parameters(paramLabel = "GROUP", description = "groups (default: all)")
    private List<String> groups = new ArrayList<>();

    @Override
    int run(Services services) {
      var answer =
          services
              .election()
              .resign(ResignRequest.newBuilder().addAllGroups(groups).setCause("operator").build());
      if (json()) {
        console().json(answer);
      } else {
        lines(this, answer.getGroupsList());
      }
      return Exit.DONE;
    }
  }

  /// `carpool carp demote`.
  @Command(name = "demote", description = "Adds a named cause of demotion.")
  static final class Demote extends NodeCommand {
    @Parameters(paramLabel = "GROUP", description = "groups (default: all)")
    private List<String> groups = new ArrayList<>();

    @Option(
        names = "--cause",
        paramLabel = "NAME",
        defaultValue = "operator",
        description = "name of the cause (default: ${DEFAULT-VALUE})")
    private String cause = "operator";

    @Option(
        names = "--amount",
        paramLabel = "N",
        defaultValue = "240",
        description = "1 to 255, in 1/256 s (default: ${DEFAULT-VALUE})")
    private int amount = 240;

    @Option(names = "--text", paramLabel = "TEXT", defaultValue = "", description = "for status")
    private String text = "";

    @Option(names = "--ineligible", description = "also never become MASTER while it stands")
    private boolean ineligible;

    @Override
    int run(Services services) {
      if (amount < 1 || amount > 255) {
        throw new CliFailure(Exit.USAGE, amount + " after --amount; allowed: 1..255");
      }
      var answer =
          services
              .election()
              .demote(
                  DemoteRequest.newBuilder()
                      .addAllGroups(groups)
                      .setCause(cause)
                      .setAmount(amount)
                      .setIneligible(ineligible)
                      .setText(text)
                      .build());
      if (json()) {
        console().json(answer);
      } else {
        lines(this, answer.getGroupsList());
      }
      return Exit.DONE;
    }
  }

  /// `carpool carp undemote`.
  @Command(name = "undemote", description = "Takes a cause of demotion back.")
  static final class Undemote extends NodeCommand {
    @Parameters(paramLabel = "GROUP", description = "groups (default: all)")
    private List<String> groups = new ArrayList<>();

    @Option(
        names = "--cause",
        paramLabel = "NAME",
        defaultValue = "operator",
        description = "name of the cause (default: ${DEFAULT-VALUE})")
    private String cause = "operator";

    @Override
    int run(Services services) {
      var answer =
          services
              .election()
              .undemote(UndemoteRequest.newBuilder().addAllGroups(groups).setCause(cause).build());
      if (json()) {
        console().json(answer);
      } else {
        lines(this, answer.getGroupsList());
      }
      return Exit.DONE;
    }
  }

  private static void lines(NodeCommand command, List<Group> groups) {
    new StatusPage(command.out(), command.paint(), Instant.now()).groups(groups);
  }

  private static String upper(String word) {
    return word.toUpperCase(Locale.ROOT);
  }
}
