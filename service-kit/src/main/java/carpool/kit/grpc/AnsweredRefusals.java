package carpool.kit.grpc;

import carpool.common.v1.ErrorDetail;
import com.google.protobuf.Message;
import java.util.List;
import java.util.TreeSet;

/// What an answer refuses although the call itself ends well: the error details of single resources
/// or pools in it, as `REASON subject`.
final class AnsweredRefusals {
  private final TreeSet<String> found = new TreeSet<>();

  /// Looks through one message of an answer.
  void look(Object message) {
    switch (message) {
      case ErrorDetail detail -> {
        if (!detail.getReason().isEmpty()) {
          found.add((detail.getReason() + " " + detail.getSubject()).strip());
        }
      }
      case Message parts -> parts.getAllFields().values().forEach(this::look);
      case List<?> several -> several.forEach(this::look);
      default -> {}
    }
  }

  /// Empty when nothing was refused.
  @Override
  public String toString() {
    return String.join(", ", found);
  }
}
