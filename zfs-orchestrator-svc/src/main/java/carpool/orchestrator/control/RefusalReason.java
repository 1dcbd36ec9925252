package carpool.orchestrator.control;

/// Reasons in error details of this service.
enum RefusalReason {
  POOL_UNKNOWN,
  NOT_SERVING,
  MAINTENANCE,
  FORCE_NEEDED,
  DEADLINE_INVALID
}
