package carpool.election.core.wire;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// The HMAC-SHA1 of one group: key, vhid and address list are fixed, only the counter varies.
///
/// Message: `02 01` (version and type as two bytes, though they share one on the wire), six MAC
/// bytes (only an OpenBSD peer with a hand-set address), vhid, each IPv4 address ascending
/// unsigned, each IPv6 address ascending unsigned, duplicates once, the eight counter bytes.
/// Nothing else: advbase, advskew and the addresses of the packet are outside (carp.md 1.6).
///
/// Immutable, safe for any thread.
public final class CarpDigest {
  /// Bytes of a digest.
  public static final int BYTES = 20;

  private static final String ALGORITHM = "HmacSHA1";

  private final SecretKeySpec key;
  private final byte[] prefix;
  private final byte[] prefixWithoutLinkLocal;

  private CarpDigest(SecretKeySpec key, byte[] prefix, byte[] prefixWithoutLinkLocal) {
    this.key = key;
    this.prefix = prefix;
    this.prefixWithoutLinkLocal = prefixWithoutLinkLocal;
  }

  /// For one group.
  ///
  /// @param vhid 1..255
  /// @param addresses the virtual addresses, any order
  public static CarpDigest of(CarpKey key, int vhid, Collection<IpAddress> addresses) {
    return of(key, vhid, addresses, new byte[0]);
  }

  /// As [#of], for a peer on OpenBSD whose carp interface has a hand-set MAC.
  ///
  /// @param handSetMac six bytes, or none
  public static CarpDigest of(
      CarpKey key, int vhid, Collection<IpAddress> addresses, byte[] handSetMac) {
    var sorted = List.copyOf(new TreeSet<>(addresses));
    var global = sorted.stream().filter(address -> !address.linkLocal()).toList();
    return new CarpDigest(
        new SecretKeySpec(key.copy(), ALGORITHM),
        prefix(vhid, sorted, handSetMac),
        prefix(vhid, global, handSetMac));
  }

  /// The digest of a packet with this counter, 20 bytes.
  public byte[] compute(long counter) {
    return compute(prefix, counter);
  }

  /// Whether the 20 bytes are right for this counter. Takes the same time for every wrong value.
  /// The form without link-local addresses, which OpenBSD sends, is right too.
  public boolean verify(long counter, byte[] digest) {
    boolean whole = MessageDigest.isEqual(compute(prefix, counter), digest);
    boolean withoutLinkLocal =
        MessageDigest.isEqual(compute(prefixWithoutLinkLocal, counter), digest);
    return whole || withoutLinkLocal;
  }

  private byte[] compute(byte[] start, long counter) {
    try {
      var mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(start);
      return mac.doFinal(ByteBuffer.allocate(8).putLong(counter).array());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has " + ALGORITHM, e);
    }
  }

  private static byte[] prefix(int vhid, List<IpAddress> sorted, byte[] handSetMac) {
    int addressBytes = sorted.stream().mapToInt(address -> address.bytes().length).sum();
    var out = ByteBuffer.allocate(3 + handSetMac.length + addressBytes);
    out.put((byte) CarpPacket.VERSION);
    out.put((byte) CarpPacket.TYPE_ADVERTISEMENT);
    out.put(handSetMac);
    out.put((byte) vhid);
    sorted.forEach(address -> out.put(address.bytes()));
    return out.array();
  }
}
