package golden;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.BasicHttpClientResponseHandler;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.util.Timeout;

/** HTTP clients of other libraries. */
final class Web {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  private static void add(String name, String library, String reason, Failing.Act act) {
    CASES.put(name, new Failing(library, reason, act));
  }

  private static void byOkHttp(String where, OkHttpClient.Builder builder) throws IOException {
    Request request = new Request.Builder().url(where).build();
    try (Response response = builder.build().newCall(request).execute()) {
      response.body().string();
    }
  }

  private static OkHttpClient.Builder okHttp() {
    return new OkHttpClient.Builder().retryOnConnectionFailure(false);
  }

  private static void byApache(String where, int timeoutMs) throws IOException {
    Timeout timeout = Timeout.ofMilliseconds(timeoutMs);
    var connection =
        ConnectionConfig.custom().setConnectTimeout(timeout).setSocketTimeout(timeout).build();
    var manager =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setDefaultConnectionConfig(connection)
            .build();
    var request = RequestConfig.custom().setResponseTimeout(timeout).build();
    try (var client =
        HttpClients.custom()
            .setConnectionManager(manager)
            .setDefaultRequestConfig(request)
            .disableAutomaticRetries()
            .build()) {
      client.execute(new HttpGet(where), new BasicHttpClientResponseHandler());
    }
  }

  /** A pool whose only connection is in use. */
  private static void fullApachePool() throws IOException {
    var manager =
        PoolingHttpClientConnectionManagerBuilder.create().setMaxConnTotal(1).build();
    var config =
        RequestConfig.custom().setConnectionRequestTimeout(Timeout.ofMilliseconds(50)).build();
    try (var client =
        HttpClients.custom().setConnectionManager(manager).setDefaultRequestConfig(config).build()) {
      var held = client.executeOpen(null, new HttpGet(Peers.url("http", "/slow-body")), null);
      client.execute(new HttpGet(Peers.url("http", "/html")), new BasicHttpClientResponseHandler());
      held.close();
    }
  }

  static {
    String ok = "okhttp 5.5.1";
    add("OkHttp: refused", ok, "NETWORK_ERROR", () -> byOkHttp(Peers.url("closed", "/"), okHttp()));
    add("OkHttp: hung up", ok, "NETWORK_ERROR", () -> byOkHttp(Peers.url("http", "/close"), okHttp()));
    add("OkHttp: another protocol", ok, "NETWORK_ERROR", () -> byOkHttp(Peers.url("foreign", "/"), okHttp()));
    add("OkHttp: a body that was cut", ok, "NETWORK_ERROR", () -> byOkHttp(Peers.url("http", "/cut"), okHttp()));
    add("OkHttp: reading too slow", ok, "TIMEOUT", () -> byOkHttp(Peers.url("http", "/hang"), okHttp().readTimeout(Duration.ofMillis(50))));
    add("OkHttp: calling too slow", ok, "TIMEOUT", () -> byOkHttp(Peers.url("http", "/hang"), okHttp().callTimeout(Duration.ofMillis(50))));
    add("OkHttp: connecting too slow", ok, "TIMEOUT", () -> byOkHttp(Peers.url("stalled", "/"), okHttp().connectTimeout(Duration.ofMillis(50))));
    add("OkHttp: no such name", ok, "NETWORK_ERROR", () -> byOkHttp("http://shop.invalid/", okHttp()));
    add("OkHttp: redirected in a circle", ok, "WEBHOOK_FAILED", () -> byOkHttp(Peers.url("http", "/loop"), okHttp()));
    add("OkHttp: not a URL", ok, "VALIDATION_FAILED", () -> byOkHttp("shop/orders", okHttp()));
    String apache = "httpclient5 5.6.5";
    add("HttpClient 5: refused", apache, "NETWORK_ERROR", () -> byApache(Peers.url("closed", "/"), 1000));
    add("HttpClient 5: hung up", apache, "NETWORK_ERROR", () -> byApache(Peers.url("http", "/close"), 1000));
    add("HttpClient 5: another protocol", apache, "NETWORK_ERROR", () -> byApache(Peers.url("foreign", "/"), 1000));
    add("HttpClient 5: a body that was cut", apache, "NETWORK_ERROR", () -> byApache(Peers.url("http", "/cut"), 1000));
    add("HttpClient 5: reading too slow", apache, "TIMEOUT", () -> byApache(Peers.url("http", "/hang"), 50));
    add("HttpClient 5: connecting too slow", apache, "TIMEOUT", () -> byApache(Peers.url("stalled", "/"), 50));
    add("HttpClient 5: a full pool", apache, "RESOURCE_EXHAUSTED", Web::fullApachePool);
    add("HttpClient 5: 403", apache, "AUTHENTICATION_ERROR", () -> byApache(Peers.url("http", "/status/403"), 1000));
    add("HttpClient 5: 500", apache, "WEBHOOK_FAILED", () -> byApache(Peers.url("http", "/status/500"), 1000));
  }

  private Web() {}
}
