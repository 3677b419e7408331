package agent;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.ProtocolMessageEnum;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import io.dlqservice.dlq.CoalesceOptions;
import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.DlqClientBuilder;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SendResult;
import io.dlqservice.dlq.SpoolOptions;
import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.Reason;
import io.dlqservice.dlq.v1.RetryPolicy;
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

/** What the contract calls what this client takes and gives. */
final class Words {
  private static final Gson GSON = new Gson();

  private Words() {}

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
   * @return null where none is given
   */
  static Duration duration(JsonObject fields, String name) {
    return fields.has(name) ? ofMillis(fields.get(name)) : null;
  }

  private static Duration ofMillis(JsonElement ms) {
    return Duration.ofNanos((long) (ms.getAsDouble() * 1_000_000));
  }

  /** Enum values without what their names begin with. */
  static String bare(ProtocolMessageEnum value, String prefix) {
    return value.toString().substring(prefix.length());
  }

  static DlqClientBuilder client(JsonObject options) {
    DlqClientBuilder client = DlqClient.builder(options.get("target").getAsString());
    given(options, "token", value -> client.token(value.getAsString()));
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

  private static CoalesceOptions coalesce(JsonObject options) {
    CoalesceOptions.Builder coalesce = CoalesceOptions.builder();
    given(options, "max_delay_ms", value -> coalesce.maxDelay(ofMillis(value)));
    given(options, "max_messages", value -> coalesce.maxMessages(value.getAsInt()));
    given(options, "max_bytes", value -> coalesce.maxBytes(value.getAsInt()));
    given(options, "max_calls", value -> coalesce.maxCalls(value.getAsInt()));
    given(
        options, "max_pending_messages", value -> coalesce.maxPendingMessages(value.getAsInt()));
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
    given(given, "reason", v -> options.reason(Reason.valueOf("REASON_" + v.getAsString())));
    given(given, "attributes", value -> options.attributes(texts(value)));
    given(given, "content_type", value -> options.contentType(value.getAsString()));
    given(given, "delay_ms", value -> options.delay(ofMillis(value)));
    given(
        given, "due_time_ms", v -> options.dueTime(Instant.ofEpochMilli((long) v.getAsDouble())));
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
    JsonObject json = new JsonObject();
    given
        .asMap()
        .forEach(
            (name, value) -> {
              boolean isEnum = name.equals("jitter") || name.equals("backoff");
              if (name.endsWith("_ms")) {
                json.addProperty(name.replace("_ms", ""), value.getAsDouble() / 1_000 + "s");
              } else if (isEnum) {
                String words = name + "_" + value.getAsString();
                json.addProperty(name, words.toUpperCase(Locale.ROOT));
              } else {
                json.add(name, value);
              }
            });
    try {
      RetryPolicy.Builder policy = RetryPolicy.newBuilder();
      JsonFormat.parser().merge(json.toString(), policy);
      return policy.build();
    } catch (InvalidProtocolBufferException misspelled) {
      throw new IllegalArgumentException(misspelled);
    }
  }

  static Object payload(JsonObject given) {
    if (given.has("text")) return given.get("text").getAsString();
    if (given.has("base64")) return Base64.getDecoder().decode(given.get("base64").getAsString());
    return given.get("json"); // which Gson writes as it is
  }

  static JsonObject result(SendResult result) {
    JsonObject words = new JsonObject();
    words.addProperty("status", result.status().toString().toLowerCase(Locale.ROOT));
    if (result instanceof SendResult.Dropped dropped) {
      JsonObject error = new JsonObject();
      error.addProperty("kind", dropped.error().kind().toString());
      error.addProperty("maybe_stored", dropped.error().maybeStored());
      error.addProperty("message", dropped.error().getMessage());
      words.add("error", error);
    } else if (result instanceof SendResult.Spooled spooled) {
      words.addProperty("durable", spooled.durable());
    } else if (result instanceof SendResult.FailedDelivery delivery) {
      words.addProperty("id", delivery.id());
    } else if (result instanceof SendResult.Stored stored) {
      words.addProperty("id", stored.id());
      words.addProperty("state", bare(stored.state(), "MESSAGE_STATE_"));
      words.addProperty("reason", bare(stored.reason(), "REASON_"));
      words.addProperty("queue", stored.queue());
      stored.dueTime().ifPresent(at -> words.addProperty("due_time_ms", at.toEpochMilli()));
      stored
          .quarantineReason()
          .ifPresent(
              reason ->
                  words.addProperty("quarantine_reason", bare(reason, "QUARANTINE_REASON_")));
    }
    return words;
  }

  static JsonObject delivery(Delivery delivery) {
    JsonObject words = new JsonObject();
    words.addProperty("id", delivery.id());
    words.addProperty("queue", delivery.queue());
    words.add("payload", payload(delivery.payload().bytes()));
    words.add("attributes", GSON.toJsonTree(delivery.attributes()));
    words.addProperty("attempt", delivery.attempt());
    words.addProperty("delivery_number", delivery.deliveryNumber());
    words.addProperty("outcome_unknown", delivery.outcomeUnknown());
    words.addProperty("source_id", delivery.sourceId());
    words.addProperty("ordering_key", delivery.orderingKey());
    delivery
        .traceContext()
        .ifPresent(
            trace -> {
              JsonObject context = new JsonObject();
              context.addProperty("traceparent", trace.getTraceparent());
              words.add("trace_context", context);
            });
    delivery
        .latestFailure()
        .ifPresent(
            failure -> {
              JsonObject latest = failure(failure);
              latest.addProperty("reason", bare(delivery.reason(), "REASON_"));
              words.add("latest_failure", latest);
            });
    return words;
  }

  private static JsonObject failure(Failure failure) {
    JsonObject words = new JsonObject();
    words.addProperty("type", failure.getType());
    words.addProperty("message", failure.getMessage());
    words.addProperty("stack_trace", failure.getStackTrace());
    words.add("attributes", GSON.toJsonTree(failure.getAttributesMap()));
    if (failure.hasGrpcCode()) words.addProperty("grpc_code", failure.getGrpcCode());
    if (failure.hasHttpStatus()) words.addProperty("http_status", failure.getHttpStatus());
    if (failure.hasRetryAfter()) {
      words.addProperty("retry_after_ms", Durations.toMillis(failure.getRetryAfter()));
    }
    return words;
  }

  private static JsonObject payload(byte[] bytes) {
    JsonObject words = new JsonObject();
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      words.addProperty("text", text);
    } catch (CharacterCodingException noText) {
      words.addProperty("base64", Base64.getEncoder().encodeToString(bytes));
    }
    return words;
  }

  private static void given(JsonObject fields, String name, Consumer<JsonElement> take) {
    if (fields.has(name) && !fields.get(name).isJsonNull()) take.accept(fields.get(name));
  }
}
