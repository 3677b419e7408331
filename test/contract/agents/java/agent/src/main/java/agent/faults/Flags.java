package agent.faults;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** The flags of an actor: {@code --name value}. */
final class Flags {
  private final Map<String, String> values = new HashMap<>();

  Flags(List<String> arguments) {
    for (int at = 0; at + 1 < arguments.size(); at += 2) {
      values.put(arguments.get(at).replaceFirst("^--", ""), arguments.get(at + 1));
    }
  }

  String text(String name) {
    String value = values.get(name);
    if (value == null) throw new NoSuchElementException("--" + name + " is missing");
    return value;
  }

  double number(String name, double fallback) {
    return values.containsKey(name) ? Double.parseDouble(text(name)) : fallback;
  }

  /** The first of the addresses: a client takes one. */
  String address() {
    return text("addresses").split(",")[0];
  }

  Path out() {
    return Path.of(text("out"));
  }

  List<String> queues() {
    return Arrays.stream(text("queues").split(",")).filter(name -> !name.isEmpty()).toList();
  }

  /** The weight of each plan. */
  Map<String, Double> plans() {
    JsonObject given = JsonParser.parseString(text("plans")).getAsJsonObject();
    Map<String, Double> plans = new LinkedHashMap<>();
    given.asMap().forEach((plan, weight) -> plans.put(plan, weight.getAsDouble()));
    return plans;
  }

  long seed() {
    return (long) number("seed", 1);
  }
}
