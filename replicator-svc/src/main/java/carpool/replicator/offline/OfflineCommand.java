package carpool.replicator.offline;

import carpool.kit.config.ConfigException;
import carpool.kit.config.HastResource;
import carpool.kit.text.HumanNumber;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.offline.OfflineOptions.UsageException;
import carpool.replicator.offline.Provisioning.Dump;
import carpool.replicator.offline.Provisioning.OccupiedException;
import carpool.replicator.store.ProviderException;
import java.io.IOException;
import java.util.List;

/// `carpool-replicator create|dump`: works on the local provider, service or not. With `--hastctl`
/// the messages and exit codes are those of hastctl (hast.md section 5).
public final class OfflineCommand {
  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final int HAST_USAGE = 64;
  private static final int HAST_DATA = 65;
  private static final int HAST_NO_INPUT = 66;
  private static final int HAST_IO = 74;
  private static final int HAST_CONFIG = 78;
  private static final int HAST_DUMP_FAILED = 255;

  private OfflineCommand() {}

  /// True for a first argument that is ours.
  public static boolean handles(String word) {
    return word.equals("create") || word.equals("dump");
  }

  /// Runs the command and returns the exit code.
  public static int run(String[] args) {
    boolean hastctl = List.of(args).contains("--hastctl");
    try {
      var options = OfflineOptions.parse(args);
      var resources = options.load().resources();
      int code = OK;
      if (options.command.equals("create") && options.names.isEmpty()) {
        throw new UsageException("create needs the names of resources");
      }
      for (var name : options.names) {
        if (resources.stream().noneMatch(resource -> resource.name().equals(name))) {
          complain(hastctl, name, "Unknown resource " + name + ".");
          code = first(code, hastctl ? HAST_DATA : FAILED);
        }
      }
      for (var resource : resources) {
        if (options.names.isEmpty() || options.names.contains(resource.name())) {
          code =
              first(
                  code,
                  options.command.equals("create")
                      ? create(resource, options)
                      : dump(resource, options));
        }
      }
      return code;
    } catch (UsageException e) {
      System.err.println("carpool-replicator: " + e.getMessage());
      return hastctl ? HAST_USAGE : USAGE;
    } catch (ConfigException e) {
      e.problems().forEach(System.err::println);
      return hastctl ? HAST_CONFIG : USAGE;
    } catch (IOException e) {
      System.err.println("carpool-replicator: " + e.getMessage());
      return hastctl ? HAST_CONFIG : USAGE;
    }
  }

  private static int first(int code, int next) {
    return code != OK ? code : next;
  }

  private static void complain(boolean hastctl, String resource, String text) {
    System.err.println(
        hastctl ? "[ERROR] [" + resource + "] " + text : "carpool: " + resource + ": " + text);
  }

  private static int create(HastResource resource, OfflineOptions options) {
    try {
      var metadata = Provisioning.create(resource, options.create());
      if (!options.hastctl) {
        System.out.println(
            resource.name()
                + ": created, "
                + metadata.dataSizeBytes()
                + " bytes of data ("
                + HumanNumber.bytes(metadata.dataSizeBytes())
                + ") on "
                + resource.local().path());
      }
      return OK;
    } catch (OccupiedException e) {
      complain(
          options.hastctl,
          resource.name(),
          e.getMessage()
              + "; "
              + (options.hastctl
                  ? "to overwrite it: carpool create --force " + resource.name()
                  : "--force overwrites it"));
      return options.hastctl ? HAST_DATA : FAILED;
    } catch (LayoutException e) {
      complain(options.hastctl, resource.name(), String.valueOf(e.getMessage()));
      return options.hastctl ? HAST_DATA : FAILED;
    } catch (ProviderException e) {
      var program = options.hastctl ? "hastctl" : "carpool";
      complain(
          options.hastctl,
          resource.name(),
          e.getMessage()
              + (e.reason() == ProviderException.Reason.BUSY
                  ? "; to take it out of use: " + program + " role init " + resource.name()
                  : ""));
      if (!options.hastctl) {
        return FAILED;
      }
      return switch (e.reason()) {
        case MISSING, UNSUITABLE, BUSY, NO_ACCESS -> HAST_NO_INPUT;
        case NO_SPACE, SHORT, IO_ERROR, FAILED_BEFORE, CLOSED -> HAST_IO;
      };
    }
  }

  private static int dump(HastResource resource, OfflineOptions options) {
    try {
      var dump = Provisioning.dump(resource);
      System.out.print(options.json ? json(dump) : text(dump, options.hastctl));
      return OK;
    } catch (LayoutException | ProviderException e) {
      complain(options.hastctl, resource.name(), String.valueOf(e.getMessage()));
      return options.hastctl ? HAST_DUMP_FAILED : FAILED;
    }
  }

  /// hastctl's text, and below it what only carpool knows.
  static String text(Dump dump, boolean hastctl) {
    var metadata = dump.metadata();
    var identity = metadata.identity();
    var text =
        """
        resource: %s
            datasize: %d (%s)
            extentsize: %d (%s)
            keepdirty: %d
            localoff: %d
            resuid: %s
            localcnt: %s
            remotecnt: %s
            prevrole: %s
        """
            .formatted(
                metadata.resource(),
                metadata.dataSizeBytes(),
                HumanNumber.bytes(metadata.dataSizeBytes()),
                metadata.extentSizeBytes(),
                HumanNumber.bytes(metadata.extentSizeBytes()),
                metadata.keepdirty(),
                metadata.offsetBytes(),
                Long.toUnsignedString(identity.resuid()),
                Long.toUnsignedString(identity.localcnt()),
                Long.toUnsignedString(identity.remotecnt()),
                metadata.prevRole().word());
    return hastctl ? text : text + ours(dump);
  }

  private static String ours(Dump dump) {
    var identity = dump.metadata().identity();
    var text = new StringBuilder();
    text.append("    disk: ").append(dump.metadata().disk()).append('\n');
    text.append("    generation: ").append(Long.toHexString(identity.generation()));
    text.append(identity.alone() ? " (gone on alone)\n" : "\n");
    text.append("    dirty extents: ").append(dump.dirtyExtents()).append('\n');
    text.append("    valid copies: ").append(dump.validCopies());
    text.append(" of ").append(dump.copies()).append('\n');
    dump.warnings().forEach(warning -> text.append("    warning: ").append(warning).append('\n'));
    return text.toString();
  }

  private static String json(Dump dump) {
    var metadata = dump.metadata();
    var identity = metadata.identity();
    return ("{\"resource\":\"%s\",\"dataSizeBytes\":\"%d\",\"extentSizeBytes\":\"%d\",\"keepdirty\":%d,"
            + "\"localOffsetBytes\":\"%d\",\"identity\":{\"resuid\":\"%s\",\"localcnt\":\"%s\","
            + "\"remotecnt\":\"%s\",\"generation\":\"%s\",\"alone\":%b},\"prevrole\":\"%s\","
            + "\"disk\":\"DISK_STATE_%s\",\"validCopies\":%d,\"dirtyExtents\":\"%d\"}\n")
        .formatted(
            metadata.resource(),
            metadata.dataSizeBytes(),
            metadata.extentSizeBytes(),
            metadata.keepdirty(),
            metadata.offsetBytes(),
            Long.toUnsignedString(identity.resuid()),
            Long.toUnsignedString(identity.localcnt()),
            Long.toUnsignedString(identity.remotecnt()),
            Long.toUnsignedString(identity.generation()),
            identity.alone(),
            metadata.prevRole().word(),
            metadata.disk(),
            dump.validCopies(),
            dump.dirtyExtents());
  }
}
