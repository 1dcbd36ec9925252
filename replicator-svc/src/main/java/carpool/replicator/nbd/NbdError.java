package carpool.replicator.nbd;

/// The error values a reply may carry, and no other (nbd.md 9, NBD proto.md "Error values").
enum NbdError {
  /// Only success.
  NONE(0, ""),
  EPERM(1, "the export is read-only"),
  EIO(5, "the device failed"),
  EINVAL(22, "the request is not valid"),
  ENOSPC(28, "the range ends past the device"),
  EOVERFLOW(75, "the range is too long for one reply"),
  ENOTSUP(95, "zeroing would not be faster than writing");

  final int code;

  /// ASCII, at most 60 characters.
  final String text;

  NbdError(int code, String text) {
    this.code = code;
    this.text = text;
  }
}
