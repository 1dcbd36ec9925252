package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/// TLS for servers that are not gRPC.
public final class TlsEngines {
  private TlsEngines() {}

  /// The answering side of connections with mutual TLS 1.3 or 1.2: clients need a certificate of
  /// the authority in `files`, made out to anybody.
  ///
  /// @throws IOException when the files do not make an identity
  public static Supplier<SSLEngine> server(TlsFiles files) throws IOException {
    try {
      var context =
          SslContextBuilder.forServer(files.certificate().toFile(), files.key().toFile())
              .trustManager(files.ca().toFile())
              .clientAuth(ClientAuth.REQUIRE)
              .sslProvider(SslProvider.JDK)
              .protocols("TLSv1.3", "TLSv1.2")
              .build();
      return () -> context.newEngine(ByteBufAllocator.DEFAULT);
    } catch (SSLException | IllegalArgumentException e) {
      throw new IOException(
          "tls: the files %s, %s, %s do not make an identity: %s"
              .formatted(files.ca(), files.certificate(), files.key(), e.getMessage()),
          e);
    }
  }
}
