package carpool.deploy;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import org.testcontainers.DockerClientFactory;

/// A writer on the serving node itself, which dies with it; [Writer] is one beside it.
final class LocalWriter {
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

  private LocalWriter() {}

  /// Starts one.
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
}
