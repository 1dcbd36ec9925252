package carpool.replicator.offline;

import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.kit.config.HastConfig;
import carpool.kit.config.HastConfigReader;
import carpool.kit.config.HostIdentity;
import carpool.replicator.offline.Provisioning.Options;
import carpool.replicator.offline.Provisioning.Overwrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Command line of the offline commands.
final class OfflineOptions {
  final String command;
  final List<String> names = new ArrayList<>();
  boolean hastctl;
  boolean json;
  private boolean force;
  private long extentSizeBytes;
  private int keepdirty;
  private long mediaSizeBytes;
  private long dataSizeBytes;
  private Path config = Path.of("/etc/carpool/carpool.yaml");
  private @Nullable Path hastConf;
  private Optional<String> node = Optional.empty();

  private OfflineOptions(String command) {
    this.command = command;
  }

  /// A command line that cannot be understood.
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  static OfflineOptions parse(String[] args) throws UsageException {
    var options = new OfflineOptions(args[0]);
    for (int i = 1; i < args.length; i++) {
      var arg = args[i];
      switch (arg) {
        case "--hastctl" -> options.hastctl = true;
        case "--json" -> options.json = true;
        case "--force" -> options.force = true;
        case "--config" -> options.config = Path.of(value(args, ++i));
        case "--hast-conf" -> options.hastConf = Path.of(value(args, ++i));
        case "--node" -> options.node = Optional.of(value(args, ++i));
        case "-e", "--extent-size" -> options.extentSizeBytes = size(arg, value(args, ++i));
        case "-m", "--media-size" -> options.mediaSizeBytes = size(arg, value(args, ++i));
        case "--data-size" -> options.dataSizeBytes = size(arg, value(args, ++i));
        case "-k", "--keepdirty" ->
            options.keepdirty = (int) Math.min(Integer.MAX_VALUE, size(arg, value(args, ++i)));
        default -> {
          if (arg.startsWith("-")) {
            throw new UsageException("unknown option " + arg);
          }
          options.names.add(arg);
        }
      }
    }
    return options;
  }

  private static String value(String[] args, int i) throws UsageException {
    if (i >= args.length) {
      throw new UsageException("the option " + args[i - 1] + " needs a value");
    }
    return args[i];
  }

  /// A number and at most one suffix letter, as expand_number(3) takes it, or `2MiB`.
  private static long size(String option, String text) throws UsageException {
    var digits = text.toLowerCase(Locale.ROOT).replaceFirst("i?b$", "");
    int shift = digits.isEmpty() ? -1 : "bkmgtpe".indexOf(digits.charAt(digits.length() - 1));
    if (shift >= 0) {
      digits = digits.substring(0, digits.length() - 1);
    }
    try {
      long number = Long.decode(digits);
      long bytes = Math.multiplyExact(number, 1L << (10 * Math.max(0, shift)));
      if (bytes >= 0) {
        return bytes;
      }
    } catch (NumberFormatException | ArithmeticException e) {
      // refused below, with what is allowed
    }
    throw new UsageException(
        option + " " + text + ": allowed is a number with an optional suffix b k m g t p e");
  }

  /// hastctl asks for nothing and overwrites everything; what is another's is not overwritten here.
  private Overwrite overwrite() {
    if (force) {
      return Overwrite.ANYTHING;
    }
    return hastctl ? Overwrite.OWN_METADATA : Overwrite.NOTHING;
  }

  Options create() {
    return new Options(extentSizeBytes, keepdirty, mediaSizeBytes, dataSizeBytes, overwrite());
  }

  HastConfig load() throws ConfigException, IOException {
    var file = hastConf;
    if (file == null) {
      return ConfigLoader.load(config, node).hast();
    }
    var host = node.map(HostIdentity::named).orElseGet(HostIdentity::ofThisMachine);
    return HastConfigReader.read(file.toString(), Files.readString(file), host);
  }
}
