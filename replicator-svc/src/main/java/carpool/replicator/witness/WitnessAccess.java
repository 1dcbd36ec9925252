package carpool.replicator.witness;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.kit.config.Secret;
import carpool.kit.config.WitnessEndpoint;
import carpool.kit.config.WitnessSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// How the etcd is reached. Built from settings whose reader has refused what contradicts itself.
///
/// @param endpoints of one cluster, in the order in which they are tried at first; 1 to
///   [WitnessSettings#ENDPOINTS_MAX]
/// @param trust of `https` endpoints; needed as soon as there is one
/// @param expectedCluster the only etcd cluster that may be asked. It does not tell an emptied etcd
///   from its former self: etcd derives the id from the URLs of the members. The incarnation in the
///   records does.
public record WitnessAccess(
    List<WitnessEndpoint> endpoints,
    Optional<Login> login,
    Optional<Trust> trust,
    OptionalLong expectedCluster) {
  /// A user of etcd's own.
  public record Login(String user, Secret password) {}

  /// Whom this node trusts, and how it shows who it is.
  public sealed interface Trust {
    /// The server's certificate is signed by `ca`; this node has none.
    record ServerOnly(Path ca) implements Trust {}

    /// Both sides show a certificate.
    record Mutual(TlsFiles files) implements Trust {}
  }

  /// As the configuration says.
  public static WitnessAccess of(WitnessSettings settings) {
    return new WitnessAccess(
        settings.endpoints(),
        settings.login().map(login -> new Login(login.user(), login.password())),
        settings
            .tls()
            .map(tls ->
                tls.own()
                    .<Trust>map(own ->
                        new Trust.Mutual(new TlsFiles(tls.ca(), own.certificate(), own.key())))
                    .orElseGet(() -> new Trust.ServerOnly(tls.ca()))),
        OptionalLong.empty());
  }

  public WitnessAccess {
    endpoints = List.copyOf(endpoints);
  }
}
