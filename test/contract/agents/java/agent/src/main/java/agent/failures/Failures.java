package agent.failures;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * Failures that this program makes for real: those of test/golden/failures/java.json that need
 * nobody but peers of its own on the loopback, and whose reason can be told from what they say.
 */
public final class Failures {
  /** What is made to fail. */
  interface Act {
    void run() throws Throwable;
  }

  private static final Map<String, Act> ALL = new LinkedHashMap<>();

  static {
    SocketFailures.addTo(ALL);
    WebFailures.addTo(ALL);
    GrpcFailures.addTo(ALL);
    CodeFailures.addTo(ALL);
    ParserFailures.addTo(ALL);
  }

  private Failures() {}

  /** Their names, as in the golden file. */
  public static Set<String> names() {
    return ALL.keySet();
  }

  /** Makes one happen, and gives what was thrown. */
  public static Throwable make(String name) {
    Act act = ALL.get(name);
    if (act == null) throw new NoSuchElementException("this agent can't make: " + name);
    try {
      act.run();
    } catch (Throwable thrown) {
      return thrown;
    }
    throw new IllegalStateException("nothing failed: " + name);
  }
}
