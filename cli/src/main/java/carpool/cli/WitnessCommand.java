package carpool.cli;

import carpool.cli.output.WitnessPage;
import carpool.kit.grpc.ServiceError;
import carpool.replicator.v1.GetWitnessRequest;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.RenewWitnessRequest;
import carpool.replicator.v1.RenewWitnessResponse;
import io.grpc.StatusRuntimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool witness …`.
@Command(
    name = "witness",
    description = "The third vote of the pair: how it is, and what its records say.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      WitnessCommand.Show.class,
      WitnessCommand.Replace.class,
      WitnessCommand.Reset.class
    })
final class WitnessCommand extends GroupCommand {
  /// What a reset without the peer puts at risk.
  static final String RISK =
      "this node alone decides that it may serve: if the other node serves meanwhile, or has newer"
          + " data, a split brain follows when the two meet";

  /// The reason with which a replicator without a witness refuses.
  private static final String NONE = "WITNESS_NONE";

  /// Asks, and says what to do when there is no witness.
  static GetWitnessResponse ask(Services services, List<String> pools, Carpool options) {
    try {
      return services
          .replicator()
          .getWitness(GetWitnessRequest.newBuilder().addAllPools(pools).build());
    } catch (StatusRuntimeException e) {
      throw orNone(e, options);
    }
  }

  private static RuntimeException orNone(StatusRuntimeException failure, Carpool options) {
    return isNone(failure) ? none(options) : failure;
  }

  /// The replicator says that it has no witness.
  static boolean isNone(StatusRuntimeException failure) {
    return ServiceError.detailOf(failure).filter(d -> d.getReason().equals(NONE)).isPresent();
  }

  static CliFailure none(Carpool options) {
    return new CliFailure(
        Exit.FAILED,
        """
        no witness is configured on this node: when both networks are cut, both nodes may serve
          to have one: an etcd on a third machine, and in %s on both nodes
            witness: { endpoints: [ https://HOST:2379 ], tls: { ca: FILE, certificate: FILE, key: FILE } }
          then restart carpool-replicator, the standby's first; docs/witness.md has the steps\
        """
            .formatted(options.config()));
  }

  /// `carpool witness show`.
  @Command(
      name = "show",
      description = {
        "Asks every endpoint now; shows the record of each pool.",
        "Exit status 1 when no witness is configured."
      })
  static final class Show extends NodeCommand {
    @Parameters(paramLabel = "POOL", description = "only these pools (default: all)")
    private List<String> pools = new ArrayList<>();

    @Override
    int run(Services services) {
      var answer = ask(services, pools, root());
      if (json()) {
        console().json(answer);
      }
      // Every configured endpoint is a member, whether it answers or not.
      if (answer.getWitnessesCount() + answer.getMembersCount() == 0) {
        throw none(root());
      }
      if (!json()) {
        new WitnessPage(out(), paint(), Instant.now()).print(answer);
      }
      answer
          .getUnknownList()
          .forEach(
              name -> console().err().println("carpool: no pool '" + name + "' with a witness"));
      return answer.getUnknownCount() == 0 ? Exit.DONE : Exit.FAILED;
    }
  }

  /// `carpool witness replace`.
  @Command(
      name = "replace",
      description = {
        "Takes a new or emptied witness into use, on the primary of a connected pair.",
        "Refused where the witness has records already: carpool witness reset."
      })
  static final class Replace extends Renew {
    @Override
    RenewWitnessRequest.Builder request() {
      return RenewWitnessRequest.newBuilder();
    }
  }

  /// `carpool witness reset`.
  @Command(
      name = "reset",
      description =
          "Writes the records anew, whatever is there, on the primary of a connected pair; with"
              + " --force without the other node.")
  static final class Reset extends Renew {
    @Option(
        names = "--force",
        description = "without the other node; shows the risk, and asks on a terminal")
    private boolean force;

    @Override
    RenewWitnessRequest.Builder request() {
      if (force) {
        console().err().println("risk: " + RISK);
        if (Terminal.isThere()) {
          var typed = Terminal.ask("Type 'accept' to reset the witness all the same: ");
          if (!Objects.equals(typed, "accept")) {
            throw new CliFailure(Exit.FAILED, "not accepted; nothing was done");
          }
        }
      }
      return RenewWitnessRequest.newBuilder().setOverwrite(true).setForce(force);
    }
  }

  abstract static class Renew extends NodeCommand {
    @Parameters(paramLabel = "POOL", description = "only these pools (default: all)")
    private List<String> pools = new ArrayList<>();

    abstract RenewWitnessRequest.Builder request();

    @Override
    int run(Services services) {
      var replicator = services.replicator(); // first: without it there is nothing to confirm
      var request = request().addAllPools(pools).build();
      RenewWitnessResponse answer;
      try {
        answer = replicator.renewWitness(request);
      } catch (StatusRuntimeException e) {
        throw orNone(e, root());
      }
      if (json()) {
        console().json(answer);
      } else if (answer.getResultsCount() == 0) {
        throw none(root());
      }
      boolean done = answer.getResultsCount() > 0;
      for (var result : answer.getResultsList()) {
        if (!accepted(
            result.getPool(), result.getMessage(), result.hasError(), result.getError())) {
          done = false;
        } else if (!json()) {
          out().println(result.getPool() + ": " + result.getMessage());
        }
      }
      return done ? Exit.DONE : Exit.FAILED;
    }
  }
}
