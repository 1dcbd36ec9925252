package carpool.replicator.nbd;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The queries of LIST_META_CONTEXT and SET_META_CONTEXT (nbd.md 3.5). Unknown name spaces and
/// leaves are ignored.
///
/// @param none there was no query at all
/// @param exact `base:allocation` was among them
/// @param wildcard `base:` was among them
record ContextQueries(boolean none, boolean exact, boolean wildcard) {

  boolean selectsAllocation() {
    return exact;
  }

  boolean listsAllocation() {
    return none || exact || wildcard;
  }

  /// Takes the rest of the option; null when its lengths do not add up.
  static @Nullable ContextQueries parse(ByteBuffer data) {
    if (data.remaining() < 4) {
      return null;
    }
    var count = Integer.toUnsignedLong(data.getInt());
    if (count > data.remaining() / 4) {
      return null;
    }
    var exact = false;
    var wildcard = false;
    for (var i = 0L; i < count; i++) {
      if (data.remaining() < 4) {
        return null;
      }
      var length = data.getInt();
      if (length < 0 || length > Wire.STRING_BYTES_MAX || length > data.remaining()) {
        return null;
      }
      var query = Haggling.text(data, length);
      if (query == null) {
        return null;
      }
      exact |= query.equals(Wire.BASE_ALLOCATION);
      wildcard |= query.equals("base:");
    }
    return data.hasRemaining() ? null : new ContextQueries(count == 0, exact, wildcard);
  }
}
