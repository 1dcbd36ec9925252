package carpool.kit.config;

/// The name of a node: the word of its `on` sections in hast.conf, and of its entries in
/// carpool.yaml. Both nodes know a node by the same name.
public record NodeName(String value) implements Comparable<NodeName> {

  @Override
  public int compareTo(NodeName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
