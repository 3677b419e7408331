package agent;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.dlqservice.dlq.CoalesceOptions;
import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.DlqClientBuilder;
import io.dlqservice.dlq.Failure;
import io.dlqservice.dlq.Reason;
import io.dlqservice.dlq.RetryPolicy;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SendResult;
import io.dlqservice.dlq.SpoolOptions;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** Converts between the JSON of commands and the types of the client. */
final class Json {
  private static final Gson GSON = new Gson();

  private Json() {}

  static JsonObject event(String name) {
    JsonObject event = new JsonObject();
    event.addProperty("event", name);
    return event;
  }

  static JsonObject object(JsonObject fields, String name) {
    return fields.has(name) ? fields.getAsJsonObject(name) : new JsonObject();
  }

  static OptionalInt integer(JsonObject fields, String name) {
    return fields.has(name) ? OptionalInt.of(fields.get(name).getAsInt()) : OptionalInt.empty();
  }

  /**
   * @return null without the field
   */
  static Duration duration(JsonObject fields, String name) {
    return fields.has(name) ? ofMillis(fields.get(name)) : null;
  }

  private static Duration ofMillis(JsonElement ms) {
    return Duration.ofNanos((long) (ms.getAsDouble() * 1_000_000));
  }

  static DlqClientBuilder client(JsonObject options) {
    DlqClientBuilder client = DlqClient.builder(options.get("target").getAsString());
    given(options, "token", value -> client.token(value.getAsString()));
    given(options, "token_error", value -> client.token(() -> noToken(value.getAsString())));
    given(options, "service", value -> client.service(value.getAsString()));
    given(options, "instance", value -> client.instance(value.getAsString()));
    given(options, "version", value -> client.version(value.getAsString()));
    given(options, "timeout_ms", value -> client.timeout(ofMillis(value)));
    given(options, "try_timeout_ms", value -> client.tryTimeout(ofMillis(value)));
    given(options, "coalesce", value -> client.coalesce(coalesce(value.getAsJsonObject())));
    given(
        options,
        "spool",
        value -> {
          if (value.isJsonObject()) client.spool(spool(value.getAsJsonObject()));
          else client.withoutSpool();
        });
    return client;
  }

  private static String noToken(String why) {
    throw new IllegalStateException(why);
  }

  private static CoalesceOptions coalesce(JsonObject options) {
    CoalesceOptions.Builder coalesce = CoalesceOptions.builder();
    given(options, "max_delay_ms", value -> coalesce.maxDelay(ofMillis(value)));
    given(options, "max_messages", value -> coalesce.maxMessages(value.getAsInt()));
    given(options, "max_bytes", value -> coalesce.maxBytes(value.getAsInt()));
    given(options, "max_calls", value -> coalesce.maxCalls(value.getAsInt()));
    given(options, "max_pending_messages", value -> coalesce.maxPendingMessages(value.getAsInt()));
    given(options, "max_pending_bytes", value -> coalesce.maxPendingBytes(value.getAsLong()));
    return coalesce.build();
  }

  private static SpoolOptions spool(JsonObject options) {
    SpoolOptions.Builder spool = SpoolOptions.builder();
    given(options, "folder", value -> spool.folder(Path.of(value.getAsString())));
    given(options, "max_bytes", value -> spool.maxBytes(value.getAsLong()));
    given(options, "sync", value -> spool.sync(value.getAsBoolean()));
    return spool.build();
  }

  static SendOptions sendOptions(JsonObject given) {
    SendOptions.Builder options = SendOptions.builder();
    given(given, "source_id", value -> options.sourceId(value.getAsString()));
    given(given, "dedup_key", value -> options.dedupKey(value.getAsString()));
    given(given, "reason", v -> options.reason(Reason.valueOf(v.getAsString())));
    given(given, "fingerprint", value -> options.fingerprint(value.getAsString()));
    given(given, "attributes", value -> options.attributes(texts(value)));
    given(given, "content_type", value -> options.contentType(value.getAsString()));
    given(given, "delay_ms", value -> options.delay(ofMillis(value)));
    given(given, "due_time_ms", v -> options.dueTime(Instant.ofEpochMilli((long) v.getAsDouble())));
    given(given, "ttl_ms", value -> options.ttl(ofMillis(value)));
    given(given, "max_retries", value -> options.maxRetries(value.getAsInt()));
    given(given, "retry_policy", value -> options.retryPolicy(policy(value.getAsJsonObject())));
    given(given, "priority", value -> options.priority(value.getAsInt()));
    given(given, "ordering_key", value -> options.orderingKey(value.getAsString()));
    given(given, "coordinates", value -> options.coordinates(texts(value)));
    given(given, "request_id", value -> options.requestId(value.getAsString()));
    given(given, "timeout_ms", value -> options.timeout(ofMillis(value)));
    given(
        given,
        "trace_context",
        value -> {
          JsonObject trace = value.getAsJsonObject();
          String state = trace.has("tracestate") ? trace.get("tracestate").getAsString() : "";
          options.traceContext(trace.get("traceparent").getAsString(), state);
        });
    return options.build();
  }

  private static Map<String, String> texts(JsonElement given) {
    Map<String, String> texts = new HashMap<>();
    given.getAsJsonObject().asMap().forEach((key, value) -> texts.put(key, value.getAsString()));
    return texts;
  }

  private static RetryPolicy policy(JsonObject given) {
    RetryPolicy.Builder policy =
        given.has("preset")
            ? RetryPolicy.preset(given.get("preset").getAsString())
            : RetryPolicy.builder();
    given(given, "max_retries", value -> policy.maxRetries(value.getAsInt()));
    given(given, "initial_delay_ms", value -> policy.initialDelay(ofMillis(value)));
    given(given, "max_delay_ms", value -> policy.maxDelay(ofMillis(value)));
    given(given, "multiplier", value -> policy.multiplier(value.getAsDouble()));
    given(given, "increment_ms", value -> policy.increment(ofMillis(value)));
    given(given, "max_elapsed_ms", value -> policy.maxElapsed(ofMillis(value)));
    given(given, "jitter", value -> policy.jitter(RetryPolicy.Jitter.valueOf(upper(value))));
    given(given, "backoff", value -> policy.backoff(RetryPolicy.Backoff.valueOf(upper(value))));
    return policy.build();
  }

  private static String upper(JsonElement text) {
    return text.getAsString().toUpperCase(Locale.ROOT);
  }

  static Object payload(JsonObject given) {
    if (given.has("text")) return given.get("text").getAsString();
    if (given.has("base64")) return Base64.getDecoder().decode(given.get("base64").getAsString());
    return given.get("json"); // Gson writes it unchanged
  }

  static JsonObject result(SendResult result) {
    JsonObject json = new JsonObject();
    json.addProperty("status", result.status().toString().toLowerCase(Locale.ROOT));
    if (result instanceof SendResult.Dropped dropped) {
      JsonObject error = new JsonObject();
      error.addProperty("kind", dropped.error().kind().toString());
      error.addProperty("maybe_stored", dropped.error().maybeStored());
      error.addProperty("message", dropped.error().getMessage());
      json.add("error", error);
    } else if (result instanceof SendResult.Spooled spooled) {
      json.addProperty("durable", spooled.durable());
    } else if (result instanceof SendResult.FailedDelivery delivery) {
      json.addProperty("id", delivery.id());
    } else if (result instanceof SendResult.Stored stored) {
      json.addProperty("id", stored.id());
      json.addProperty("state", stored.state().name());
      json.addProperty("reason", stored.reason().name());
      json.addProperty("queue", stored.queue());
      stored.dueTime().ifPresent(at -> json.addProperty("due_time_ms", at.toEpochMilli()));
      stored
          .quarantineReason()
          .ifPresent(reason -> json.addProperty("quarantine_reason", reason.name()));
    }
    return json;
  }

  static JsonObject delivery(Delivery delivery) {
    JsonObject json = new JsonObject();
    json.addProperty("id", delivery.id());
    json.addProperty("queue", delivery.queue());
    json.add("payload", payload(delivery.payload().bytes()));
    json.add("attributes", GSON.toJsonTree(delivery.attributes()));
    json.addProperty("attempt", delivery.attempt());
    json.addProperty("delivery_number", delivery.deliveryNumber());
    json.addProperty("outcome_unknown", delivery.outcomeUnknown());
    json.addProperty("source_id", delivery.sourceId());
    json.addProperty("ordering_key", delivery.orderingKey());
    delivery
        .traceContext()
        .ifPresent(
            trace -> {
              JsonObject context = new JsonObject();
              context.addProperty("traceparent", trace.traceparent());
              json.add("trace_context", context);
            });
    delivery
        .latestFailure()
        .ifPresent(
            failure -> {
              JsonObject latest = failure(failure);
              latest.addProperty("reason", delivery.reason().name());
              json.add("latest_failure", latest);
            });
    return json;
  }

  private static JsonObject failure(Failure failure) {
    JsonObject json = new JsonObject();
    json.addProperty("type", failure.type());
    json.addProperty("message", failure.message());
    json.addProperty("stack_trace", failure.stackTrace());
    json.addProperty("fingerprint", failure.fingerprint());
    json.add("attributes", GSON.toJsonTree(failure.attributes()));
    failure.grpcCode().ifPresent(code -> json.addProperty("grpc_code", code));
    failure.httpStatus().ifPresent(status -> json.addProperty("http_status", status));
    failure.retryAfter().ifPresent(w -> json.addProperty("retry_after_ms", w.toMillis()));
    return json;
  }

  private static JsonObject payload(byte[] bytes) {
    JsonObject json = new JsonObject();
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      json.addProperty("text", text);
    } catch (CharacterCodingException noText) {
      json.addProperty("base64", Base64.getEncoder().encodeToString(bytes));
    }
    return json;
  }

  private static void given(JsonObject fields, String name, Consumer<JsonElement> take) {
    if (fields.has(name) && !fields.get(name).isJsonNull()) take.accept(fields.get(name));
  }
}
