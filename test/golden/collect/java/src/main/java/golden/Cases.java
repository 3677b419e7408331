package golden;

import java.util.LinkedHashMap;
import java.util.Map;

/** A table of failures, as the client sends them. */
abstract class Cases {
  static final String NET = "NETWORK_ERROR";
  static final String TIME = "TIMEOUT";
  static final String AUTH = "AUTHENTICATION_ERROR";
  static final String FULL = "RESOURCE_EXHAUSTED";
  static final String INVALID = "VALIDATION_FAILED";
  static final String WRONG = "EXECUTION_FAILED";
  static final String WEB = "WEBHOOK_FAILED";
  static final String UNKNOWN = "UNKNOWN_ERROR";

  final Map<String, Failing> byName = new LinkedHashMap<>();

  void add(String name, String library, String reason, Failing.Act act) {
    byName.put(name, new Failing(library, reason, act));
  }

  interface For {
    void act(String what) throws Throwable;
  }

  /** Pairs of what fails and the expected reason. */
  void every(String prefix, String library, For by, String... pairs) {
    for (int i = 0; i < pairs.length; i += 2) {
      String what = pairs[i];
      add(prefix + ": " + what, library, pairs[i + 1], () -> by.act(what));
    }
  }
}
