package golden;

import java.sql.DriverManager;
import java.time.Duration;
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

  static final int SHORT_MS = 300;
  static final Duration SHORT = Duration.ofMillis(SHORT_MS);
  /** A server that answers may do so late on a busy machine. */
  static final int LONG_MS = 5000;

  static int limitOf(String path) {
    return path.endsWith("hang") ? SHORT_MS : LONG_MS;
  }

  /** Runs a statement in a new database that has a table with a row. */
  static void besideOrders(String url, String sql) throws Exception {
    try (var connection = DriverManager.getConnection(url)) {
      var statement = connection.createStatement();
      statement.execute("CREATE TABLE orders(id INT PRIMARY KEY, name VARCHAR(3) NOT NULL)");
      statement.execute("INSERT INTO orders VALUES (1, 'a')");
      statement.execute(sql);
    }
  }

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
