package agent.faults;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.dlqservice.dlq.v1.AckRequest;
import io.dlqservice.dlq.v1.AckResponse;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.Delivery;
import io.dlqservice.dlq.v1.ExtendLeaseRequest;
import io.dlqservice.dlq.v1.ExtendLeaseResponse;
import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.Opened;
import io.dlqservice.dlq.v1.Payload;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.dlqservice.dlq.v1.SendToDlqResponse;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** Converts calls and answers to entries of the history. */
final class Entries {
  private static final double MS_PER_SECOND = 1_000;
  private static final double NANOS_PER_MS = 1_000_000;

  /** The history has no states of finished messages. */
  private static final Set<String> UNFINISHED = Set.of("SCHEDULED", "IN_FLIGHT", "QUARANTINED");

  private final History history;

  Entries(History history) {
    this.history = history;
  }

  void write(String event, JsonObject fields) {
    history.write(event, fields);
  }

  void sending(SendToDlqRequest send) {
    String text = send.getPayload().getText();
    JsonObject fields = request(send.getRequestId());
    fields.addProperty("source", send.getSourceId());
    fields.addProperty("queue", send.getQueue());
    fields.addProperty("sum", MessageMaker.sumOf(text.getBytes(StandardCharsets.UTF_8)));
    fields.addProperty("edited", MessageMaker.sumOf(MessageMaker.edited(text)));
    fields.addProperty("plan", planOf(text));
    write("sending", fields);
  }

  void sent(String request, SendToDlqResponse response) {
    boolean isDuplicateOnly = response.getDuplicate() && response.getId().isEmpty();
    JsonObject fields = request(request);
    fields.addProperty("id", response.getId());
    fields.addProperty("state", isDuplicateOnly ? "KNOWN" : bare(response.getState()));
    fields.addProperty("dueAt", History.msOf(response.getDueTime())); // 0 when there is none
    write("sent", fields);
  }

  void unsent(String request, Status.Code code, boolean isRefused) {
    write("unsent", failed(request, code, isRefused));
  }

  void acking(AckRequest ack) {
    JsonArray outcomes = new JsonArray();
    ack.getOutcomesList()
        .forEach(
            outcome -> {
              JsonObject entry = new JsonObject();
              entry.addProperty("token", outcome.getLeaseToken());
              String kind = outcome.getResultCase().toString().toLowerCase(Locale.ROOT);
              entry.addProperty("outcome", kind);
              if (outcome.getFailed().getNonRetryable()) entry.addProperty("nonRetryable", true);
              outcomes.add(entry);
            });
    JsonObject fields = request(ack.getRequestId());
    fields.add("outcomes", outcomes);
    write("acking", fields);
  }

  void acked(String request, AckResponse response) {
    JsonArray results = new JsonArray();
    response
        .getResultsList()
        .forEach(
            result -> {
              JsonObject entry = new JsonObject();
              entry.addProperty("status", bare(result.getStatus()));
              String state = bare(result.getState());
              if (UNFINISHED.contains(state)) entry.addProperty("state", state);
              if (result.hasDueTime()) {
                entry.addProperty("dueAt", History.msOf(result.getDueTime()));
              }
              results.add(entry);
            });
    JsonObject fields = request(request);
    fields.add("results", results);
    write("acked", fields);
  }

  void unacked(String request, Status.Code code, boolean isRefused) {
    write("unacked", failed(request, code, isRefused));
  }

  void extending(String request, ExtendLeaseRequest extend) {
    JsonArray tokens = new JsonArray();
    extend.getLeaseTokensList().forEach(tokens::add);
    JsonObject fields = request(request);
    fields.add("tokens", tokens);
    write("extending", fields);
  }

  void extended(String request, ExtendLeaseResponse response) {
    JsonArray leases = new JsonArray();
    response.getResultsList().stream()
        .filter(one -> one.getStatus() == AckStatus.ACK_STATUS_APPLIED && one.hasLeaseExpireTime())
        .forEach(
            one -> {
              JsonObject lease = new JsonObject();
              lease.addProperty("token", one.getLeaseToken());
              lease.addProperty("expires", History.msOf(one.getLeaseExpireTime()));
              leases.add(lease);
            });
    JsonObject fields = request(request);
    fields.add("leases", leases);
    write("extended", fields);
  }

  void unextended(String request, Status.Code code) {
    JsonObject fields = request(request);
    fields.addProperty("code", code.toString());
    write("unextended", fields);
  }

  void opened(String stream, Opened opened) {
    var lease = opened.getLeaseDuration();
    JsonObject fields = new JsonObject();
    fields.addProperty("stream", stream);
    fields.addProperty("session", opened.getSessionId());
    fields.addProperty("leaseMs", lease.getSeconds() * MS_PER_SECOND + lease.getNanos() / NANOS_PER_MS);
    fields.addProperty("leasesHeld", opened.getLeasesHeld());
    write("opened", fields);
  }

  void delivered(String stream, Delivery delivery) {
    var message = delivery.getMessage();
    byte[] payload = bytesOf(message.getPayload());
    JsonObject fields = new JsonObject();
    fields.addProperty("stream", stream);
    fields.addProperty("queue", message.getQueue());
    fields.addProperty("id", message.getId());
    fields.addProperty("source", message.getSourceId());
    fields.addProperty("sum", MessageMaker.sumOf(payload));
    fields.addProperty("plan", planOf(new String(payload, StandardCharsets.UTF_8)));
    fields.addProperty("token", delivery.getLeaseToken());
    fields.addProperty("number", delivery.getDeliveryNumber());
    fields.addProperty("attempt", delivery.getAttempt());
    fields.addProperty("unknown", delivery.getOutcomeUnknown());
    fields.addProperty("expires", History.msOf(delivery.getLeaseExpireTime()));
    write("delivered", fields);
  }

  private static byte[] bytesOf(Payload payload) {
    return payload.hasData()
        ? payload.getData().toByteArray()
        : payload.getTextBytes().toByteArray();
  }

  private static String planOf(String text) {
    return JsonParser.parseString(text).getAsJsonObject().get("plan").getAsString();
  }

  private static JsonObject request(String id) {
    JsonObject fields = new JsonObject();
    fields.addProperty("request", id);
    return fields;
  }

  private static JsonObject failed(String request, Status.Code code, boolean isRefused) {
    JsonObject fields = request(request);
    fields.addProperty("code", code.toString());
    fields.addProperty("refused", isRefused);
    return fields;
  }

  private static String bare(MessageState state) {
    return state.toString().replace("MESSAGE_STATE_", "");
  }

  private static String bare(AckStatus status) {
    return status.toString().replace("ACK_STATUS_", "");
  }
}
