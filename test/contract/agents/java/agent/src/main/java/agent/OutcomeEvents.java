package agent;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.dlqservice.dlq.DlqClientBuilder;
import io.dlqservice.dlq.OutcomeEvent;
import java.util.function.Consumer;

/** Outcome callbacks of a client that report events. */
final class OutcomeEvents {
  private static final JsonPrimitive THROW = new JsonPrimitive("throw");

  private OutcomeEvents() {}

  /** @param callbacks true, or "throw": they throw after the report */
  static void report(
      DlqClientBuilder builder, String client, JsonElement callbacks, Consumer<JsonObject> emit) {
    boolean isThrowing = callbacks.equals(THROW);
    builder.onSucceeded(event -> report("succeeded", client, event, isThrowing, emit));
    builder.onFailed(event -> report("failed", client, event, isThrowing, emit));
    builder.onQuarantined(event -> report("quarantined", client, event, isThrowing, emit));
  }

  private static void report(
      String kind,
      String client,
      OutcomeEvent event,
      boolean isThrowing,
      Consumer<JsonObject> emit) {
    JsonObject json = Json.event("outcome");
    json.addProperty("client", client);
    json.addProperty("kind", kind);
    json.addProperty("id", event.id());
    json.addProperty("queue", event.queue());
    json.addProperty("attempts", event.attempts());
    json.addProperty("reason", event.reason().name());
    event.quarantineReason().ifPresent(r -> json.addProperty("quarantine_reason", r.name()));
    event.dueTime().ifPresent(at -> json.addProperty("due_time", at.toEpochMilli()));
    json.addProperty("note", event.note());
    json.addProperty("source_id", event.sourceId());
    emit.accept(json);
    if (isThrowing) throw new IllegalStateException("the callback throws");
  }
}
