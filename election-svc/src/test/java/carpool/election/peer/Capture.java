package carpool.election.peer;

import carpool.election.core.wire.IpAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// tcpdump on the client's port: who advertised what and when, and who claimed addresses.
final class Capture implements Guest {
  private final Path file;
  private final Process process;

  /// One advertisement.
  ///
  /// @param seconds since the epoch
  /// @param source IP address
  /// @param packetHex the 36 bytes
  record Advert(double seconds, String source, int advbase, int advskew, String packetHex) {
    boolean leaving() {
      return advbase == 255 && advskew == 255;
    }
  }

  private Capture(Path file, Process process) {
    this.file = file;
    this.process = process;
  }

  static Capture start(Wire wire) {
    Path file = wire.directory().resolve("capture.pcap");
    Path log = wire.directory().resolve("tcpdump.log");
    var process =
        Command.start(
            log,
            List.of(
                "ip",
                "netns",
                "exec",
                wire.ns(wire.client()),
                "tcpdump",
                "-i",
                "eth0",
                "-U",
                "--immediate-mode",
                "-w",
                file.toString(),
                "proto 112 or ip6 proto 112 or arp"));
    Command.await(10, "tcpdump listens", () -> Command.read(log).contains("listening on"));
    return wire.guest(new Capture(file, process));
  }

  List<Advert> adverts() {
    var out = new ArrayList<Advert>();
    for (var frame : frames()) {
      int type = frame.data().getShort(12) & 0xffff;
      int ipHeader = type == 0x0800 ? 20 : 40;
      boolean carp =
          (type == 0x0800 && frame.data().get(23) == 112)
              || (type == 0x86dd && frame.data().get(20) == 112);
      if (carp) {
        byte[] bytes = frame.data().array();
        int at = 14 + ipHeader;
        var source =
            type == 0x0800
                ? IpAddress.of(Arrays.copyOfRange(bytes, 26, 30))
                : IpAddress.of(Arrays.copyOfRange(bytes, 22, 38));
        byte[] packet = Arrays.copyOfRange(bytes, at, at + 36);
        out.add(
            new Advert(
                frame.seconds(),
                source.toString(),
                packet[5] & 0xff,
                packet[2] & 0xff,
                HexFormat.of().formatHex(packet)));
      }
    }
    return out;
  }

  List<Advert> adverts(String source) {
    return adverts().stream().filter(advert -> advert.source().equals(source)).toList();
  }

  /// Seconds from the last packet of `before` (leave markers count) to the first of `after` that
  /// follows it.
  double takeover(String before, String after) {
    var all = adverts();
    var last = all.stream().filter(advert -> advert.source().equals(before)).toList().getLast();
    return all.stream()
            .filter(advert -> advert.source().equals(after))
            .filter(advert -> advert.seconds() > last.seconds())
            .findFirst()
            .orElseThrow()
            .seconds()
        - last.seconds();
  }

  private record Frame(double seconds, ByteBuffer data) {}

  private List<Frame> frames() {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    var out = new ArrayList<Frame>();
    int at = 24;
    while (at + 16 <= bytes.length) {
      int length = in.getInt(at + 8);
      if (at + 16 + length > bytes.length) {
        break;
      }
      double seconds = in.getInt(at) + in.getInt(at + 4) / 1e6;
      out.add(
          new Frame(
              seconds, ByteBuffer.wrap(Arrays.copyOfRange(bytes, at + 16, at + 16 + length))));
      at += 16 + length;
    }
    return out;
  }

  @Override
  public void close() {
    process.destroy();
    var _ = process.onExit().orTimeout(5, TimeUnit.SECONDS).join();
  }
}
