package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Certificate, key and authority of `tls:`, or an authority alone, from files that may be replaced
/// while the service runs.
///
/// The files are looked at when a connection is made, at most once a second. New ones hold from the
/// next connection on; connections that stand keep what they were made with. Files that do not
/// belong together, because they are just being replaced or are wrong, change nothing.
final class TlsIdentity {
  private static final Logger LOG = LoggerFactory.getLogger(TlsIdentity.class);
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final byte[] PROBE = {1, 2, 3, 4};

  private final Path ca;
  private final Optional<TlsFiles> own;
  private final AdvancedTlsX509KeyManager key = new AdvancedTlsX509KeyManager();
  private final ReplaceableTrust authority;
  private final ReentrantLock looking = new ReentrantLock();

  // Guarded by `looking`.
  private byte[][] read;
  private long lookedNanos = System.nanoTime();
  private String lastProblem = "";

  private volatile Optional<X509Certificate> certificate = Optional.empty();

  private TlsIdentity(Path ca, Optional<TlsFiles> own)
      throws IOException, GeneralSecurityException {
    this.ca = ca;
    this.own = own;
    read = contents();
    authority = new ReplaceableTrust(ReplaceableTrust.of(certificates(read[0], ca)));
    use(read);
  }

  /// Reads the files.
  ///
  /// @throws IOException when they do not make an identity; tells which files
  static TlsIdentity load(TlsFiles files) throws IOException {
    try {
      return new TlsIdentity(files.ca(), Optional.of(files));
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      throw new IOException(problem(files, e), e);
    }
  }

  /// Reads an authority, for a client that shows no certificate; it has no [#keys()].
  ///
  /// @throws IOException when the file is none
  static TlsIdentity authorityAlone(Path ca) throws IOException {
    try {
      return new TlsIdentity(ca, Optional.empty());
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      throw new IOException(problem(ca, e), e);
    }
  }

  static String problem(TlsFiles files, Exception e) {
    return "tls: the files %s, %s, %s do not make an identity: %s"
        .formatted(files.ca(), files.certificate(), files.key(), e.getMessage());
  }

  private static String problem(Path ca, Exception e) {
    return "tls: the file %s is no certificate authority: %s".formatted(ca, e.getMessage());
  }

  private String problem(Exception e) {
    return own.map(files -> problem(files, e)).orElseGet(() -> problem(ca, e));
  }

  /// This side's certificate as the next connection will show it; empty without one.
  Optional<X509Certificate> certificate() {
    refresh();
    return certificate;
  }

  X509ExtendedKeyManager keys() {
    return new Keys();
  }

  /// The authority, as it is now at each connection.
  X509ExtendedTrustManager authority() {
    return authority;
  }

  /// Looks whether the files are others by now.
  void refresh() {
    if (!looking.tryLock()) {
      return; // somebody looks right now
    }
    try {
      long now = System.nanoTime();
      if (now - lookedNanos < LOOK_NANOS) {
        return;
      }
      lookedNanos = now;
      var fresh = contents();
      if (!Arrays.deepEquals(fresh, read)) {
        use(fresh);
        read = fresh;
        LOG.info("tls: new files are in use: {}", own.map(TlsFiles::certificate).orElse(ca));
      }
      lastProblem = "";
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      var problem = problem(e);
      if (!problem.equals(lastProblem)) {
        LOG.warn("{}; what was read before stays in use", problem);
        lastProblem = problem;
      }
    } finally {
      looking.unlock();
    }
  }

  private byte[][] contents() throws IOException {
    var trusted = Files.readAllBytes(ca);
    return own.isEmpty()
        ? new byte[][] {trusted}
        : new byte[][] {
          trusted, Files.readAllBytes(own.get().certificate()), Files.readAllBytes(own.get().key())
        };
  }

  private void use(byte[][] contents) throws IOException, GeneralSecurityException {
    var trusted = certificates(contents[0], ca);
    if (own.isPresent()) {
      var chain = certificates(contents[1], own.get().certificate());
      var privateKey = CertificateUtils.getPrivateKey(new ByteArrayInputStream(contents[2]));
      requireMatch(chain[0], privateKey);
      key.updateIdentityCredentials(chain, privateKey);
      certificate = Optional.of(chain[0]);
    }
    authority.replace(ReplaceableTrust.of(trusted));
  }

  private static X509Certificate[] certificates(byte[] pem, Path file) throws CertificateException {
    var found = CertificateUtils.getX509Certificates(new ByteArrayInputStream(pem));
    if (found.length == 0) {
      throw new CertificateException("no certificate in " + file);
    }
    return found;
  }

  private static void requireMatch(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    var algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    boolean matches = key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm());
    if (matches) {
      var signer = Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(PROBE);
      var verifier = Signature.getInstance(algorithm);
      verifier.initVerify(certificate);
      verifier.update(PROBE);
      matches = verifier.verify(signer.sign());
    }
    if (!matches) {
      throw new CertificateException("the key is not the certificate's");
    }
  }

  /// Looks at the files before each connection.
  private final class Keys extends X509ExtendedKeyManager {
    @Override
    public @Nullable String chooseEngineClientAlias(
        String[] types, Principal @Nullable [] issuers, SSLEngine engine) {
      refresh();
      return key.chooseEngineClientAlias(types, issuers, engine);
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        String type, Principal @Nullable [] issuers, SSLEngine engine) {
      refresh();
      return key.chooseEngineServerAlias(type, issuers, engine);
    }

    @Override
    public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
      return key.getClientAliases(type, issuers);
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] types, Principal @Nullable [] issuers, java.net.@Nullable Socket socket) {
      refresh();
      return key.chooseClientAlias(types, issuers, socket);
    }

    @Override
    public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
      return key.getServerAliases(type, issuers);
    }

    @Override
    public @Nullable String chooseServerAlias(
        String type, Principal @Nullable [] issuers, java.net.@Nullable Socket socket) {
      refresh();
      return key.chooseServerAlias(type, issuers, socket);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      return key.getCertificateChain(alias);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      return key.getPrivateKey(alias);
    }
  }
}
