package carpool.kit.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;

/// One client URL of the etcd.
///
/// @param tls whether it is `https`
public record WitnessEndpoint(boolean tls, HostPort address) {
  private static final String ALLOWED =
      "allowed is http://HOST:PORT or https://HOST:PORT, an IPv6 address in brackets, port 1 to 65535";

  private static final Pattern URL =
      Pattern.compile(
          "(https?)://(?:\\[([0-9a-fA-F:.]+)]|([^\\s\\[\\]/?#@:]{1,255})):([0-9]{1,5})/?");

  private static final int PORT_MAX = 65_535;

  /// Reads a URL.
  ///
  /// @throws IllegalArgumentException says what was found, what is allowed and what to do
  public static WitnessEndpoint parse(String text) {
    if (text.indexOf('@') >= 0) {
      // Not repeated here: what stands before the @ may be a password.
      throw new IllegalArgumentException(
          "an endpoint of the witness contains an @; "
              + ALLOWED
              + "; give user and password by keys of their own");
    }
    var url = URL.matcher(text);
    if (!url.matches()) {
      throw new IllegalArgumentException(
          "`" + text + "` is no endpoint of the witness; " + ALLOWED + hint(text));
    }
    var host = url.group(2) == null ? url.group(3) : url.group(2);
    int port = Integer.parseInt(url.group(4));
    if (port < 1 || port > PORT_MAX || !isHost(host, port)) {
      throw new IllegalArgumentException(
          "`"
              + text
              + "` is no endpoint of the witness: "
              + (isHost(host, 1) ? "there is no port " + port : "`" + host + "` is no host name")
              + "; "
              + ALLOWED);
    }
    return new WitnessEndpoint(url.group(1).equals("https"), new HostPort(host, port));
  }

  private static String hint(String text) {
    return text.contains("://")
        ? "; etcd's usual port is 2379"
        : "; put http:// or https:// before it";
  }

  /// As gRPC checks it when the channel is made.
  private static boolean isHost(String host, int port) {
    try {
      var _ = new URI(null, null, host, port, null, null, null);
      return true;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return (tls ? "https://" : "http://") + address;
  }
}
