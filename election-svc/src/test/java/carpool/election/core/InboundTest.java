package carpool.election.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpKey;
import carpool.election.core.wire.CarpPacket;
import carpool.election.core.wire.DropReason;
import carpool.election.core.wire.Golden;
import carpool.election.core.wire.IpAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class InboundTest {
  private static final IpAddress GROUP = IpAddress.parse("224.0.0.18");
  private static final IpAddress US = IpAddress.parse("10.77.0.1");
  private static final IpAddress PEER = IpAddress.parse("10.77.0.2");
  private static final IpAddress OTHER = IpAddress.parse("10.77.0.3");
  private static final CarpDigest DIGEST =
      CarpDigest.of(CarpKey.ofPassword("MyPassword"), 1, List.of(IpAddress.parse("10.77.0.50")));

  private final Inbound door =
      new Inbound(1, DIGEST, Set.of(), Set.of(GROUP), new ReplayMemory(1000));

  /// What ucarp made of the same packets is in the file; ours differs where it is stricter.
  @ParameterizedTest
  @CsvSource({
    "valid, accepted",
    "ttl-254, BAD_TTL",
    "version-3, VRRP",
    "type-2, BAD_TYPE",
    "authlen-0, BAD_AUTHLEN",
    "byte4-5, accepted",
    "carp-checksum-wrong, BAD_CHECKSUM",
    "vhid-9, OTHER_VHID",
    "dst-224.0.0.19, OTHER_DESTINATION",
    "dst-unicast, OTHER_DESTINATION",
    "trailing-4-bytes, accepted",
    "tos0-no-df, accepted",
    "real-source-mac, accepted",
    "hmac-first-byte-inverted, BAD_DIGEST",
  })
  void variationsOfOnePacketAreJudged(String id, String verdict) {
    var row =
        Golden.rows("receive-verdicts-ucarp.csv").stream()
            .filter(candidate -> candidate.get("id").equals(id))
            .findFirst()
            .orElseThrow();
    assertThat(words(door.judge(frame(row.get("frame_hex")), Set.of(US)))).isEqualTo(verdict);
  }

  @Test
  void ownAddressIsALoop() {
    assertThat(words(judge(US, 1, 0))).isEqualTo("LOOPED");
  }

  @Test
  void ownPacketUnderAnotherAddressIsAReplay() {
    door.sent(new Advertisement(1, 1, 0, 0, 7));
    assertThat(words(judge(OTHER, 7, 0))).isEqualTo("REPLAYED");
  }

  @Test
  void caughtPacketWithABetterPriorityIsAReplay() {
    assertThat(words(judge(PEER, 7, 100))).isEqualTo("accepted");
    assertThat(words(judge(PEER, 8, 100))).isEqualTo("accepted");
    assertThat(words(judge(PEER, 8, 0))).isEqualTo("REPLAYED");
    assertThat(words(judge(OTHER, 8, 0))).isEqualTo("REPLAYED");
    assertThat(words(judge(OTHER, 7, 255))).isEqualTo("REPLAYED");
  }

  @Test
  void counterNeedNotGrow() {
    for (long counter : new long[] {50, 3, -1, 49, Long.MIN_VALUE}) {
      assertThat(words(judge(PEER, counter, 0))).isEqualTo("accepted");
    }
  }

  @Test
  void senderOfOneValuePerBootIsHeardAlsoAfterItsNextBoot() {
    for (int i = 0; i < 10; i++) {
      assertThat(words(judge(PEER, 1234, 0))).isEqualTo("accepted");
    }
    for (int i = 0; i < 10; i++) {
      assertThat(words(judge(PEER, 99, 0))).as("rebooted").isEqualTo("accepted");
    }
    assertThat(words(judge(PEER, 1234, 0))).as("of the last boot").isEqualTo("REPLAYED");
  }

  @Test
  void newPeerAndChangedPriorityAreTold() {
    assertThat(judge(PEER, 1, 0).suspicions()).containsExactly(Suspicion.NEW_PEER);
    assertThat(judge(PEER, 2, 0).suspicions()).isEmpty();
    assertThat(judge(PEER, 3, 5).suspicions()).containsExactly(Suspicion.PRIORITY_CHANGED);
  }

  @Test
  void onlyListedPeersAreHeard() {
    var unicast = new Inbound(1, DIGEST, Set.of(PEER), Set.of(), new ReplayMemory(10));
    var packet = packet(PEER, US, 1, 0);
    assertThat(words(unicast.judge(packet, Set.of(US)))).isEqualTo("accepted");
    assertThat(words(unicast.judge(packet(OTHER, US, 2, 0), Set.of(US)))).isEqualTo("UNKNOWN_PEER");
    assertThat(words(unicast.judge(packet(PEER, OTHER, 3, 0), Set.of(US))))
        .isEqualTo("OTHER_DESTINATION");
  }

  @Test
  void memoryForgetsTheOldestFirst() {
    var memory = new ReplayMemory(3);
    for (long value = 1; value <= 4; value++) {
      assertThat(memory.add(value)).isTrue();
    }
    assertThat(memory.add(4)).isFalse();
    assertThat(memory.add(1)).isTrue();
  }

  private Verdict judge(IpAddress source, long counter, int advskew) {
    return door.judge(packet(source, GROUP, counter, advskew), Set.of(US));
  }

  private static ReceivedPacket packet(
      IpAddress source, IpAddress destination, long counter, int advskew) {
    byte[] bytes = CarpPacket.encode(new Advertisement(1, 1, advskew, 0, counter), DIGEST);
    return new ReceivedPacket(source, destination, 255, ByteBuffer.wrap(bytes));
  }

  private static ReceivedPacket frame(String hex) {
    byte[] frame = HexFormat.of().parseHex(hex);
    return new ReceivedPacket(
        IpAddress.of(Arrays.copyOfRange(frame, 26, 30)),
        IpAddress.of(Arrays.copyOfRange(frame, 30, 34)),
        frame[22] & 0xff,
        ByteBuffer.wrap(frame, 34, frame.length - 34));
  }

  private static String words(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Accepted _ -> "accepted";
      case Verdict.Dropped(DropReason reason, _) -> reason.name();
    };
  }
}
