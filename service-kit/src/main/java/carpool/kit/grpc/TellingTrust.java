package carpool.kit.grpc;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// Checks certificates as the authority's trust manager does, and says what is wrong in words that
/// an operator can act on, to the handshake and to whoever listens.
final class TellingTrust extends X509ExtendedTrustManager {
  private final TlsIdentity identity;
  private final X509ExtendedTrustManager authority;
  private final String otherSide;
  private final Consumer<String> refusals;

  /// @param otherSide to whom a certificate has to be made out, for the sentence
  TellingTrust(TlsIdentity identity, String otherSide, Consumer<String> refusals) {
    this.identity = identity;
    this.otherSide = otherSide;
    this.authority = identity.authority();
    this.refusals = refusals;
  }

  @FunctionalInterface
  private interface Check {
    void run() throws CertificateException;
  }

  /// @param signed the same without a look at the name
  private void check(X509Certificate[] chain, Check check, Check signed)
      throws CertificateException {
    identity.refresh();
    try {
      check.run();
    } catch (CertificateException e) {
      var text = describe(chain, e, signed);
      refusals.accept(text);
      throw new CertificateException(text, e);
    }
  }

  private String describe(X509Certificate[] chain, CertificateException refusal, Check signed) {
    if (chain.length == 0) {
      return "there is no certificate";
    }
    var certificate = chain[0];
    var who = "the certificate of " + String.join(", ", PeerTls.names(certificate));
    try {
      certificate.checkValidity();
    } catch (CertificateExpiredException e) {
      return who + " has expired on " + certificate.getNotAfter().toInstant();
    } catch (CertificateNotYetValidException e) {
      return who + " is not valid before " + certificate.getNotBefore().toInstant();
    }
    try {
      signed.run();
      return who + " is not made out to " + otherSide + ": " + refusal.getMessage();
    } catch (CertificateException e) {
      // Then it is not the name.
    }
    return who
        + " (issued by "
        + certificate.getIssuerX500Principal().getName()
        + ") is not signed by the authority in tls: ca: "
        + refusal.getMessage();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(
        chain,
        () -> authority.checkClientTrusted(chain, authType, engine),
        () -> authority.checkClientTrusted(chain, authType));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(
        chain,
        () -> authority.checkServerTrusted(chain, authType, engine),
        () -> authority.checkServerTrusted(chain, authType));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(
        chain,
        () -> authority.checkClientTrusted(chain, authType, socket),
        () -> authority.checkClientTrusted(chain, authType));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(
        chain,
        () -> authority.checkServerTrusted(chain, authType, socket),
        () -> authority.checkServerTrusted(chain, authType));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(
        chain,
        () -> authority.checkClientTrusted(chain, authType),
        () -> authority.checkClientTrusted(chain, authType));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(
        chain,
        () -> authority.checkServerTrusted(chain, authType),
        () -> authority.checkServerTrusted(chain, authType));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authority.getAcceptedIssuers();
  }
}
