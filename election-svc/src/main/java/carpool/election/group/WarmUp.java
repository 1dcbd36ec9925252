package carpool.election.group;

import carpool.election.core.CarpConfig;
import carpool.election.core.CarpEvent;
import carpool.election.core.CarpMachine;
import carpool.election.core.CarpState;
import carpool.election.core.Demotions;
import carpool.election.core.Timers;
import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpPacket;
import carpool.election.core.wire.IpAddress;
import java.util.Comparator;

/// Walks a machine through a takeover and a packet through the codec before it matters: the first
/// pass through this code loads classes and a security provider, which costs a tenth of a second or
/// more on a busy machine, and would cost it in the middle of a takeover.
public final class WarmUp {
  private static final int ROUNDS = 50;

  private WarmUp() {}

  /// Changes nothing; the result is a number that depends on all of it, so that none is left out.
  public static int run(CarpConfig config, CarpDigest digest) {
    int sum = 0;
    var source = IpAddress.of(new byte[4]);
    for (int i = 0; i < ROUNDS; i++) {
      var state = CarpState.initial(config, Demotions.none(), i, 0);
      state = CarpMachine.step(state, new CarpEvent.LinkChanged(0, true)).next();
      // Down timer, claim timer, first advertisement: each is the earliest one armed then.
      for (int fired = 0; fired < 4; fired++) {
        var next =
            state.timers().armed().values().stream()
                .min(Comparator.comparingLong(Timers.Timer::deadlineNanos))
                .orElseThrow();
        var step =
            CarpMachine.step(state, new CarpEvent.TimerFired(next.deadlineNanos(), next.token()));
        state = step.next();
        sum += step.effects().size();
      }
      var advertisement = new Advertisement(config.vhid(), 1, 0, 0, i);
      byte[] packet = CarpPacket.encode(advertisement, digest);
      sum += CarpPacket.decode(packet, config.vhid(), digest).toString().length();
      var heard = new CarpEvent.AdvertisementHeard(0, source, advertisement);
      sum += CarpMachine.step(state, heard).effects().size();
    }
    return sum;
  }
}
