package agent;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.Outcome;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SettledDelivery;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Handlers that wait for the command that ends them. */
final class Handlers {
  /** A waiting handler: the command that ends it, and the reply to that. */
  private record Running(
      CompletableFuture<JsonObject> command, CompletableFuture<JsonObject> reply) {}

  private final Consumer<JsonObject> emit;
  private final Map<String, Running> running = new ConcurrentHashMap<>();
  private final Map<Delivery, String> keys = new ConcurrentHashMap<>();
  private final AtomicInteger lastKey = new AtomicInteger();

  Handlers(Consumer<JsonObject> emit) {
    this.emit = emit;
  }

  /** @param onCancel what a cancelled handler does; null: it fails, as interrupted ones do */
  Outcome handle(String worker, Delivery delivery, DlqClient client, String onCancel)
      throws Exception {
    String key = ProcessHandle.current().pid() + "-" + lastKey.incrementAndGet();
    keys.put(delivery, key);
    Running own = new Running(new CompletableFuture<>(), new CompletableFuture<>());
    running.put(key, own);
    delivery.cancelled().thenRun(() -> emit.accept(named(Json.event("cancelled"), worker, key)));
    JsonObject event = named(Json.event("delivery"), worker, key);
    Json.delivery(delivery).entrySet().forEach(one -> event.add(one.getKey(), one.getValue()));
    emit.accept(event);
    JsonObject fields;
    try {
      fields = own.command.get();
    } catch (InterruptedException interrupted) {
      if (onCancel == null) throw interrupted;
      fields = new JsonObject();
      fields.addProperty("how", onCancel);
    }
    JsonObject result = new JsonObject();
    try {
      return outcome(fields, delivery, client, result);
    } finally {
      own.reply.complete(result);
    }
  }

  CompletableFuture<JsonObject> finish(JsonObject fields) {
    String key = fields.get("key").getAsString();
    Running own = running.remove(key);
    if (own == null) throw new IllegalArgumentException("no delivery waits with key " + key);
    own.command.complete(fields);
    return own.reply;
  }

  void settled(Delivery delivery, SettledDelivery settled) {
    JsonObject event = Json.event("settled");
    event.addProperty("key", keys.getOrDefault(delivery, ""));
    event.addProperty("outcome", settled.outcome().toString().toLowerCase(Locale.ROOT));
    event.addProperty("state", settled.state().name());
    event.addProperty("duration_ms", settled.duration().toMillis());
    settled.error().ifPresent(error -> event.addProperty("error", error.getMessage()));
    emit.accept(event);
  }

  private static Outcome outcome(
      JsonObject fields, Delivery delivery, DlqClient client, JsonObject result) throws Exception {
    String how = fields.get("how").getAsString();
    String note = fields.has("note") ? fields.get("note").getAsString() : "";
    JsonElement given = fields.has("error") ? fields.get("error") : new JsonObject();
    switch (how) {
      case "return":
        return null;
      case "throw":
        throw ScenarioErrors.of(given);
      case "fail":
        return failed(ScenarioErrors.of(given), fields).withFingerprint(fingerprint(fields));
      case "release":
        Duration delay = Json.duration(fields, "delay_ms");
        return delay == null ? Outcome.released() : Outcome.released(delay);
      case "quarantine":
        return Outcome.quarantined(note);
      case "discard":
        return Outcome.discarded(note);
      case "send", "send-succeed":
        String queue = fields.has("queue") ? fields.get("queue").getAsString() : delivery.queue();
        SendOptions options =
            SendOptions.builder()
                .sourceId(delivery.sourceId())
                .fingerprint(fingerprint(fields))
                .build();
        Json.result(
                client.send(
                    queue, delivery.payload(), ScenarioErrors.of(given), options))
            .entrySet()
            .forEach(one -> result.add(one.getKey(), one.getValue()));
        return how.equals("send-succeed") ? Outcome.succeeded() : null;
      default:
        throw new IllegalArgumentException("unknown way to finish: " + how);
    }
  }

  private static Outcome failed(Exception error, JsonObject fields) {
    if (fields.has("non_retryable") && fields.get("non_retryable").getAsBoolean()) {
      return Outcome.failedForGood(error);
    }
    Duration retryAfter = Json.duration(fields, "retry_after_ms");
    return retryAfter == null ? Outcome.failed(error) : Outcome.failed(error, retryAfter);
  }

  /** Empty for none. */
  private static String fingerprint(JsonObject fields) {
    return fields.has("fingerprint") ? fields.get("fingerprint").getAsString() : "";
  }

  private static JsonObject named(JsonObject event, String worker, String key) {
    event.addProperty("worker", worker);
    event.addProperty("key", key);
    return event;
  }
}
