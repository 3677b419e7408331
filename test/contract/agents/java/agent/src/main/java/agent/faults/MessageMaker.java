package agent.faults;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.dlqservice.dlq.RetryPolicy;
import io.dlqservice.dlq.SendOptions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.UUID;

/**
 * Makes the messages of a producer. The same seed makes the same messages, except for request ids.
 */
final class MessageMaker {
  /**
   * The arguments of a send.
   *
   * @param text JSON with the plan of the message
   */
  record Draft(String requestId, String queue, String text, SendOptions options) {}

  private static final int FILLER_CHARS = 400;
  private static final int SUM_DIGITS = 16;
  private static final RetryPolicy POLICY =
      RetryPolicy.builder()
          .initialDelay(Duration.ofMillis(100))
          .maxDelay(Duration.ofMillis(500))
          .build();

  /** Longer than any run. */
  private static final Duration BASELINE_DELAY = Duration.ofDays(30);

  // The same values as in history/guarded-facts.ts.
  private static final int HOSTS = 8;
  private static final int ORDER_EVERY = 3;
  private static final int ORDERS = 150;
  private static final Map<Integer, Integer> PRIORITIES = Map.of(0, 5, 1, -5);
  private static final int PRIORITY_EVERY = 10;

  /** The routes of every 50 messages, from and to, as in history/routes.ts. */
  private enum Route {
    DROP(7, 8),
    DIVERT(13, 15),
    MOVED(20, 28),
    SWAP(30, 38),
    RULE(40, 42);

    private static final int EVERY = 50;
    private final int first;
    private final int end;

    Route(int first, int end) {
      this.first = first;
      this.end = end;
    }

    /** Returns the route of a producer's message, numbered from 1; empty for none. */
    static String at(int number) {
      int place = number % EVERY;
      for (Route route : values()) {
        if (route.first <= place && place < route.end) return route.name().toLowerCase(Locale.ROOT);
      }
      return "";
    }
  }

  private final String name;
  private final List<String> queues;
  private final Map<String, Double> plans;
  private final Random random;
  private int made;

  MessageMaker(String name, List<String> queues, Map<String, Double> plans, long seed) {
    this.name = name;
    this.queues = queues;
    this.plans = plans;
    random = new Random(seed);
  }

  int made() {
    return made;
  }

  Draft next() {
    made++;
    String host = "h" + made % HOSTS;
    String order = made % ORDER_EVERY == 0 ? "o" + made % (ORDER_EVERY * ORDERS) : "";
    StringJoiner source = new StringJoiner(".");
    for (String part : List.of(name + "-" + made, Route.at(made), host, order)) {
      if (!part.isEmpty()) source.add(part);
    }
    String plan = plan();
    JsonObject content = new JsonObject();
    content.addProperty("source", source.toString());
    content.addProperty("plan", plan);
    content.addProperty("filler", filler());
    String requestId = UUID.randomUUID().toString();
    SendOptions.Builder options =
        SendOptions.builder()
            .requestId(requestId)
            .sourceId(source.toString())
            .contentType("application/json")
            .attributes(Map.of("host", host))
            .orderingKey(order)
            .priority(PRIORITIES.getOrDefault(made % PRIORITY_EVERY, 0))
            .retryPolicy(POLICY);
    if (plan.equals("exhaust")) options.maxRetries(2);
    if (plan.equals("baseline")) options.delay(BASELINE_DELAY);
    String queue = queues.get(random.nextInt(queues.size()));
    return new Draft(requestId, queue, content.toString(), options.build());
  }

  private String plan() {
    double left =
        random.nextDouble() * plans.values().stream().mapToDouble(Double::doubleValue).sum();
    String last = "";
    for (Map.Entry<String, Double> plan : plans.entrySet()) {
      last = plan.getKey();
      left -= plan.getValue();
      if (left < 0) break;
    }
    return last;
  }

  private String filler() {
    byte[] bytes = new byte[FILLER_CHARS / 2];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes).substring(0, random.nextInt(FILLER_CHARS + 1));
  }

  static String sumOf(byte[] payload) {
    try {
      byte[] sum = MessageDigest.getInstance("SHA-256").digest(payload);
      return HexFormat.of().formatHex(sum).substring(0, SUM_DIGITS);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Returns the payload after the edits of the run, as in rig/guarded.yaml. */
  static byte[] edited(String text) {
    JsonObject edit = new JsonObject();
    edit.addProperty("by", "queue");
    edit.addProperty("whole", true);
    JsonObject content = JsonParser.parseString(text).getAsJsonObject();
    content.add("edit", edit);
    return content.toString().getBytes(StandardCharsets.UTF_8);
  }
}
