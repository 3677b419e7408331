package io.dlqservice.dlq.spring;

import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Properties {@code dlq.*}. What is not given has the client's own default.
 *
 * @param target the gRPC address
 * @param token a bearer token of the server; null for none
 * @param service who sends. Default: {@code spring.application.name}
 * @param instance which instance of the service
 * @param version which version of the service
 * @param timeout how long a send tries
 * @param tryTimeout how long one try of it waits for an answer
 * @param tls TLS of the connection; null for none
 * @param spool where sends are kept that can't be delivered in time
 * @param workers whether methods with {@link DueMessages} are run
 */
@ConfigurationProperties("dlq")
public record DlqProperties(
    @DefaultValue("localhost:50051") String target,
    String token,
    String service,
    String instance,
    String version,
    Duration timeout,
    Duration tryTimeout,
    Tls tls,
    @DefaultValue Spool spool,
    @DefaultValue("true") boolean workers) {

  /**
   * Properties {@code dlq.tls.*}: files in PEM.
   *
   * @param ca certificates to trust instead of the JVM's
   * @param certificate of this client, with its key
   * @param key of the certificate
   * @param serverName to expect in the server's certificate
   */
  public record Tls(Path ca, Path certificate, Path key, String serverName) {}

  /**
   * Properties {@code dlq.spool.*}.
   *
   * @param enabled false: what can't be delivered in time is dropped
   * @param folder where the files are
   * @param maxSize of all files of the service, such as 256MB
   * @param sync whether each write is on the disk before a send counts as kept
   */
  public record Spool(
      @DefaultValue("true") boolean enabled, Path folder, DataSize maxSize, boolean sync) {}
}
