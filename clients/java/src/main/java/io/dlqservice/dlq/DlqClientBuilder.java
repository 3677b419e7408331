package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Origin;
import io.grpc.ClientInterceptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Makes a {@link DlqClient}. */
public final class DlqClientBuilder {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final Duration TRY_TIMEOUT = Duration.ofSeconds(2);

  final String target;
  final List<ClientInterceptor> interceptors = new ArrayList<>();
  final Origin.Builder origin = Origin.newBuilder();
  Supplier<String> token;
  TlsOptions tls;
  Duration timeout = TIMEOUT;
  Duration tryTimeout = TRY_TIMEOUT;
  CoalesceOptions coalesce = CoalesceOptions.builder().build();

  /** Null for none. */
  SpoolOptions spool = SpoolOptions.builder().build();

  BiConsumer<DlqException, String> onDropped;
  JsonCodec json = JsonCodec.gson();

  DlqClientBuilder(String target) {
    if (target.isBlank() || (target.contains("://") && !target.contains(":///"))) {
      throw new IllegalArgumentException(
          "target is \"" + target + "\"; give one such as 127.0.0.1:50051");
    }
    this.target = target;
  }

  /** A bearer token of the server's {@code DLQ_TOKENS}; null or empty for none. */
  public DlqClientBuilder token(String token) {
    return token(() -> token);
  }

  /**
   * Asked for a token at each call: for tokens that change. It must not block. Space around a
   * token, such as the end of a file's line, is not sent.
   */
  public DlqClientBuilder token(Supplier<String> token) {
    this.token = token;
    return this;
  }

  /** Connects with TLS. */
  public DlqClientBuilder tls(TlsOptions tls) {
    this.tls = tls;
    return this;
  }

  /** Who sends: the service, as {@code origin} of each message. Also names the spool's folder. */
  public DlqClientBuilder service(String service) {
    origin.setService(service);
    return this;
  }

  /** Which instance of the service. */
  public DlqClientBuilder instance(String instance) {
    origin.setInstance(instance);
    return this;
  }

  /** Which version of the service. */
  public DlqClientBuilder version(String version) {
    origin.setVersion(version);
    return this;
  }

  /** How long a send tries: 5 s by default. */
  public DlqClientBuilder timeout(Duration timeout) {
    this.timeout = Checks.positive("timeout", timeout);
    return this;
  }

  /** How long one try of it waits for an answer: 2 s by default. */
  public DlqClientBuilder tryTimeout(Duration tryTimeout) {
    this.tryTimeout = Checks.positive("tryTimeout", tryTimeout);
    return this;
  }

  /** How sends that come together share calls. */
  public DlqClientBuilder coalesce(CoalesceOptions coalesce) {
    this.coalesce = coalesce;
    return this;
  }

  /** Where sends are kept that can't be delivered in time. In files by default. */
  public DlqClientBuilder spool(SpoolOptions spool) {
    this.spool = spool;
    return this;
  }

  /** What can't be delivered in time is dropped. */
  public DlqClientBuilder withoutSpool() {
    spool = null;
    return this;
  }

  /** See or change each call as it goes out, retries and streams included. */
  public DlqClientBuilder intercept(ClientInterceptor... interceptors) {
    this.interceptors.addAll(List.of(interceptors));
    return this;
  }

  /**
   * Told of each message that was dropped, with its queue. Default: at most one line a second in
   * the log.
   */
  public DlqClientBuilder onDropped(BiConsumer<DlqException, String> onDropped) {
    this.onDropped = onDropped;
    return this;
  }

  /** How payloads that are objects become JSON, and come from it. Gson by default. */
  public DlqClientBuilder json(JsonCodec json) {
    this.json = json;
    return this;
  }

  /** Connects with the first call. */
  public DlqClient build() {
    return new DefaultDlqClient(this);
  }

  /** {@code host:port}: for whom a spool is. */
  String address() {
    int scheme = target.indexOf(":///");
    return scheme < 0 ? target : target.substring(scheme + ":///".length());
  }
}
