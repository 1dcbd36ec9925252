package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;

/// Which requests are answered with which error before the device hears of them (nbd.md 7 and 9).
final class RequestRule {
  private static final int NO_FLAGS = Wire.FLAG_FUA;

  private RequestRule() {}

  /// Judges one request.
  ///
  /// @param length as on the wire, unsigned
  /// @return NONE when it may be carried out
  static NbdError check(
      int command, int flags, long offset, long length, BlockDevice device, boolean structured) {
    if ((flags & ~allowedFlags(command, structured)) != 0) {
      return NbdError.EINVAL;
    }
    return switch (command) {
      case Wire.CMD_READ -> read(offset, length, device, structured);
      case Wire.CMD_WRITE ->
          length > Wire.PAYLOAD_MAX
              ? NbdError.EINVAL
              : change(offset, length, device, NbdError.ENOSPC);
      case Wire.CMD_FLUSH -> offset == 0 && length == 0 ? NbdError.NONE : NbdError.EINVAL;
      case Wire.CMD_TRIM -> change(offset, length, device, NbdError.EINVAL);
      case Wire.CMD_CACHE -> range(offset, length, device, NbdError.EINVAL);
      case Wire.CMD_WRITE_ZEROES -> {
        var error = change(offset, length, device, NbdError.ENOSPC);
        yield error == NbdError.NONE && isSlow(flags, device) ? NbdError.ENOTSUP : error;
      }
      // The caller has checked that the context was selected.
      case Wire.CMD_BLOCK_STATUS ->
          length == 0 ? NbdError.EINVAL : range(offset, length, device, NbdError.EINVAL);
      default -> NbdError.EINVAL;
    };
  }

  private static int allowedFlags(int command, boolean structured) {
    return switch (command) {
      case Wire.CMD_READ -> structured ? NO_FLAGS | Wire.FLAG_DF : NO_FLAGS;
      case Wire.CMD_WRITE_ZEROES -> NO_FLAGS | Wire.FLAG_NO_HOLE | Wire.FLAG_FAST_ZERO;
      case Wire.CMD_BLOCK_STATUS -> NO_FLAGS | Wire.FLAG_REQ_ONE;
      default -> NO_FLAGS;
    };
  }

  private static NbdError read(long offset, long length, BlockDevice device, boolean structured) {
    var error = range(offset, length, device, NbdError.EINVAL);
    if (error == NbdError.NONE && length > Wire.PAYLOAD_MAX) {
      return structured ? NbdError.EOVERFLOW : NbdError.EINVAL;
    }
    return error;
  }

  private static boolean isSlow(int flags, BlockDevice device) {
    return (flags & Wire.FLAG_FAST_ZERO) != 0
        && ((flags & Wire.FLAG_NO_HOLE) != 0 || !device.zeroesFast());
  }

  private static NbdError change(long offset, long length, BlockDevice device, NbdError pastEnd) {
    return device.readOnly() ? NbdError.EPERM : range(offset, length, device, pastEnd);
  }

  private static NbdError range(long offset, long length, BlockDevice device, NbdError pastEnd) {
    var size = device.sizeBytes();
    return offset < 0 || offset > size || length > size - offset ? pastEnd : NbdError.NONE;
  }
}
