package carpool.kit.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CoreLoopTest {
  private final BlockingQueue<String> handled = new LinkedBlockingQueue<>();
  private final BlockingQueue<Throwable> broken = new LinkedBlockingQueue<>();

  @Test
  void eventsAreHandledInTheirOrderOnOneNamedThread() throws Exception {
    var loop =
        new CoreLoop<String>("core-x", 8, e -> handled.add(e + Thread.currentThread().getName()));
    loop.start();
    loop.post("a ");
    loop.post("b ");

    assertThat(loop.stop(Duration.ofSeconds(10))).isTrue();
    assertThat(List.copyOf(handled)).containsExactly("a core-x", "b core-x");
  }

  @Test
  void timersFireInTheOrderOfTheirTimesAndNotAfterACancel() throws Exception {
    var loop = new CoreLoop<String>("core", 8, handled::add);
    loop.schedule(20_000_000, () -> "second");
    var third = loop.schedule(10_000_000, () -> "cancelled");
    loop.schedule(1_000_000, () -> "first");
    assertThat(third.cancel()).isTrue();
    loop.start();

    assertThat(handled.poll(10, TimeUnit.SECONDS)).isEqualTo("first");
    assertThat(handled.poll(10, TimeUnit.SECONDS)).isEqualTo("second");
    assertThat(third.cancel()).isFalse();
    assertThat(loop.stop(Duration.ofSeconds(10))).isTrue();
    assertThat(handled).isEmpty();
  }

  @Test
  void fullMailboxRefusesTryPostAndHoldsPostBack() throws Exception {
    var gate = new CountDownLatch(1);
    var inHandler = new CountDownLatch(1);
    var loop =
        new CoreLoop<String>(
            "core",
            1,
            e -> {
              inHandler.countDown();
              await(gate);
              handled.add(e);
            });
    loop.start();
    loop.post("one");
    assertThat(inHandler.await(10, TimeUnit.SECONDS)).isTrue();
    loop.post("two");

    assertThat(loop.tryPost("refused")).isFalse();
    var poster = Thread.ofPlatform().start(() -> loop.post("three"));
    gate.countDown();
    assertThat(poster.join(Duration.ofSeconds(10))).isTrue();
    assertThat(loop.stop(Duration.ofSeconds(10))).isTrue();
    assertThat(List.copyOf(handled)).containsExactly("one", "two", "three");
    assertThat(loop.tryPost("after the end")).isFalse();
  }

  @Test
  void exceptionOfTheCoreEndsTheLoopAndIsHandedOver() throws Exception {
    var loop =
        new CoreLoop<String>(
            "core",
            8,
            e -> {
              throw new IllegalStateException(e);
            },
            broken::add);
    loop.start();
    loop.post("bad");

    assertThat(broken.poll(10, TimeUnit.SECONDS)).hasMessage("bad");
  }

  @Test
  void loopThatOverfillsItsOwnMailboxFailsInsteadOfHanging() throws Exception {
    var holder = new LinkedBlockingQueue<CoreLoop<String>>();
    var loop =
        new CoreLoop<String>(
            "core",
            1,
            _ -> {
              holder.element().post("x");
              holder.element().post("y");
            },
            broken::add);
    holder.add(loop);
    loop.start();
    loop.post("go");

    assertThat(broken.poll(10, TimeUnit.SECONDS)).hasMessageContaining("its own loop posts to it");
  }

  @Test
  void brokenInvariantSaysWhatWasFound() {
    assertThatThrownBy(() -> carpool.kit.check.Check.invariant(false, "dirty %d > %d", 2, 1))
        .hasMessage("invariant broken: dirty 2 > 1");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
