package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;

/// TLS for servers that are not gRPC.
public final class TlsEngines {
  private TlsEngines() {}

  /// The answering side of connections with mutual TLS 1.3 or 1.2: clients need a certificate of
  /// the authority in `files`, made out to anybody.
  ///
  /// @throws IOException when the files do not make an identity
  public static Supplier<SSLEngine> server(TlsFiles files) throws IOException {
    var context = Tls.plainServer(files);
    return () -> context.newEngine(ByteBufAllocator.DEFAULT);
  }
}
