package carpool.deploy;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;

/// The promise in one test: the serving machine dies, the other serves the same data, and the first
/// comes back as the second.
@Tag("e2e")
class FailoverIT {
  private static final int RECORDS_BEFORE_THE_KILL = 40;

  /// Writes numbered records, each made durable with fsync before its number is printed. In
  /// zfs-fuse only an fsync before the last close is one, which is what dd does.
  private static final String WRITER =
      """
      mkdir -p "$0"
      i=0
      while true; do
        i=$((i + 1))
        echo "record $i" | dd of="$0/$i" conv=fsync status=none || exit 1
        echo "acknowledged $i"
      done
      """;

  /// What the writer was told is durable.
  static final class Acknowledged extends ResultCallback.Adapter<Frame> {
    final ConcurrentSkipListSet<Integer> numbers = new ConcurrentSkipListSet<>();
    final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final StringBuilder open = new StringBuilder();

    /// A frame may end in the middle of a line.
    @Override
    public void onNext(Frame frame) {
      open.append(new String(frame.getPayload(), StandardCharsets.UTF_8));
      for (int end = open.indexOf("\n"); end >= 0; end = open.indexOf("\n")) {
        var line = open.substring(0, end).strip();
        open.delete(0, end + 1);
        if (line.startsWith("acknowledged ")) {
          numbers.add(Integer.parseInt(line.substring("acknowledged ".length())));
        } else {
          complaints.add(line);
        }
      }
    }

    String progress() {
      return numbers.size() + " records; the writer said: " + complaints;
    }
  }

  /// A writer on the node, until it dies.
  static Acknowledged write(Node node, String directory) {
    var docker = DockerClientFactory.instance().client();
    var exec =
        docker
            .execCreateCmd(node.getContainerId())
            .withCmd("sh", "-c", WRITER, directory)
            .withAttachStdout(true)
            .withAttachStderr(true)
            .exec();
    return docker.execStartCmd(exec.getId()).exec(new Acknowledged());
  }

  @Test
  void killedServerIsReplacedWithoutLossAndComesBackAsSecondary() throws Exception {
    try (var lab = new Lab()) {
      lab.start();
      var first = lab.serving();
      var second = lab.other(first);
      var acknowledged = write(first, "/zhast/data/records");
      Lab.await(
          "records",
          Duration.ofSeconds(60),
          () -> acknowledged.numbers.size() >= RECORDS_BEFORE_THE_KILL,
          () -> acknowledged.progress() + first.processes() + lab.logs());

      first.powerCut();

      assertTrue(acknowledged.awaitCompletion(30, TimeUnit.SECONDS), "the writer goes on");
      lab.await("take-over", Duration.ofSeconds(60), () -> lab.serves(second));
      var missing = new TreeSet<Integer>();
      var found =
          second.run("sh", "-c", "cd /zhast/data/records && grep -H . *").output().lines().toList();
      for (int number : acknowledged.numbers) {
        if (!found.contains(number + ":record " + number)) {
          missing.add(number);
        }
      }
      assertTrue(
          missing.isEmpty(),
          "acknowledged and lost: " + missing + " of " + acknowledged.numbers.size());

      first.powerOn();

      lab.await(
          "return as backup and secondary, in step",
          Duration.ofSeconds(90),
          () -> Lab.isBackupAndSecondary(first) && Lab.complete(second));
      assertTrue(lab.serves(second), "the second node went on serving");
      assertFalse(first.run("zpool", "list", "-H", "zhast").ok(), "two nodes have the pool");
      assertTrue(
          List.of(0, 1).contains(first.run("pgrep", "-x", "nginx").exitCode()), "first answers");
    }
  }
}
