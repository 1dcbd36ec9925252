package carpool.deploy;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// Somebody who asks for the page under the shared address all the time.
final class Client implements AutoCloseable {
  private static final int LIMIT_MILLIS = 250;

  private final Thread thread = Thread.ofPlatform().daemon().name("client").unstarted(this::run);
  private volatile boolean over;
  private long lastAnswerNanos = System.nanoTime();
  private long longestNanos;
  private String from = "";

  /// Begins to ask.
  Client() {
    thread.start();
  }

  /// The node that answered last; empty before the first answer.
  synchronized String from() {
    return from;
  }

  /// The longest time without an answer until now; from now on it is measured anew.
  synchronized Duration longestGap() {
    var longest = Duration.ofNanos(Math.max(longestNanos, System.nanoTime() - lastAnswerNanos));
    longestNanos = 0;
    return longest;
  }

  private void run() {
    while (!over) {
      var answer = ask();
      if (!answer.isEmpty()) {
        answered(answer);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException _) {
        return;
      }
    }
  }

  private synchronized void answered(String node) {
    var now = System.nanoTime();
    longestNanos = Math.max(longestNanos, now - lastAnswerNanos);
    lastAnswerNanos = now;
    from = node;
  }

  /// Each time on a connection of its own, as the other node knows nothing of the old ones.
  private static String ask() {
    HttpURLConnection connection = null;
    try {
      connection =
          (HttpURLConnection) URI.create("http://" + Lab.LAN + ".50/").toURL().openConnection();
      connection.setConnectTimeout(LIMIT_MILLIS);
      connection.setReadTimeout(LIMIT_MILLIS);
      connection.setRequestProperty("Connection", "close");
      try (var in = connection.getInputStream()) {
        var page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return page.contains("<h1>hast1") ? "hast1" : page.contains("<h1>hast2") ? "hast2" : "";
      }
    } catch (IOException _) {
      return "";
    } finally {
      if (connection != null) {
        connection.disconnect();
      }
    }
  }

  /// Seconds with two digits.
  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f s", duration.toNanos() / 1e9);
  }

  @Override
  public void close() {
    over = true;
    thread.interrupt();
  }
}
