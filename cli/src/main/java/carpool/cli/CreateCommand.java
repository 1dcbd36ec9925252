package carpool.cli;

import carpool.cli.hastctl.SizeOption;
import carpool.kit.text.HumanNumber;
import carpool.replicator.v1.CreateRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool create`: fresh metadata. Works without the service, too.
@Command(
    name = "create",
    description = "Writes fresh metadata to local providers; their data counts as new.")
final class CreateCommand extends NodeCommand {
  @Parameters(arity = "1..*", paramLabel = "RESOURCE", description = "names")
  private List<String> names = new ArrayList<>();

  @Option(names = "-e", paramLabel = "SIZE", description = "extent size, as 2m (default: 2 MiB)")
  private @Nullable String extentSize;

  @Option(names = "-k", paramLabel = "N", description = "extents kept dirty (default: 64)")
  private @Nullable String keepdirty;

  @Option(names = "-m", paramLabel = "SIZE", description = "use only so much of the provider")
  private @Nullable String mediaSize;

  @Option(
      names = "--data-size",
      paramLabel = "BYTES",
      description = "usable bytes, to fit the peer's copy (default: all that is left)")
  private @Nullable String dataSize;

  @Option(names = "--force", description = "overwrite what is on the provider")
  private boolean force;

  @Override
  int run(Services services) throws Exception {
    var extent = size("-e", extentSize);
    var keep = size("-k", keepdirty);
    var media = size("-m", mediaSize);
    var data = size("--data-size", dataSize);
    if (!services.runs(LocalService.REPLICATOR)) {
      return offline();
    }
    var answer =
        services
            .replicator()
            .create(
                CreateRequest.newBuilder()
                    .addAllResources(names)
                    .setExtentSizeBytes(extent)
                    .setKeepdirty((int) Math.min(keep, Integer.MAX_VALUE))
                    .setMediaSizeBytes(media)
                    .setDataSizeBytes(data)
                    .setForce(force)
                    .build());
    if (json()) {
      console().json(answer);
    }
    var done = true;
    for (var result : answer.getResultsList()) {
      if (!accepted(
          result.getResource(), result.getMessage(), result.hasError(), result.getError())) {
        done = false;
      } else if (!json()) {
        out()
            .println(
                result.getResource()
                    + ": created, "
                    + HumanNumber.bytes(result.getMetadata().getDataSizeBytes())
                    + " of data, extents of "
                    + HumanNumber.bytes(result.getMetadata().getExtentSizeBytes()));
      }
    }
    return done ? Exit.DONE : Exit.FAILED;
  }

  private int offline() throws Exception {
    var arguments = new ArrayList<>(List.of("create"));
    arguments.addAll(OfflineOptions.of(root()));
    add(arguments, "-e", extentSize);
    add(arguments, "-k", keepdirty);
    add(arguments, "-m", mediaSize);
    add(arguments, "--data-size", dataSize);
    if (force) {
      arguments.add("--force");
    }
    arguments.addAll(names);
    return Sibling.run("carpool-replicator", arguments, console().err());
  }

  private static void add(List<String> arguments, String option, @Nullable String value) {
    if (value != null) {
      arguments.add(option);
      arguments.add(value);
    }
  }

  private static long size(String option, @Nullable String text) {
    if (text == null) {
      return 0;
    }
    return SizeOption.parse(text)
        .orElseThrow(() ->
            new CliFailure(
                Exit.USAGE,
                "'"
                    + text
                    + "' after "
                    + option
                    + "; allowed: a number with an optional unit b k m g t p e, as 2m"));
  }
}
