package carpool.replicator.nbd;

/// What a connection says to STARTTLS; the same from its first byte to its last (nbd.md 5).
enum TlsMode {
  /// Plain; STARTTLS is not known.
  NONE,
  /// Nothing but STARTTLS and ABORT is answered.
  REQUIRED,
  /// Inside TLS.
  ACTIVE
}
