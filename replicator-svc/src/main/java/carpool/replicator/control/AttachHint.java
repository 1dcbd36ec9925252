package carpool.replicator.control;

import carpool.common.v1.ErrorDetail;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.store.ProviderException;

/// What to do about a provider that cannot be attached: one hint for each cause.
final class AttachHint {
  private AttachHint() {}

  static ErrorDetail error(Exception failure, String resource) {
    return ResourceMapper.error(reason(failure), resource, hint(failure, resource));
  }

  private static RefusalReason reason(Exception failure) {
    if (failure instanceof LayoutException) {
      return RefusalReason.METADATA_INVALID;
    }
    return failure instanceof ProviderException refused
            && refused.reason() == ProviderException.Reason.BUSY
        ? RefusalReason.PROVIDER_BUSY
        : RefusalReason.PROVIDER_MISSING;
  }

  static String hint(Exception failure, String resource) {
    return switch (failure) {
      case LayoutException layout when layout.isMissing() -> "carpool create " + resource;
      case LayoutException _ ->
          "check `local` of "
              + resource
              + " in hast.conf; if the disk is right, its metadata are lost: carpool create --force "
              + resource
              + " makes new ones, and the peer fills the copy";
      case ProviderException refused ->
          switch (refused.reason()) {
            case MISSING -> "connect the disk, or correct `local` of " + resource + " in hast.conf";
            case UNSUITABLE -> "correct `local` of " + resource + " in hast.conf";
            case BUSY -> "end what uses it";
            case NO_ACCESS -> "give the user of carpool-replicator access to it";
            case NO_SPACE -> "make room on the file system below";
            case SHORT, IO_ERROR, FAILED_BEFORE -> "replace the disk";
            case CLOSED -> "give the command again";
          };
      default -> "see the log of carpool-replicator";
    };
  }
}
