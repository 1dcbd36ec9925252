package carpool.orchestrator.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SignsTest {
  private static final InetAddress SELF = InetAddress.ofLiteral("127.0.0.1");

  /// Reserved (RFC 1112): the kernel refuses to send there.
  private static final InetAddress NOWHERE = InetAddress.ofLiteral("240.0.0.1");

  @Test
  void oneHostThatAnswersIsEnough() throws Exception {
    assertThat(Signs.answering(List.of(NOWHERE, SELF, NOWHERE))).contains(SELF);
  }

  @Test
  void nobodyAnswersWhereNothingCanBeSent() throws Exception {
    assertThat(Signs.answering(List.of(NOWHERE))).isEmpty();
    assertThat(Signs.answering(List.of())).isEmpty();
  }
}
