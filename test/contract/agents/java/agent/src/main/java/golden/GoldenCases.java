package golden;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

/** Makes real failures: the cases of the golden set that need no other libraries. */
public final class GoldenCases {
  private static final Map<String, Failing> ALL = new LinkedHashMap<>();

  /** The service derives other reasons from these. */
  private static final Set<String> LEFT_OUT =
      Set.of("HttpClient: a body that was cut", "io: end of file");

  static {
    List.of(Language.CASES, JdkWeb.CASES, Calls.CASES, GsonParsers.CASES).forEach(ALL::putAll);
    ALL.keySet().removeAll(LEFT_OUT);
  }

  private GoldenCases() {}

  /** The names of the failures, as in the golden file. */
  public static Set<String> names() {
    return ALL.keySet();
  }

  /** Makes a failure, and returns what was thrown. */
  public static Throwable make(String name) {
    Failing failing = ALL.get(name);
    if (failing == null) throw new NoSuchElementException("unknown failure: " + name);
    try {
      failing.act().run();
    } catch (Throwable thrown) {
      return thrown;
    }
    throw new IllegalStateException("nothing was thrown for: " + name);
  }
}
