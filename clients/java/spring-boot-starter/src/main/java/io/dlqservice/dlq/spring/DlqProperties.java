package io.dlqservice.dlq.spring;

import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Properties {@code dlq.*}. Without a value, the client's default applies.
 *
 * @param target the server's gRPC address
 * @param token a bearer token of the server. Default: none
 * @param service name of the sending service. Default: {@code spring.application.name}
 * @param instance instance of the sending service
 * @param version version of the sending service
 * @param timeout how long a send may take. Default: 5 s
 * @param tryTimeout how long one try of a send waits for an answer. Default: 2 s
 * @param tls TLS of the connection. Default: no TLS
 * @param spool keeps sends that could not be sent in time
 * @param workers whether methods with {@link DueMessages} handle messages
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
   * Properties {@code dlq.tls.*}. All files are PEM files.
   *
   * @param ca certificates to trust instead of the JVM's
   * @param certificate certificate of this client, with its key
   * @param key key of the certificate
   * @param serverName expected name in the server's certificate
   */
  public record Tls(Path ca, Path certificate, Path key, String serverName) {}

  /**
   * Properties {@code dlq.spool.*}.
   *
   * @param enabled whether sends are spooled; otherwise they are dropped
   * @param folder folder of the files
   * @param maxSize limit of all files of the service. Default: 256MB
   * @param sync whether each write reaches the disk before a send counts as spooled
   */
  public record Spool(
      @DefaultValue("true") boolean enabled, Path folder, DataSize maxSize, boolean sync) {}
}
