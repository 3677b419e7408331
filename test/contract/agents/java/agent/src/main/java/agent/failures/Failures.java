package agent.failures;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * Makes real failures: those of test/golden/failures/java.json that need only local peers, and whose
 * reason the service can derive from the exception.
 */
public final class Failures {
  /** An action that fails. */
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

  /** The names of the failures, as in the golden file. */
  public static Set<String> names() {
    return ALL.keySet();
  }

  /** Makes a failure, and returns what was thrown. */
  public static Throwable make(String name) {
    Act act = ALL.get(name);
    if (act == null) throw new NoSuchElementException("unknown failure: " + name);
    try {
      act.run();
    } catch (Throwable thrown) {
      return thrown;
    }
    throw new IllegalStateException("nothing was thrown for: " + name);
  }
}
