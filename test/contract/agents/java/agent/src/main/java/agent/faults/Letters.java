package agent.faults;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.v1.RetryPolicy;
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

/** Makes the messages of a producer, the same ones for the same seed but for their request ids. */
final class Letters {
  /**
   * What a producer hands to its client.
   *
   * @param text JSON, with the plan of the message in it
   */
  record Letter(String requestId, String queue, String text, SendOptions options) {}

  private static final int FILLER_CHARS = 400;
  private static final int SUM_DIGITS = 16;
  private static final RetryPolicy POLICY =
      RetryPolicy.newBuilder()
          .setInitialDelay(com.google.protobuf.Duration.newBuilder().setNanos(100_000_000))
          .setMaxDelay(com.google.protobuf.Duration.newBuilder().setNanos(500_000_000))
          .build();

  /** Far beyond any run. */
  private static final Duration STOCK_DELAY = Duration.ofDays(30);

  // As history/lanes.ts has them.
  private static final int HOSTS = 8;
  private static final int ORDER_EVERY = 3;
  private static final int ORDERS = 150;
  private static final Map<Integer, Integer> PRIORITIES = Map.of(0, 5, 1, -5);
  private static final int PRIORITY_EVERY = 10;

  /** Of every 50 messages, from and to, as history/routes.ts has them. */
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

    /** What rules do to a producer's message, from 1; empty: nothing. */
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

  Letters(String name, List<String> queues, Map<String, Double> plans, long seed) {
    this.name = name;
    this.queues = queues;
    this.plans = plans;
    random = new Random(seed);
  }

  int made() {
    return made;
  }

  Letter next() {
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
    if (plan.equals("baseline")) options.delay(STOCK_DELAY);
    String queue = queues.get(random.nextInt(queues.size()));
    return new Letter(requestId, queue, content.toString(), options.build());
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
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** The payload with all that edits of the run do to it, as rig/guarded.yaml has them. */
  static byte[] edited(String text) {
    JsonObject edit = new JsonObject();
    edit.addProperty("by", "queue");
    edit.addProperty("whole", true);
    JsonObject content = JsonParser.parseString(text).getAsJsonObject();
    content.add("edit", edit);
    return content.toString().getBytes(StandardCharsets.UTF_8);
  }
}
