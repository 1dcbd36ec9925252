package carpool.replicator.core;

/// What holds after every step, checked in production too. At most linear in the requests in
/// flight; a broken one stops the process before it can answer anybody wrongly (R1 to R6 of the
/// design).
///
/// Two more are checked where they could be broken: a change of phase ([CoreState#become]) and a
/// good answer to a client ([CoreState#answerOk]).
final class Invariants {
  private final ReplicationCore core;
  private final CoreState state;

  Invariants(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  void check() {
    Check.invariant(
        (state.session == 0) == (state.phase == Phase.APART), "a phase without session");
    // R5
    Check.invariant(
        !state.fenced || state.role == Role.PRIMARY, "a fenced node that is no primary");
    Check.invariant(
        !core.doubt.holdsAnswers() || state.role == Role.PRIMARY,
        "a node in doubt that is no primary");
    Check.invariant(
        state.role != Role.PRIMARY || !state.phase.target(), "a primary that is a target");
    // R1: what was written alone can be told from what both have
    Check.invariant(
        !state.aloneDurable || state.identity.alone(), "recorded alone, and is not alone");
    // R4
    Check.invariant(
        (state.phase != Phase.TARGET_MARKING && state.phase != Phase.RECEIVING)
            || !state.disk.servable(),
        "a half-synchronised copy that would be served");
    Check.invariant(
        state.soleCopy == SoleCopy.NONE || (state.disk == DiskState.FAILED && state.session != 0),
        "the peer's copy is used without need or without the peer");
    ops();
  }

  private void ops() {
    var held = state.ranges.held();
    boolean marksOpen = state.map.undurableLeft() && state.disk != DiskState.FAILED;
    for (int i = 0; i < held.size(); i++) {
      var op = held.get(i);
      Check.invariant(op.kind != Op.Kind.FREE, "a range held by nobody");
      Check.invariant(
          !(op.remotePending || op.comparing) || op.session == state.session,
          "a request waits for an answer of an earlier session");
      // R3: the mark is durable before the data write starts
      Check.invariant(
          !marksOpen
              || !op.localPending
              || op.kind != Op.Kind.CLIENT_WRITE
              || state.map.durable(op.offset, op.length),
          "a write under way whose mark is not durable");
    }
  }
}
