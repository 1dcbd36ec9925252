/// The client of the witness, an etcd that keeps one small record for each resource. Start with
/// [Witness]; [EtcdClient] goes from endpoint to endpoint, [EtcdEndpoint] speaks to one. Uses no
/// other room. What the records mean is decided elsewhere: here is only how they are read and
/// changed.
///
/// The messages and stubs are those of jetcd-grpc, generated from etcd's own rpc.proto, on a
/// channel of service-kit. jetcd-core would bring vertx with event loops and a Netty transport of
/// its own, which a replicator of 96 MiB heap in a node of 256 MB has no room for, retries that
/// hide whether a request was sent, and futures without a deadline over all endpoints.
///
/// No clock is compared with the witness: what counts is the order in which etcd carries requests
/// out, the revision. etcd's own clock may be wrong by a year; only certificates look at dates, and
/// those at the clock of the machine that checks them.
@NullMarked
package carpool.replicator.witness;

import org.jspecify.annotations.NullMarked;
