package io.dlqservice.dlq;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonNull;
import com.google.gson.ToNumberPolicy;

/**
 * Converts objects to JSON payloads, and back. Gson by default; a program can give its own, such as
 * Jackson's {@code ObjectMapper}.
 */
public interface JsonCodec {
  String write(Object value) throws Exception;

  <T> T read(String json, Class<T> type) throws Exception;

  /**
   * Uses Gson: all fields, including nulls; whole numbers of maps stay whole; java.time as ISO
   * 8601.
   */
  static JsonCodec gson() {
    var gson =
        new GsonBuilder()
            .disableHtmlEscaping()
            .serializeNulls()
            .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
            .registerTypeAdapterFactory(new JavaTimeAdapters())
            .create();
    return new JsonCodec() {
      @Override
      public String write(Object value) {
        String json = gson.toJson(value);
        boolean isLost = json.equals("null") && value != null && !(value instanceof JsonNull);
        if (!isLost) return json;
        throw new IllegalArgumentException(
            "Gson writes anonymous and local classes as null; use another class than "
                + value.getClass().getName());
      }

      @Override
      public <T> T read(String json, Class<T> type) {
        return gson.fromJson(json, type);
      }
    };
  }
}
