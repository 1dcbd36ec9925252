package carpool.cli;

/// One of the three services of a node, as an operator knows it.
enum LocalService {
  REPLICATOR("replicator"),
  ELECTION("election"),
  ORCHESTRATOR("orchestrator");

  private final String word;

  LocalService(String word) {
    this.word = word;
  }

  String program() {
    return "carpool-" + word;
  }

  String socketName() {
    return word + ".sock";
  }
}
