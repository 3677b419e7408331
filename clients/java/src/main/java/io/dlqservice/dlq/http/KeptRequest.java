package io.dlqservice.dlq.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;

/**
 * The stored form of a request, the same in all languages. Headers that usually carry credentials
 * and the user and password of the URL are left out.
 *
 * @param headers names in lower case
 * @param body as base64; null for none
 */
public record KeptRequest(String url, String method, Map<String, String> headers, String body) {
  /** Not stored. */
  private static final Set<String> SECRET =
      Set.of("authorization", "cookie", "proxy-authorization", "x-api-key");

  /** The HTTP client sets these itself, and rejects them from others. */
  private static final Set<String> CLIENT_ONLY =
      Set.of("connection", "content-length", "expect", "host", "upgrade");

  /**
   * @throws IOException if its body cannot be read
   */
  static KeptRequest of(HttpRequest request) throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    request
        .headers()
        .map()
        .forEach(
            (name, values) -> {
              String lower = name.toLowerCase(Locale.ROOT);
              if (!SECRET.contains(lower)) headers.put(lower, String.join(", ", values));
            });
    byte[] body = new byte[0];
    try {
      body = request.bodyPublisher().map(KeptRequest::bytesOf).orElse(body);
    } catch (CompletionException unreadable) {
      throw new IOException("cannot read the body of the request", unreadable.getCause());
    }
    String text = body.length == 0 ? null : Base64.getEncoder().encodeToString(body);
    return new KeptRequest(withoutUser(request.uri()), request.method(), headers, text);
  }

  /** The HTTP client does not use the user and password of a URL. */
  private static String withoutUser(URI uri) {
    return uri.getRawUserInfo() == null
        ? uri.toString()
        : uri.toString().replaceFirst("//[^@]*@", "//");
  }

  /** Leaves out a null body, which other languages do not expect. */
  Map<String, Object> asMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("url", url);
    map.put("method", method);
    map.put("headers", headers);
    if (body != null) map.put("body", body);
    return map;
  }

  /** Returns the request to make again. */
  HttpRequest.Builder toRequest() {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).method(method, content());
    headers.forEach(
        (name, value) -> {
          if (!CLIENT_ONLY.contains(name)) request.setHeader(name, value);
        });
    return request;
  }

  /** Returns the given request with the body that was read from it. */
  HttpRequest withBody(HttpRequest given) {
    if (body == null) return given;
    return HttpRequest.newBuilder(given, (name, value) -> true).method(method, content()).build();
  }

  private BodyPublisher content() {
    if (body == null) return BodyPublishers.noBody();
    return BodyPublishers.ofByteArray(Base64.getDecoder().decode(body));
  }

  private static byte[] bytesOf(BodyPublisher publisher) {
    Collector collector = new Collector();
    publisher.subscribe(collector);
    return collector.whole.join();
  }

  private static final class Collector implements Flow.Subscriber<ByteBuffer> {
    final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ByteBuffer part) {
      byte[] content = new byte[part.remaining()];
      part.get(content);
      bytes.writeBytes(content);
    }

    @Override
    public void onError(Throwable failure) {
      whole.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      whole.complete(bytes.toByteArray());
    }
  }

  /** Returns the values of a header. */
  List<String> header(String name) {
    String value = headers.get(name);
    return value == null ? List.of() : List.of(value);
  }
}
