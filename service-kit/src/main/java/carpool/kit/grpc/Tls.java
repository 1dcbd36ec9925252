package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import javax.net.ssl.SSLException;

/// Mutual TLS from PEM files, TLS 1.3 and 1.2, by the JDK's own implementation. New files hold from
/// the next connection on.
final class Tls {

  private Tls() {}

  /// For gRPC servers.
  static SslContext server(TlsFiles files) throws IOException {
    return grpc(files, serverOf(TlsIdentity.load(files)));
  }

  /// For gRPC clients.
  static SslContext client(TlsFiles files) throws IOException {
    var identity = TlsIdentity.load(files);
    return grpc(
        files,
        SslContextBuilder.forClient()
            .keyManager(identity.keys())
            .trustManager(identity.authority())
            .protocols("TLSv1.3", "TLSv1.2"));
  }

  /// For servers that are not gRPC.
  static SslContext plainServer(TlsFiles files) throws IOException {
    try {
      return serverOf(TlsIdentity.load(files)).sslProvider(SslProvider.JDK).build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IOException(TlsIdentity.problem(files, e), e);
    }
  }

  private static SslContextBuilder serverOf(TlsIdentity identity) {
    return SslContextBuilder.forServer(identity.keys())
        .trustManager(identity.authority())
        .clientAuth(ClientAuth.REQUIRE)
        .protocols("TLSv1.3", "TLSv1.2");
  }

  private static SslContext grpc(TlsFiles files, SslContextBuilder builder) throws IOException {
    try {
      return GrpcSslContexts.configure(builder, SslProvider.JDK)
          .protocols("TLSv1.3", "TLSv1.2")
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IOException(TlsIdentity.problem(files, e), e);
    }
  }
}
