package carpool.replicator.link;

/// How the frames of a connection are protected and packed. The sender decides, and told so in its
/// hello, because a frame that could say itself that it has no checksum would protect nothing.
///
/// @param sent what follows the frames of this node
/// @param compression of what this node sends; what comes says itself how it is packed
/// @param received what follows the frames of the peer
public record Coding(Checksum sent, Compression compression, Checksum received) {}
