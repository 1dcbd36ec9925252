package carpool.election.peer;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/// The test makes network namespaces: it needs root, and ip, ucarp, tcpdump, ping, arping.
@Tag("peer")
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsNamespaces.Condition.class)
@interface NeedsNamespaces {

  /// Says why a test was skipped.
  final class Condition implements ExecutionCondition {
    private static final ConditionEvaluationResult RESULT = look();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return RESULT;
    }

    private static ConditionEvaluationResult look() {
      for (String program : new String[] {"ip", "ucarp", "tcpdump", "ping", "arping"}) {
        if (!Command.exists(program)) {
          return ConditionEvaluationResult.disabled(
              program
                  + " is missing: apt-get install iproute2 ucarp tcpdump iputils-ping iputils-arping");
        }
      }
      String probe = "cp" + Long.toString(ProcessHandle.current().pid(), 36) + "probe";
      try {
        Command.sh("ip netns add " + probe);
        Command.sh("ip netns del " + probe);
      } catch (IllegalStateException e) {
        return ConditionEvaluationResult.disabled(
            "network namespaces cannot be made (root needed): " + e.getMessage());
      }
      return ConditionEvaluationResult.enabled("namespaces can be made");
    }
  }
}
