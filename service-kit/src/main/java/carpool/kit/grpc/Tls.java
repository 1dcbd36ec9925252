package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import javax.net.ssl.SSLException;

/// Mutual TLS from PEM files, TLS 1.3 and 1.2, by the JDK's own implementation.
final class Tls {

  private Tls() {}

  static SslContext server(TlsFiles files) throws IOException {
    return build(
        files,
        SslContextBuilder.forServer(files.certificate().toFile(), files.key().toFile())
            .clientAuth(ClientAuth.REQUIRE));
  }

  static SslContext client(TlsFiles files) throws IOException {
    return build(
        files,
        SslContextBuilder.forClient()
            .keyManager(files.certificate().toFile(), files.key().toFile()));
  }

  private static SslContext build(TlsFiles files, SslContextBuilder builder) throws IOException {
    try {
      return GrpcSslContexts.configure(
              builder.trustManager(files.ca().toFile()), io.netty.handler.ssl.SslProvider.JDK)
          .protocols("TLSv1.3", "TLSv1.2")
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IOException(
          "tls: the files %s, %s, %s do not make an identity: %s"
              .formatted(files.ca(), files.certificate(), files.key(), e.getMessage()),
          e);
    }
  }
}
