package carpool.kit.grpc;

import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Who calls a control endpoint.
///
/// @param names from the certificate over TCP, else what the caller says of itself; may be empty
/// @param service one of this node's own services, whose calls are no operator's
record Caller(Set<String> names, boolean service) {
  private static final int LONGEST = 100;

  /// What a client says of itself; believed only where it could do everything anyway.
  private static final Metadata.Key<String> KEY =
      Metadata.Key.of("carpool-caller", Metadata.ASCII_STRING_MARSHALLER);

  private static final String SERVICE = "service ";

  /// From the headers of a call that came through root's socket.
  static Caller ofSocket(Metadata headers) {
    @Nullable String said = headers.get(KEY);
    if (said == null) {
      return new Caller(Set.of("root"), false);
    }
    var clean = said.replaceAll("[^\\x20-\\x7e]", "?");
    var text = clean.length() > LONGEST ? clean.substring(0, LONGEST) : clean;
    return new Caller(Set.of(text), text.startsWith(SERVICE));
  }

  /// Makes the calls of a client say who it is.
  static ClientInterceptor interceptor(String who) {
    var headers = new Metadata();
    headers.put(KEY, who.replaceAll("[^\\x20-\\x7e]", "?"));
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  static String service(String name) {
    return SERVICE + name;
  }

  @Override
  public String toString() {
    return names.isEmpty() ? "nobody known" : String.join(", ", names);
  }
}
