package io.dlqservice.dlq;

import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import io.dlqservice.dlq.v1.Payload;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/** The payload of a delivery, byte for byte as it was sent. It can be sent again. */
public final class MessagePayload {
  private static final String JSON_TYPE = "application/json";

  private final Payload payload;
  private final JsonCodec codec;
  private final HeldDelivery delivery;

  MessagePayload(Payload payload, JsonCodec codec, HeldDelivery delivery) {
    this.payload = payload;
    this.codec = codec;
    this.delivery = delivery;
  }

  /** The media type; empty without one. */
  public String contentType() {
    return payload.getContentType();
  }

  /** The payload as text; bytes are decoded as UTF-8. */
  public String text() {
    return payload.hasData() ? payload.getData().toStringUtf8() : payload.getText();
  }

  /** The payload as bytes; text is encoded as UTF-8. */
  public byte[] bytes() {
    return bytesOf(payload).toByteArray();
  }

  /**
   * Reads the payload as JSON.
   *
   * @throws IllegalArgumentException if it is not JSON of that type
   */
  public <T> T json(Class<T> type) {
    try {
      return codec.read(text(), type);
    } catch (Exception unreadable) {
      throw new IllegalArgumentException("the payload is not JSON of " + type, unreadable);
    }
  }

  @Override
  public String toString() {
    return text();
  }

  Payload raw() {
    return payload;
  }

  /**
   * Returns the delivery that is given to a send: itself, an object of the program around it, or
   * its payload; null for other values.
   */
  static HeldDelivery deliveryOf(Object value) {
    Object payload = value instanceof Delivery delivery ? delivery.payload() : value;
    return payload instanceof MessagePayload held ? held.delivery : null;
  }

  /** Like {@link #deliveryOf}, also those of a list, which no send accepts. Never throws. */
  static List<HeldDelivery> deliveriesOf(Object value) {
    try {
      HeldDelivery one = deliveryOf(value);
      if (one != null) return List.of(one);
      Collection<?> elements = Payloads.elementsOf(value);
      if (elements.isEmpty()) return List.of();
      return elements.stream().map(MessagePayload::deliveryOf).filter(Objects::nonNull).toList();
    } catch (Throwable unreadable) { // the send refuses it
      return List.of();
    }
  }

  /**
   * Converts a value: a string to text, bytes to bytes, anything else to JSON. The payload of a
   * delivery stays the same.
   */
  static Payload of(Object value, String contentType, JsonCodec codec) throws Exception {
    if (value instanceof MessagePayload held) return held.payload;
    if (value instanceof Delivery delivery) return delivery.payload().payload;
    Payload.Builder payload = Payload.newBuilder();
    if (value instanceof String text) {
      payload.setText(Text.wellFormed(text));
    } else if (value instanceof byte[] bytes) {
      payload.setData(ByteString.copyFrom(bytes));
    } else if (value instanceof ByteBuffer buffer) {
      payload.setData(ByteString.copyFrom(buffer.duplicate()));
    } else if (value instanceof ByteString data) {
      payload.setData(data);
    } else {
      Payloads.check(value);
      payload.setText(Text.wellFormed(codec.write(value))).setContentType(JSON_TYPE);
    }
    if (contentType != null) payload.setContentType(contentType);
    return payload.build();
  }

  /** Whether both have the same bytes, or the same JSON. */
  static boolean isSame(Payload one, Payload other) {
    if (bytesOf(one).equals(bytesOf(other))) return true;
    return other.getContentType().equals(JSON_TYPE) && isSameJson(one, other);
  }

  /** Other languages write JSON with other spaces and escapes. */
  private static boolean isSameJson(Payload one, Payload other) {
    try {
      String text = bytesOf(one).toStringUtf8();
      return JsonParser.parseString(text)
          .equals(JsonParser.parseString(bytesOf(other).toStringUtf8()));
    } catch (JsonParseException notJson) {
      return false;
    }
  }

  private static ByteString bytesOf(Payload payload) {
    return payload.hasData() ? payload.getData() : payload.getTextBytes();
  }
}
