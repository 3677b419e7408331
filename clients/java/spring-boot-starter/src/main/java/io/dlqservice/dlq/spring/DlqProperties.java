package io.dlqservice.dlq.spring;

import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Properties {@code dlq.*}. Without a value, the client's default applies.
 *
 * @param target The server's gRPC address
 * @param token A bearer token of the server. Default: none
 * @param service Name of the sending service. Default: the value of spring.application.name
 * @param instance Instance of the sending service
 * @param version Version of the sending service
 * @param timeout How long a send may take. Default: 5 s
 * @param tryTimeout How long one try of a send waits for an answer. Default: 2 s
 * @param tls TLS of the connection. Default: no TLS
 * @param spool Keeps sends that could not be sent in time
 * @param workers Whether methods with @DueMessages handle messages
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
   * @param ca Certificates to trust instead of the JVM's
   * @param certificate Certificate of this client, with its key
   * @param key Key of the certificate
   * @param serverName Expected name in the server's certificate
   */
  public record Tls(Path ca, Path certificate, Path key, String serverName) {}

  /**
   * Properties {@code dlq.spool.*}.
   *
   * @param enabled Whether sends are spooled; otherwise they are dropped
   * @param folder Folder of the files
   * @param maxSize Limit of all files of the service. Default: 256MB
   * @param sync Whether each write reaches the disk before a send counts as spooled
   */
  public record Spool(
      @DefaultValue("true") boolean enabled, Path folder, DataSize maxSize, boolean sync) {}
}
