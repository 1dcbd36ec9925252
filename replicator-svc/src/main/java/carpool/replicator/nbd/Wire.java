package carpool.replicator.nbd;

/// The numbers of the protocol (NBD proto.md; nbd.md 1 to 8). Everything is big-endian.
final class Wire {
  private Wire() {}

  static final long NBDMAGIC = 0x4e42444d41474943L;
  static final long IHAVEOPT = 0x49484156454f5054L;
  static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
  static final int REQUEST_MAGIC = 0x25609513;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

  // handshake flags; the client's have the same bits
  static final int FIXED_NEWSTYLE = 1;
  static final int NO_ZEROES = 2;

  // options
  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_STARTTLS = 5;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;

  // option replies
  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERR_UNSUP = 0x80000001;
  static final int REP_ERR_POLICY = 0x80000002;
  static final int REP_ERR_INVALID = 0x80000003;
  static final int REP_ERR_TLS_REQD = 0x80000005;
  static final int REP_ERR_UNKNOWN = 0x80000006;
  static final int REP_ERR_TOO_BIG = 0x80000009;

  // information types
  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  // transmission flags
  static final int HAS_FLAGS = 0x0001;
  static final int READ_ONLY = 0x0002;
  static final int SEND_FLUSH = 0x0004;
  static final int SEND_FUA = 0x0008;
  static final int SEND_TRIM = 0x0020;
  static final int SEND_WRITE_ZEROES = 0x0040;
  static final int SEND_DF = 0x0080;
  static final int CAN_MULTI_CONN = 0x0100;
  static final int SEND_CACHE = 0x0400;
  static final int SEND_FAST_ZERO = 0x0800;

  // commands
  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;

  // command flags
  static final int FLAG_FUA = 1;
  static final int FLAG_NO_HOLE = 2;
  static final int FLAG_DF = 4;
  static final int FLAG_REQ_ONE = 8;
  static final int FLAG_FAST_ZERO = 16;

  // structured reply chunks
  static final int CHUNK_DONE = 1;
  static final int CHUNK_NONE = 0;
  static final int CHUNK_OFFSET_DATA = 1;
  static final int CHUNK_BLOCK_STATUS = 5;
  static final int CHUNK_ERROR = 0x8001;

  // base:allocation
  static final String BASE_ALLOCATION = "base:allocation";
  static final int STATE_HOLE_AND_ZERO = 3;

  static final int REQUEST_BYTES = 28;
  static final int OPTION_BYTES = 16;
  static final int SIMPLE_REPLY_BYTES = 16;
  static final int CHUNK_BYTES = 20;

  // limits (nbd.md 11)
  static final int STRING_BYTES_MAX = 4096;
  static final int BLOCK_MIN = 1;
  static final int BLOCK_PREFERRED = 4096;
  static final int BLOCK_MAX = 32 << 20;
  static final int PAYLOAD_MAX = 64 << 20;
  static final int PAYLOAD_DRAINED_MAX = 128 << 20;
}
