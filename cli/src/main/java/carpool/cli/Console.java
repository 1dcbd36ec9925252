package carpool.cli;

import carpool.cli.output.Paint;
import carpool.common.v1.ErrorDetail;
import carpool.kit.grpc.ServiceError;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.PrintStream;

/// Where a command writes: results to standard output, everything else to standard error.
final class Console {
  private final Carpool options;
  private final PrintStream out;
  private final PrintStream err;

  Console(Carpool options, PrintStream out, PrintStream err) {
    this.options = options;
    this.out = out;
    this.err = err;
  }

  PrintStream out() {
    return out;
  }

  PrintStream err() {
    return err;
  }

  Paint paint() {
    return switch (options.colour()) {
      case ALWAYS -> Paint.COLOURED;
      case NEVER -> Paint.PLAIN;
      case AUTO ->
          System.getenv("NO_COLOR") == null && Terminal.isThere() ? Paint.COLOURED : Paint.PLAIN;
    };
  }

  /// A whole answer, indented.
  void json(MessageOrBuilder message) {
    out.println(print(JsonFormat.printer(), message));
  }

  /// One message of a stream, on one line.
  void jsonLine(MessageOrBuilder message) {
    out.println(print(JsonFormat.printer().omittingInsignificantWhitespace(), message));
    out.flush();
  }

  private static String print(JsonFormat.Printer printer, MessageOrBuilder message) {
    try {
      return printer.preservingProtoFieldNames().alwaysPrintFieldsWithNoPresence().print(message);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Tells a refusal that came inside an answer.
  void refused(String subject, String message, ErrorDetail detail) {
    var name = subject.isEmpty() ? "" : subject + ": ";
    err.println("carpool: " + name + message + reason(detail));
    if (!detail.getHint().isEmpty()) {
      err.println("  what to do: " + detail.getHint());
    }
  }

  /// Tells why a command failed; the exit code.
  int fail(Exception failure) {
    return switch (failure) {
      case CliFailure told -> {
        err.println("carpool: " + told.getMessage());
        yield told.exitCode();
      }
      case StatusRuntimeException status -> {
        tell(status);
        yield Exit.FAILED;
      }
      default -> {
        err.println("carpool: defect: " + failure);
        failure.printStackTrace(err);
        yield Exit.FAILED;
      }
    };
  }

  private void tell(StatusRuntimeException failure) {
    var status = failure.getStatus();
    var text = status.getDescription() == null ? status.getCode().name() : status.getDescription();
    var detail = ServiceError.detailOf(failure).orElse(ErrorDetail.getDefaultInstance());
    if (status.getCode() == Status.Code.UNIMPLEMENTED) {
      err.println(
          "carpool: the running service does not offer this command; is it of the same version as"
              + " this program (carpool "
              + carpool.kit.boot.Version.current()
              + ")?");
    } else if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      err.println("carpool: no answer in time; allow more with --timeout, or ask: carpool doctor");
    } else {
      refused(detail.getSubject(), text, detail);
    }
  }

  private static String reason(ErrorDetail detail) {
    return detail.getReason().isEmpty() ? "" : " (" + detail.getReason() + ")";
  }
}
