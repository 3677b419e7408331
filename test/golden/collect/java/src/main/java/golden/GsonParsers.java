package golden;

import com.google.gson.Gson;
import java.util.Map;

/** Gson. The contract agent has these cases, too. */
final class GsonParsers {
  private static final class Order {
    int id;
  }

  static final Map<String, Failing> CASES =
      Map.of("gson: HTML", parsing("<html>"), "gson: a wrong type", parsing("{\"id\": \"five\"}"));

  private static Failing parsing(String text) {
    return new Failing(
        "gson 2.15.0", "VALIDATION_FAILED", () -> new Gson().fromJson(text, Order.class));
  }

  private GsonParsers() {}
}
