/// gRPC servers and channels on unix sockets and TLS, health, and the mapping of errors to
/// statuses.
@NullMarked
package carpool.kit.grpc;

import org.jspecify.annotations.NullMarked;
