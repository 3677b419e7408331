package agent;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import golden.GoldenCases;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.DlqClientBuilder;
import io.dlqservice.dlq.Worker;
import io.dlqservice.dlq.WorkerBuilder;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;

/** The clients and workers of a scenario, by name. */
final class Session {
  private final Consumer<JsonObject> emit;
  private final Map<String, DlqClient> clients = new ConcurrentHashMap<>();
  private final Map<String, Worker> workers = new ConcurrentHashMap<>();
  private final Handlers handlers;

  /** Runs calls that block. */
  private final ExecutorService threads = Executors.newCachedThreadPool();

  Session(Consumer<JsonObject> emit) {
    this.emit = emit;
    handlers = new Handlers(emit);
  }

  CompletableFuture<JsonObject> run(String op, JsonObject fields) throws Exception {
    switch (op) {
      case "open":
        return done(() -> open(fields));
      case "send":
        return send(fields);
      case "worker":
        return done(() -> work(fields));
      case "finish":
        return handlers.finish(fields);
      case "stop":
        Worker worker = named(workers, fields, "worker");
        Duration drain = Json.duration(fields, "timeout_ms");
        return (drain == null ? worker.stop() : worker.stop(drain))
            .thenApply(none -> new JsonObject());
      case "flush":
        return done(() -> named(clients, fields, "client").flush());
      case "close":
        return done(() -> close(fields));
      case "cases":
        return CompletableFuture.completedFuture(cases());
      case "fail":
        return fail(fields);
      case "call":
        return Calls.call(named(clients, fields, "client").channel(), fields);
      default:
        throw new IllegalArgumentException("unknown command: " + op);
    }
  }

  private CompletableFuture<JsonObject> done(Runnable work) {
    return CompletableFuture.runAsync(work, threads).thenApply(none -> new JsonObject());
  }

  private void open(JsonObject fields) {
    String name = fields.get("client").getAsString();
    JsonObject options = Json.object(fields, "options");
    boolean sends = fields.has("on_dropped");
    DlqClientBuilder builder = Json.client(options);
    JsonElement callbacks = fields.get("callbacks");
    if (callbacks != null) OutcomeEvents.report(builder, name, callbacks, emit);
    DlqClient client =
        builder
            .onDropped(
                (error, queue) -> {
                  JsonObject event = Json.event("dropped");
                  event.addProperty("client", name);
                  event.addProperty("queue", queue);
                  event.addProperty("kind", error.kind().toString());
                  emit.accept(event);
                  if (sends) clients.get(name).send(queue, new byte[60_000], null);
                })
            .build();
    clients.put(name, client);
  }

  private CompletableFuture<JsonObject> send(JsonObject fields) {
    return named(clients, fields, "client")
        .sendAsync(
            fields.get("queue").getAsString(),
            Json.payload(fields.getAsJsonObject("payload")),
            ScenarioErrors.of(fields.get("error")),
            Json.sendOptions(Json.object(fields, "options")))
        .thenApply(Json::result);
  }

  /** The failures that {@code fail} can make. */
  private static JsonObject cases() {
    JsonObject result = new JsonObject();
    JsonArray names = new JsonArray();
    GoldenCases.names().forEach(names::add);
    result.add("names", names);
    return result;
  }

  /** Makes a failure, and sends its exception. */
  private CompletableFuture<JsonObject> fail(JsonObject fields) {
    String name = fields.get("case").getAsString();
    DlqClient client = named(clients, fields, "client");
    Object payload = Json.payload(fields.getAsJsonObject("payload"));
    return CompletableFuture.supplyAsync(() -> GoldenCases.make(name), threads)
        .thenCompose(
            thrown ->
                client.sendAsync(
                    fields.get("queue").getAsString(),
                    payload,
                    thrown,
                    Json.sendOptions(Json.object(fields, "options"))))
        .thenApply(Json::result);
  }

  private void work(JsonObject fields) {
    String name = fields.get("worker").getAsString();
    DlqClient client = named(clients, fields, "client");
    String[] queues =
        StreamSupport.stream(fields.getAsJsonArray("queues").spliterator(), false)
            .map(JsonElement::getAsString)
            .toArray(String[]::new);
    WorkerBuilder builder =
        client
            .worker(queues)
            .onSettled(handlers::settled)
            .onError(
                (error, delivery) -> {
                  JsonObject event = Json.event("error");
                  event.addProperty("worker", name);
                  event.addProperty("kind", error.kind().toString());
                  event.addProperty("message", error.getMessage());
                  if (delivery != null) {
                    event.addProperty("id", delivery.id());
                    event.addProperty("attempt", delivery.attempt());
                  }
                  if (error.getCause() != null) {
                    event.addProperty("cause", error.getCause().getMessage());
                  }
                  emit.accept(event);
                });
    Json.integer(fields, "concurrency").ifPresent(builder::concurrency);
    Json.integer(fields, "prefetch").ifPresent(builder::prefetch);
    Json.integer(fields, "max_in_flight_bytes").ifPresent(builder::maxInFlightBytes);
    Duration lease = Json.duration(fields, "lease_ms");
    if (lease != null) builder.leaseDuration(lease);
    String onCancel = fields.has("on_cancel") ? fields.get("on_cancel").getAsString() : null;
    workers.put(
        name, builder.startWithOutcomes(delivery -> handlers.handle(name, delivery, client, onCancel)));
  }

  private void close(JsonObject fields) {
    DlqClient client = named(clients, fields, "client");
    Duration timeout = Json.duration(fields, "timeout_ms");
    if (timeout == null) client.close();
    else client.close(timeout);
  }

  private static <T> T named(Map<String, T> all, JsonObject fields, String field) {
    String name = fields.get(field).getAsString();
    T found = all.get(name);
    if (found == null) throw new IllegalArgumentException("unknown " + field + ": " + name);
    return found;
  }
}
