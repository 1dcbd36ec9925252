package carpool.election.control;

/// Reasons in error details of this service.
enum RefusalReason {
  GROUP_UNKNOWN,
  CAUSE_INVALID,
  AMOUNT_INVALID,
  INTERVAL_INVALID
}
