package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class RequestSlotTest {
  /// In memsync and async the answer to a client and the end of the peer's part come from two
  /// threads. A slot that is used again after one of them carries two requests at once.
  @Test
  void aSlotIsFreeAfterBothEndsOfItsRequestWhoeverComesFirst() throws Exception {
    var slot = new RequestSlot(0);
    var freed = new AtomicInteger();
    var together = new CyclicBarrier(2);
    int requests = 20_000;
    Runnable side =
        () -> {
          for (int i = 0; i < requests; i++) {
            await(together);
            if (slot.endsNow()) {
              freed.incrementAndGet();
            }
          }
        };
    var other = CompletableFuture.runAsync(side);

    side.run();

    other.get();
    assertThat(freed).hasValue(requests);
  }

  @Test
  void oneEndIsNotEnough() {
    var slot = new RequestSlot(0);

    assertThat(slot.endsNow()).isFalse();
    assertThat(slot.endsNow()).isTrue();
    assertThat(slot.endsNow()).isFalse();
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
