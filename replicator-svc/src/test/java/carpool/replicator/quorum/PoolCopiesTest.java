package carpool.replicator.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.Phase;
import carpool.replicator.core.witness.SyncState;
import carpool.replicator.core.witness.WitnessEvent;
import java.util.List;
import org.junit.jupiter.api.Test;

class PoolCopiesTest {
  private final PoolCopies copies = new PoolCopies(List.of("disk1", "disk2"));

  private List<WitnessEvent> put(String resource, Phase phase) {
    return copies.put(resource, new PoolCopy(false, false, phase, true));
  }

  @Test
  void thePoolIsInASessionWhenEveryResourceIs() {
    assertThat(put("disk1", Phase.SOURCE_MARKING)).isEmpty();
    assertThat(put("disk2", Phase.NEGOTIATING)).isEmpty();

    assertThat(put("disk2", Phase.SOURCE_MARKING))
        .containsExactly(new WitnessEvent.SessionOpened(SyncState.SOURCE));
    assertThat(put("disk1", Phase.APART)).containsExactly(new WitnessEvent.SessionLost());
    assertThat(copies.sync()).isNull();
  }

  /// The word that the peer's copies are outdated ends before the last of them can be usable.
  @Test
  void aSyncIsCommittedBeforeTheLastCopyIsTold() {
    put("disk1", Phase.COPYING);
    put("disk2", Phase.COPYING);
    assertThat(put("disk1", Phase.SOURCE_FLUSHING)).isEmpty();
    assertThat(put("disk1", Phase.SOURCE_RECORDING)).isEmpty();
    assertThat(put("disk1", Phase.OFFERED)).isEmpty();
    assertThat(put("disk1", Phase.IN_STEP)).isEmpty();
    assertThat(put("disk2", Phase.SOURCE_FLUSHING)).isEmpty();

    assertThat(put("disk2", Phase.SOURCE_RECORDING))
        .containsExactly(new WitnessEvent.SyncCommitted());
    assertThat(put("disk2", Phase.OFFERED)).isEmpty();
    assertThat(put("disk2", Phase.IN_STEP)).containsExactly(new WitnessEvent.InSync());
  }

  @Test
  void oneResourceThatReceivesMakesThePoolATarget() {
    put("disk1", Phase.IN_STEP);

    assertThat(put("disk2", Phase.TARGET_AGREED))
        .containsExactly(new WitnessEvent.SessionOpened(SyncState.TARGET));
    assertThat(put("disk2", Phase.RECEIVING)).isEmpty();
    assertThat(put("disk2", Phase.IN_STEP)).containsExactly(new WitnessEvent.InSync());
  }

  @Test
  void thePoolIsUsableWhenEveryCopyIsThereAndUsable() {
    assertThat(copies.usable()).isFalse();
    put("disk1", Phase.APART);
    assertThat(copies.usable()).isFalse();
    put("disk2", Phase.APART);
    assertThat(copies.usable()).isTrue();
    copies.put("disk2", new PoolCopy(false, false, Phase.APART, false));
    assertThat(copies.usable()).isFalse();
    copies.put("disk2", null);
    assertThat(copies.usable()).isFalse();
  }

  @Test
  void aPrimaryThatIsFencedSaysSoOnce() {
    put("disk1", Phase.APART);
    assertThat(copies.put("disk2", new PoolCopy(true, false, Phase.APART, true))).isEmpty();
    assertThat(copies.primary()).isTrue();

    assertThat(copies.put("disk2", new PoolCopy(true, true, Phase.APART, true)))
        .containsExactly(new WitnessEvent.PeerNewer());
    assertThat(copies.put("disk1", new PoolCopy(true, true, Phase.APART, true))).isEmpty();
    assertThat(copies.put("disk2", new PoolCopy(false, false, Phase.APART, true))).isEmpty();
  }
}
