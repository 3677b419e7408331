package io.dlqservice.dlq;

import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;

/**
 * Writes and reads payloads that are objects. Give one of your own where the program has its own
 * way, such as Jackson's {@code ObjectMapper}; the default is Gson.
 */
public interface JsonCodec {
  String write(Object value) throws Exception;

  <T> T read(String json, Class<T> type) throws Exception;

  /**
   * By Gson: fields as they are, nulls included; whole numbers of maps stay whole; times of
   * java.time as ISO 8601 has them.
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
        return gson.toJson(value);
      }

      @Override
      public <T> T read(String json, Class<T> type) {
        return gson.fromJson(json, type);
      }
    };
  }
}
