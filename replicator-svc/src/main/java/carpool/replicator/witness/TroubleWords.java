package carpool.replicator.witness;

import carpool.kit.config.WitnessEndpoint;
import carpool.replicator.witness.WitnessFailure.Reason;
import io.grpc.Status;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.ssl.NotSslRecordException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Says what a failed call to an endpoint means: what was found, what is allowed, what to do.
final class TroubleWords {
  /// Of what the other side says, so much is repeated.
  private static final int QUOTED_CHARS_MAX = 200;

  private final WitnessAccess access;
  private final WitnessEndpoint endpoint;

  TroubleWords(WitnessAccess access, WitnessEndpoint endpoint) {
    this.access = access;
    this.endpoint = endpoint;
  }

  EtcdTrouble of(Status status, EtcdError error, boolean sent) {
    return switch (error) {
      case NO_LEADER -> new EtcdTrouble(Reason.NO_QUORUM, noQuorum("knows of no leader"), false);
      case NOT_AGREED, NOT_IN_TIME, LEADER_CHANGED ->
          new EtcdTrouble(Reason.NO_QUORUM, noQuorum("says " + said(status)), sent);
      case NO_SPACE ->
          new EtcdTrouble(
              Reason.NO_SPACE,
              "the etcd at "
                  + endpoint
                  + " has reached its quota and takes no changes any more; make room there: etcdctl"
                  + " compact, etcdctl defrag, then etcdctl alarm disarm",
              sent);
      case STALE_TOKEN, OLD_TOKEN, WRONG_PASSWORD, NO_USER -> unauthenticated(status, error);
      case PERMISSION_DENIED -> permissionDenied();
      case AUTHENTICATION_OFF, OTHER, NOT_ETCDS -> byCode(status, error, sent);
    };
  }

  /// Found by asking the member for its own account after a request was not answered.
  EtcdTrouble notCarriedOut(boolean hasLeader) {
    return new EtcdTrouble(
        Reason.NO_QUORUM,
        noQuorum(hasLeader ? "has not carried the request out in time" : "knows of no leader"),
        true);
  }

  EtcdTrouble foreign(long found, boolean changed) {
    return new EtcdTrouble(
        Reason.FOREIGN_CLUSTER,
        "the etcd at %s is the cluster %016x, the witness is in %016x; only that one is asked:"
                .formatted(endpoint, found, access.expectedCluster().orElse(0))
            + " correct the endpoints, or replace the witness on a connected pair",
        changed);
  }

  EtcdTrouble malformed(String what, boolean perhapsDone) {
    return new EtcdTrouble(
        Reason.MALFORMED,
        "the answer of "
            + endpoint
            + " is not understood: "
            + what
            + "; an etcd 3.4 or later has to be there: check the endpoint",
        perhapsDone);
  }

  private String noQuorum(String what) {
    return "the etcd at "
        + endpoint
        + " "
        + what
        + ": it works only while a majority of its members run and reach each other; start the others,"
        + " or check the network between them and the disk of this one";
  }

  private EtcdTrouble unauthenticated(Status status, EtcdError error) {
    var text =
        switch (error) {
          case NO_USER -> "the etcd at " + endpoint + " wants a user, and none is configured";
          case WRONG_PASSWORD ->
              "the etcd at "
                  + endpoint
                  + " does not accept the password, or has no user `"
                  + access.login().map(WitnessAccess.Login::user).orElse("")
                  + "`";
          default -> "the etcd at " + endpoint + " does not accept this node: " + said(status);
        };
    return new EtcdTrouble(
        Reason.UNAUTHENTICATED,
        text + "; configure a user of it with its password (etcdctl user list shows them)",
        false);
  }

  private EtcdTrouble permissionDenied() {
    var who =
        access
            .login()
            .map(login -> "the user `" + login.user() + "`")
            .orElse("the user of this node's certificate");
    return new EtcdTrouble(
        Reason.PERMISSION_DENIED,
        "the etcd at "
            + endpoint
            + " lets "
            + who
            + " not read and write the records; it needs both: etcdctl role grant-permission ROLE"
            + " --prefix=true readwrite PREFIX/",
        false);
  }

  private EtcdTrouble byCode(Status status, EtcdError error, boolean sent) {
    return switch (status.getCode()) {
      case DEADLINE_EXCEEDED ->
          unreachable(
              sent
                  ? "took the request and did not answer in time; check whether etcd or its machine hangs"
                  : "did not answer in time; check the address, the network and whether etcd runs",
              sent);
      case UNAVAILABLE -> unavailable(status, error, sent);
      case UNAUTHENTICATED -> unauthenticated(status, error);
      case PERMISSION_DENIED -> permissionDenied();
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE ->
          malformed("it refuses the request: " + said(status), false);
      case RESOURCE_EXHAUSTED ->
          error == EtcdError.OTHER
              ? unreachable("is overloaded: " + said(status) + "; see what else uses it", sent)
              : malformed(said(status), sent);
      case CANCELLED -> unreachable("was not waited for: the call was interrupted", sent);
      case UNIMPLEMENTED, INTERNAL -> notEtcd(said(status), sent);
      case UNKNOWN ->
          unreachable(
              "fails: " + said(status) + "; see its log, and whether it is an etcd at all", sent);
      case OK, NOT_FOUND, ALREADY_EXISTS, ABORTED, DATA_LOSS ->
          unreachable("says " + status.getCode() + ": " + said(status) + "; see its log", sent);
    };
  }

  private EtcdTrouble unavailable(Status status, EtcdError error, boolean sent) {
    if (error == EtcdError.OTHER) {
      return unreachable("cannot be used: " + said(status) + "; see its log", sent);
    }
    var tls = tlsTrouble(status.getCause());
    if (tls != null) {
      return new EtcdTrouble(Reason.TLS, "TLS with " + endpoint + " failed: " + tls, sent);
    }
    return switch (last(status.getCause())) {
      case Http2Exception e -> notEtcd(String.valueOf(e.getMessage()), sent);
      case UnknownHostException _ ->
          unreachable(
              "cannot be reached: the name `"
                  + endpoint.address().host()
                  + "` is not known; check it, or give an address",
              sent);
      case SocketException e when isBeforeConnection(e) -> notReached(e);
      case null ->
          sent
              ? unreachable("has hung up: " + said(status) + "; check whether etcd runs", true)
              : hungUpAtOnce(said(status));
      case Throwable e when !sent -> hungUpAtOnce(cause(e));
      case Throwable e ->
          unreachable(
              "has hung up: " + cause(e) + "; check whether etcd runs, and see its log", true);
    };
  }

  private EtcdTrouble notReached(Throwable e) {
    return unreachable(
        "cannot be reached: "
            + quoted(e.getMessage())
            + "; check the address, the network and whether etcd runs",
        false);
  }

  /// A connection came about and ended before anything was said on it.
  private EtcdTrouble hungUpAtOnce(String how) {
    return endpoint.tls()
        ? new EtcdTrouble(
            Reason.TLS,
            "TLS with "
                + endpoint
                + " failed: it hangs up during the handshake ("
                + how
                + "); either etcd has no --cert-file, then write http://, or it refuses the"
                + " certificate of this node ("
                + ownCertificate()
                + ")",
            false)
        : unreachable(
            "hangs up before a word ("
                + how
                + "); either etcd is about to stop, or it wants TLS, then write https://",
            false);
  }

  private static boolean isBeforeConnection(SocketException e) {
    return e instanceof ConnectException || e instanceof NoRouteToHostException;
  }

  private static String cause(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : quoted(e.getMessage());
  }

  private EtcdTrouble notEtcd(String what, boolean sent) {
    return unreachable(
        "answers, but not as an etcd does ("
            + quoted(what)
            + "); an endpoint is a client URL of etcd, usually port 2379, with https if etcd has"
            + " --cert-file",
        sent);
  }

  private EtcdTrouble unreachable(String what, boolean sent) {
    return new EtcdTrouble(Reason.UNREACHABLE, endpoint + " " + what, sent);
  }

  private @Nullable String tlsTrouble(@Nullable Throwable failure) {
    @Nullable String found = null;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case NotSslRecordException _ -> {
          return "it answers without TLS; write http:// or give etcd --cert-file and --key-file";
        }
        case CertificateException e -> {
          return "this node refuses "
              + quoted(e.getMessage())
              + "; the authority must have signed it, it must name the host of the endpoint and be"
              + " within its dates";
        }
        case SSLException e -> found = refusedThere(e);
        default -> {}
      }
    }
    return found;
  }

  private String refusedThere(SSLException e) {
    return quoted(e.getMessage())
        + "; if etcd wants certificates of its clients, this node needs one that etcd's"
        + " --trusted-ca-file has signed and that is within its dates ("
        + ownCertificate()
        + ")";
  }

  private String ownCertificate() {
    return access
        .trust()
        .map(trust ->
            switch (trust) {
              case WitnessAccess.Trust.ServerOnly _ -> "none is configured";
              case WitnessAccess.Trust.Mutual(var files) -> "configured is " + files.certificate();
            })
        .orElse("none is configured");
  }

  private static @Nullable Throwable last(@Nullable Throwable failure) {
    @Nullable Throwable last = failure;
    for (int depth = 0; last != null && last.getCause() != null && depth < 16; depth++) {
      last = last.getCause();
    }
    return last;
  }

  private static String said(Status status) {
    return quoted(status.getDescription());
  }

  /// In one line and not too long: it comes from the other side.
  private static String quoted(@Nullable String text) {
    var line = String.valueOf(text).replaceAll("\\p{Cntrl}+", " ").strip();
    return line.length() <= QUOTED_CHARS_MAX ? line : line.substring(0, QUOTED_CHARS_MAX) + "…";
  }
}
