package carpool.election.raw;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Which of the two capabilities this service needs are missing, from `/proc/self/status`.
public final class Capabilities {
  private static final int CAP_NET_ADMIN = 12;
  private static final int CAP_NET_RAW = 13;

  private Capabilities() {}

  /// One sentence per missing capability; empty when both are there or it cannot be known.
  public static List<String> missing() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapEff:")) {
          return missing(Long.parseUnsignedLong(line.substring(7).strip(), 16));
        }
      }
    } catch (IOException _) {
      // Without /proc the system calls themselves will tell.
    }
    return List.of();
  }

  static List<String> missing(long effective) {
    var out = new ArrayList<String>();
    if ((effective & 1L << CAP_NET_RAW) == 0) {
      out.add("CAP_NET_RAW is missing: no advertisement can be sent or heard");
    }
    if ((effective & 1L << CAP_NET_ADMIN) == 0) {
      out.add("CAP_NET_ADMIN is missing: the virtual address cannot be added or removed");
    }
    return out;
  }
}
