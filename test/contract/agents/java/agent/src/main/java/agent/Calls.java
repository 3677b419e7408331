package agent;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Makes calls with the stubs, like a user of the client. */
final class Calls {
  private static final TypeRegistry DETAILS =
      TypeRegistry.newBuilder()
          .add(ErrorInfo.getDescriptor())
          .add(RetryInfo.getDescriptor())
          .add(BadRequest.getDescriptor())
          .build();

  private Calls() {}

  @SuppressWarnings("unchecked")
  static CompletableFuture<JsonObject> call(Channel channel, JsonObject fields)
      throws InvalidProtocolBufferException {
    String name = fields.get("method").getAsString();
    MethodDescriptor<Message, Message> method =
        (MethodDescriptor<Message, Message>)
            DlqServiceGrpc.getServiceDescriptor().getMethods().stream()
                .filter(one -> name.equals(one.getBareMethodName()))
                .findFirst()
                .orElseThrow();
    var prototype = (PrototypeMarshaller<Message>) method.getRequestMarshaller();
    Message.Builder request = prototype.getMessagePrototype().newBuilderForType();
    JsonFormat.parser()
        .usingTypeRegistry(DETAILS)
        .merge(Json.object(fields, "request").toString(), request);
    CallOptions options = CallOptions.DEFAULT;
    if (fields.has("timeout_ms")) {
      long ms = fields.get("timeout_ms").getAsLong();
      options = options.withDeadlineAfter(ms, TimeUnit.MILLISECONDS);
    }
    ClientCall<Message, Message> call = channel.newCall(method, options);
    CompletableFuture<JsonObject> result = new CompletableFuture<>();
    ClientCalls.asyncUnaryCall(call, request.build(), new Answer(result));
    if (fields.has("cancel_after_ms")) {
      long ms = fields.get("cancel_after_ms").getAsLong();
      CompletableFuture.delayedExecutor(ms, TimeUnit.MILLISECONDS)
          .execute(() -> call.cancel("cancelled by the scenario", null));
    }
    return result;
  }

  private static final class Answer implements StreamObserver<Message> {
    private final CompletableFuture<JsonObject> result;
    private Message response;

    Answer(CompletableFuture<JsonObject> result) {
      this.result = result;
    }

    @Override
    public void onNext(Message response) {
      this.response = response;
    }

    @Override
    public void onError(Throwable error) {
      try {
        result.complete(errorJson(error));
      } catch (InvalidProtocolBufferException unreadable) {
        result.completeExceptionally(unreadable);
      }
    }

    @Override
    public void onCompleted() {
      try {
        JsonObject json = new JsonObject();
        json.addProperty("code", "OK");
        String text =
            JsonFormat.printer()
                .preservingProtoFieldNames()
                .usingTypeRegistry(DETAILS)
                .print(response);
        json.add("response", JsonParser.parseString(text));
        result.complete(json);
      } catch (InvalidProtocolBufferException unreadable) {
        result.completeExceptionally(unreadable);
      }
    }
  }

  private static JsonObject errorJson(Throwable error) throws InvalidProtocolBufferException {
    Status status = Status.fromThrowable(error);
    JsonObject json = new JsonObject();
    json.addProperty("code", status.getCode().toString());
    json.addProperty("message", status.getDescription());
    JsonArray violations = new JsonArray();
    json.add("field_violations", violations);
    com.google.rpc.Status details = StatusProto.fromThrowable(error);
    if (details == null) return json;
    for (Any detail : details.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        ErrorInfo info = detail.unpack(ErrorInfo.class);
        json.addProperty("reason", info.getReason());
        json.addProperty("domain", info.getDomain());
      } else if (detail.is(RetryInfo.class)) {
        var delay = detail.unpack(RetryInfo.class).getRetryDelay();
        long ms = delay.getSeconds() * 1_000 + delay.getNanos() / 1_000_000;
        json.addProperty("retry_after_ms", ms);
      } else if (detail.is(BadRequest.class)) {
        detail
            .unpack(BadRequest.class)
            .getFieldViolationsList()
            .forEach(violation -> violations.add(violation.getField()));
      }
    }
    return json;
  }
}
