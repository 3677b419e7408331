package io.dlqservice.dlq;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes connections. Sends and acks share one. Each stream has its own, so that a reconnect reaches
 * another server behind a load balancer.
 */
final class Connector {
  /** Pings find a dead peer on a quiet connection. */
  private static final long PING_EVERY_MS = 10_000;

  private static final long PING_TIMEOUT_MS = 5_000;
  private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private final Target target;
  private final TlsOptions tls;
  private final ChannelCredentials credentials;
  private final List<ClientInterceptor> interceptors = new ArrayList<>();

  /** Null without a token. */
  private final Bearer bearer;

  /**
   * @param tls null for none
   * @param token null for none
   */
  Connector(
      Target target, TlsOptions tls, Supplier<String> token, List<ClientInterceptor> interceptors) {
    this.target = target;
    this.tls = tls;
    credentials =
        target.isTls()
            ? tls(tls == null ? TlsOptions.builder().build() : tls)
            : InsecureChannelCredentials.create();
    this.interceptors.addAll(interceptors);
    bearer = token == null ? null : new Bearer(token);
    if (bearer == null) return;
    // gRPC calls the last interceptor of a list first.
    this.interceptors.add(credentials(bearer));
    if (!target.isTls() && target.isRemote()) {
      String address = target.address();
      LOG.warn(
          "the token goes to {} in plaintext; use https://{} and a server with TLS",
          address,
          address);
    }
  }

  private static ClientInterceptor credentials(Bearer bearer) {
    return new ClientInterceptor() {
      @Override
      public <Q, R> ClientCall<Q, R> interceptCall(
          MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return next.newCall(method, options.withCallCredentials(bearer));
      }
    };
  }

  /** Whether the current thread runs the function of the token. */
  boolean isInToken() {
    return bearer != null && bearer.isCurrent();
  }

  /** Returns a connection that calls back on the network's threads. Callbacks must not block. */
  Connection connect() {
    return connection(builder().directExecutor());
  }

  /** Returns a connection for the user's stubs. */
  Connection connectForUser() {
    return connection(builder());
  }

  private Connection connection(ManagedChannelBuilder<?> builder) {
    ManagedChannel managed = builder.build();
    return new Connection(managed, ClientInterceptors.intercept(managed, interceptors));
  }

  @SuppressWarnings("deprecation") // other ways change the resolvers of the whole program
  private ManagedChannelBuilder<?> builder() {
    ManagedChannelBuilder<?> builder =
        Grpc.newChannelBuilder(target.channel(), credentials)
            .keepAliveTime(PING_EVERY_MS, TimeUnit.MILLISECONDS)
            .keepAliveTimeout(PING_TIMEOUT_MS, TimeUnit.MILLISECONDS)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES);
    if (target.host().isPresent()) builder.nameResolverFactory(new QuietNames());
    if (tls != null && tls.serverName != null) builder.overrideAuthority(tls.serverName);
    return builder;
  }

  private static ChannelCredentials tls(TlsOptions tls) {
    try {
      TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
      if (tls.ca != null) builder.trustManager(tls.ca.toFile());
      if (tls.certificate != null) {
        builder.keyManager(tls.certificate.toFile(), tls.key.toFile());
      }
      return builder.build();
    } catch (IOException unreadable) {
      throw new UncheckedIOException("cannot read the files of TlsOptions", unreadable);
    }
  }
}
