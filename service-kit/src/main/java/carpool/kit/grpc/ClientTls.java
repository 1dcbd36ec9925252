package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;

/// TLS 1.3 and 1.2 towards gRPC servers that are not ours, from PEM files; new files hold from the
/// next connection on.
///
/// The server's certificate must be signed by the authority and made out to the host name or
/// address that is called.
public final class ClientTls {
  private final TlsIdentity identity;
  private final SslContext context;

  private ClientTls(TlsIdentity identity, boolean certificate) throws IOException {
    this.identity = identity;
    // What is wrong with a certificate comes with the failed call.
    var trust = new TellingTrust(identity, "the host that was called", _ -> {});
    var builder = SslContextBuilder.forClient().trustManager(trust);
    if (certificate) {
      builder.keyManager(identity.keys());
    }
    context =
        GrpcSslContexts.configure(builder, SslProvider.JDK).protocols("TLSv1.3", "TLSv1.2").build();
  }

  /// For servers that ask their clients for a certificate.
  ///
  /// @throws IOException when the files do not make an identity; tells which
  public static ClientTls mutual(TlsFiles files) throws IOException {
    return new ClientTls(TlsIdentity.load(files), true);
  }

  /// For servers that know their clients in another way.
  ///
  /// @throws IOException when the file is no authority
  public static ClientTls serverOnly(Path ca) throws IOException {
    return new ClientTls(TlsIdentity.authorityAlone(ca), false);
  }

  SslContext context() {
    return context;
  }

  /// When the certificate of this side expires, by the file as it is now; empty without one.
  public Optional<Instant> expires() {
    return identity.certificate().map(X509Certificate::getNotAfter).map(java.util.Date::toInstant);
  }
}
