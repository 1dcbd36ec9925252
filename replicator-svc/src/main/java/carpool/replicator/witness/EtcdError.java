package carpool.replicator.witness;

import io.grpc.Status;

/// The errors of etcd that have to be told apart.
///
/// etcd has more errors than gRPC has codes: "no leader" and a refused connection are both
/// UNAVAILABLE. Its clients know an error by code and description, which are one table for all
/// versions (etcd-io/etcd:api/v3rpc/rpctypes/error.go); so does this one, and falls back on the
/// code.
enum EtcdError {
  /// Refused before it was proposed, because the call asks for a leader (see [OnTheWire]).
  NO_LEADER(Status.Code.UNAVAILABLE, "etcdserver: no leader"),
  /// Proposed, but not agreed upon in time; may yet be.
  NOT_AGREED(Status.Code.UNAVAILABLE, "etcdserver: request timed out"),
  /// The same for a read, and where a request had less time than etcd's own limit: Go's words.
  NOT_IN_TIME(Status.Code.UNKNOWN, "context deadline exceeded"),
  /// A read that came between two leaders.
  LEADER_CHANGED(Status.Code.UNAVAILABLE, "etcdserver: leader changed"),
  /// The quota is reached. The request that reaches it is answered like this, too, although it is
  /// carried out.
  NO_SPACE(Status.Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"),
  /// Expired, or the member has restarted.
  STALE_TOKEN(Status.Code.UNAUTHENTICATED, "etcdserver: invalid auth token"),
  /// Users or roles have changed since the token was given.
  OLD_TOKEN(Status.Code.INVALID_ARGUMENT, "etcdserver: revision of auth store is old"),
  WRONG_PASSWORD(Status.Code.INVALID_ARGUMENT, "etcdserver: authentication failed"),
  NO_USER(Status.Code.INVALID_ARGUMENT, "etcdserver: user name is empty"),
  AUTHENTICATION_OFF(Status.Code.FAILED_PRECONDITION, "etcdserver: authentication is not enabled"),
  PERMISSION_DENIED(Status.Code.PERMISSION_DENIED, "etcdserver: permission denied"),
  /// What else an etcd says by this code.
  OTHER(Status.Code.UNKNOWN, "etcdserver: "),
  /// Not etcd's word: gRPC's, on this side or the other.
  NOT_ETCDS(Status.Code.UNKNOWN, "");

  private final Status.Code code;
  private final String description;

  EtcdError(Status.Code code, String description) {
    this.code = code;
    this.description = description;
  }

  static EtcdError of(Status status) {
    var said = status.getDescription() == null ? "" : status.getDescription();
    for (var error : values()) {
      if (error.compareTo(OTHER) < 0
          && error.code == status.getCode()
          && said.startsWith(error.description)) {
        return error;
      }
    }
    return said.startsWith(OTHER.description) ? OTHER : NOT_ETCDS;
  }

  /// A new token may help.
  boolean aboutToken() {
    return this == STALE_TOKEN || this == OLD_TOKEN;
  }
}
