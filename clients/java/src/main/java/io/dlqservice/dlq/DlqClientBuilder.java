package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Origin;
import io.grpc.ClientInterceptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Builds a {@link DlqClient}. */
public final class DlqClientBuilder {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final Duration TRY_TIMEOUT = Duration.ofSeconds(2);

  private final String target;
  final List<ClientInterceptor> interceptors = new ArrayList<>();
  final Origin.Builder origin = Origin.newBuilder();
  Supplier<String> token;
  TlsOptions tls;
  Duration timeout = TIMEOUT;
  Duration tryTimeout = TRY_TIMEOUT;
  CoalesceOptions coalesce = CoalesceOptions.builder().build();

  /** Null without a spool. */
  SpoolOptions spool = SpoolOptions.builder().build();

  BiConsumer<DlqException, String> onDropped;
  private Consumer<OutcomeEvent> onSucceeded;
  private Consumer<OutcomeEvent> onFailed;
  private Consumer<OutcomeEvent> onQuarantined;
  JsonCodec json = JsonCodec.gson();
  TelemetryOptions telemetry = TelemetryOptions.builder().build();

  DlqClientBuilder(String target) {
    Target.of(target, false); // fails here if it is none
    this.target = target;
  }

  /** A bearer token that the server accepts; null or empty for none. */
  public DlqClientBuilder token(String token) {
    boolean isNone = token == null || token.isBlank();
    return token(isNone ? null : new Bearer.Fixed(token));
  }

  /**
   * Returns the token for each call, for tokens that change. Calls wait for it. Space around a
   * token, such as a line end, is not sent.
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

  /**
   * The name of the sending service, stored with each message. It also names the spool's folder.
   */
  public DlqClientBuilder service(String service) {
    origin.setService(service);
    return this;
  }

  /** The instance of the sending service. */
  public DlqClientBuilder instance(String instance) {
    origin.setInstance(instance);
    return this;
  }

  /** The version of the sending service. */
  public DlqClientBuilder version(String version) {
    origin.setVersion(version);
    return this;
  }

  /** How long a send may take: 5 s by default, below 10 min. */
  public DlqClientBuilder timeout(Duration timeout) {
    this.timeout = Checks.callTimeout("timeout", timeout);
    return this;
  }

  /** How long one try of a send waits for an answer: 2 s by default, below 10 min. */
  public DlqClientBuilder tryTimeout(Duration tryTimeout) {
    this.tryTimeout = Checks.callTimeout("tryTimeout", tryTimeout);
    return this;
  }

  /** How concurrent sends share calls. */
  public DlqClientBuilder coalesce(CoalesceOptions coalesce) {
    this.coalesce = coalesce;
    return this;
  }

  /** How sends that could not be sent in time are kept: in files by default. */
  public DlqClientBuilder spool(SpoolOptions spool) {
    this.spool = spool;
    return this;
  }

  /** Drops sends that could not be sent in time. */
  public DlqClientBuilder withoutSpool() {
    spool = null;
    return this;
  }

  /** Adds interceptors around each call, including retries and streams. */
  public DlqClientBuilder intercept(ClientInterceptor... interceptors) {
    this.interceptors.addAll(List.of(interceptors));
    return this;
  }

  /**
   * Called for each dropped message with the error and the queue. Default: at most one log line a
   * second.
   */
  public DlqClientBuilder onDropped(BiConsumer<DlqException, String> onDropped) {
    this.onDropped = onDropped;
    return this;
  }

  /**
   * Called when a message that this client object has sent was processed, by any worker. Also
   * spooled messages count once they are sent. At most 10,000 messages are followed, and none after
   * a restart of the program.
   *
   * <p>It may be called before {@code send} returns, and may block: it delays only the callbacks of
   * the same queue.
   */
  public DlqClientBuilder onSucceeded(Consumer<OutcomeEvent> onSucceeded) {
    this.onSucceeded = onSucceeded;
    return this;
  }

  /** Like {@link #onSucceeded}, for each failed attempt. */
  public DlqClientBuilder onFailed(Consumer<OutcomeEvent> onFailed) {
    this.onFailed = onFailed;
    return this;
  }

  /**
   * Like {@link #onSucceeded}, for a message that came into quarantine. It stays there until an
   * operator decides.
   */
  public DlqClientBuilder onQuarantined(Consumer<OutcomeEvent> onQuarantined) {
    this.onQuarantined = onQuarantined;
    return this;
  }

  OutcomeCallbacks outcomeCallbacks() {
    return new OutcomeCallbacks(onSucceeded, onFailed, onQuarantined);
  }

  /** How objects become JSON payloads, and back: Gson by default. */
  public DlqClientBuilder json(JsonCodec json) {
    this.json = json;
    return this;
  }

  /** Where spans and metrics go: to the global OpenTelemetry and Micrometer by default. */
  public DlqClientBuilder telemetry(TelemetryOptions telemetry) {
    this.telemetry = telemetry;
    return this;
  }

  /** Builds the client. The first call connects. */
  public DlqClient build() {
    return new DefaultDlqClient(this);
  }

  Target target() {
    Target parsed = Target.of(target, tls != null);
    if (tls == null || parsed.isTls()) return parsed;
    throw new IllegalArgumentException(
        "target is \""
            + target
            + "\", which is plaintext, but tls is given; give an https:// target");
  }
}
