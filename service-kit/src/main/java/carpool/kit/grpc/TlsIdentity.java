package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Certificate, key and authority of `tls:`, from files that may be replaced while the service
/// runs.
///
/// The files are looked at when a connection is made, at most once a second. New ones hold from the
/// next connection on; connections that stand keep what they were made with. Files that do not
/// belong together, because they are just being replaced or are wrong, change nothing.
final class TlsIdentity {
  private static final Logger LOG = LoggerFactory.getLogger(TlsIdentity.class);
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final byte[] PROBE = {1, 2, 3, 4};

  private final TlsFiles files;
  private final AdvancedTlsX509KeyManager key = new AdvancedTlsX509KeyManager();
  private final ReplaceableTrust authority;
  private final ReentrantLock looking = new ReentrantLock();

  // Guarded by `looking`.
  private byte[][] read;
  private long lookedNanos = System.nanoTime();
  private String lastProblem = "";

  private TlsIdentity(TlsFiles files) throws IOException, GeneralSecurityException {
    this.files = files;
    read = contents();
    authority = new ReplaceableTrust(ReplaceableTrust.of(certificates(read[0], files.ca())));
    use(read);
  }

  /// Reads the files.
  ///
  /// @throws IOException when they do not make an identity; tells which files
  static TlsIdentity load(TlsFiles files) throws IOException {
    try {
      return new TlsIdentity(files);
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      throw new IOException(problem(files, e), e);
    }
  }

  static String problem(TlsFiles files, Exception e) {
    return "tls: the files %s, %s, %s do not make an identity: %s"
        .formatted(files.ca(), files.certificate(), files.key(), e.getMessage());
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
        LOG.info("tls: new files are in use: {}", files.certificate());
      }
      lastProblem = "";
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      var problem = problem(files, e);
      if (!problem.equals(lastProblem)) {
        LOG.warn("{}; what was read before stays in use", problem);
        lastProblem = problem;
      }
    } finally {
      looking.unlock();
    }
  }

  private byte[][] contents() throws IOException {
    return new byte[][] {
      Files.readAllBytes(files.ca()),
      Files.readAllBytes(files.certificate()),
      Files.readAllBytes(files.key())
    };
  }

  private void use(byte[][] contents) throws IOException, GeneralSecurityException {
    var trusted = certificates(contents[0], files.ca());
    var chain = certificates(contents[1], files.certificate());
    var privateKey = CertificateUtils.getPrivateKey(new ByteArrayInputStream(contents[2]));
    requireMatch(chain[0], privateKey);
    authority.replace(ReplaceableTrust.of(trusted));
    key.updateIdentityCredentials(chain, privateKey);
  }

  private static X509Certificate[] certificates(byte[] pem, java.nio.file.Path file)
      throws CertificateException {
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
