package carpool.election.peer;

import carpool.election.Pcap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
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
      frame
          .carp()
          .ifPresent(packet -> {
            byte[] carp = packet.payload().array();
            out.add(
                new Advert(
                    frame.seconds(),
                    packet.source().toString(),
                    carp[5] & 0xff,
                    carp[2] & 0xff,
                    HexFormat.of().formatHex(carp)));
          });
    }
    return out;
  }

  List<Advert> adverts(String source) {
    return adverts().stream().filter(advert -> advert.source().equals(source)).toList();
  }

  /// Seconds from the last packet of `before` (leave markers count) to the first of `after` that
  /// follows it.
  double takeover(String before, String after) {
    // A node may say that it is master before its packet is in the capture.
    Command.await(3, "a packet of " + after, () -> following(before, after).isPresent());
    return following(before, after).orElseThrow();
  }

  private Optional<Double> following(String before, String after) {
    var all = adverts();
    var last = all.stream().filter(advert -> advert.source().equals(before)).toList().getLast();
    return all.stream()
        .filter(advert -> advert.source().equals(after))
        .filter(advert -> advert.seconds() > last.seconds())
        .findFirst()
        .map(advert -> advert.seconds() - last.seconds());
  }

  private List<Pcap.Frame> frames() {
    try {
      return Pcap.frames(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    var _ = process.onExit().orTimeout(5, TimeUnit.SECONDS).join();
  }
}
