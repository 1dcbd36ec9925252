package carpool.replicator.link;

/// What a block frame is about; the code is on the wire (docs/replication-protocol.md).
enum FrameType {
  /// Writes the payload.
  WRITE(1),
  /// Writes zeroes that stay allocated.
  ZERO(2),
  /// Writes zeroes; the space may be given back.
  HOLE(3),
  /// The write was received (memsync).
  RECEIVED(4),
  /// The write is done; the length field is 0 for success.
  WRITTEN(5),
  FLUSH(6),
  FLUSHED(7),
  READ(8),
  /// Answer to READ, with the payload.
  DATA(9),
  /// A message of the core, encoded in the payload.
  MESSAGE(10),
  /// Nothing but a sign of life.
  KEEP_ALIVE(11),
  /// Compares the range with the digests in the payload, or, without any, with zeroes.
  COMPARE(12),
  /// Answer to COMPARE: the length field says how many bytes were compared, the offset field which
  /// of their blocks differ.
  COMPARED(13);

  private static final FrameType[] BY_CODE = new FrameType[16];

  static {
    for (var type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;

  FrameType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static FrameType ofCode(int code) throws ProtocolException {
    var type = code > 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    if (type == null) {
      throw new ProtocolException("frame type " + code + " is unknown");
    }
    return type;
  }
}
