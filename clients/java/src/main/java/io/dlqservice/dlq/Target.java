package io.dlqservice.dlq;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * The server's address.
 *
 * @param address {@code host:port}, which names the target in spool files
 * @param channel gRPC's form of it
 * @param isTls whether the connection uses TLS
 * @param host empty if gRPC finds the server in another way, such as a socket file
 */
record Target(String address, String channel, boolean isTls, Optional<String> host) {
  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;
  private static final int MAX_PORT = 65_535;
  private static final String DNS = "dns:///";
  private static final String HOST_AND_PORT = "[^/?#@]+:\\d+";

  /**
   * @param hasTls whether TLS options are given: then {@code host:port} is TLS, too
   * @throws IllegalArgumentException if the text is neither {@code host:port}, nor a URL without a
   *     path, nor a target of gRPC such as {@code dns:///host:port}
   */
  static Target of(String text, boolean hasTls) {
    int scheme = text.indexOf(":///");
    if (scheme >= 0 && !isHttp(text)) {
      String rest = text.substring(scheme + ":///".length());
      boolean isDns = text.startsWith(DNS) && rest.matches(HOST_AND_PORT);
      return new Target(rest, text, hasTls, isDns ? Optional.of(hostOf(rest)) : Optional.empty());
    }
    if (isHttp(text)) return ofUrl(text);
    if (!text.matches(HOST_AND_PORT)) throw invalid(text);
    uri(text, "http://" + text);
    return new Target(text, channelOf(text), hasTls, Optional.of(hostOf(text)));
  }

  private static boolean isHttp(String text) {
    return text.startsWith("http://") || text.startsWith("https://");
  }

  private static Target ofUrl(String text) {
    URI uri = uri(text, text);
    boolean isTls = uri.getScheme().equals("https");
    int otherPort = isTls ? HTTPS_PORT : HTTP_PORT;
    String address = uri.getHost() + ":" + (uri.getPort() < 0 ? otherPort : uri.getPort());
    return new Target(address, channelOf(address), isTls, Optional.of(uri.getHost()));
  }

  private static URI uri(String given, String url) {
    try {
      URI uri = new URI(url).parseServerAuthority();
      boolean isBare =
          uri.getRawUserInfo() == null
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null
              && uri.getRawPath().matches("/?");
      if (isBare && uri.getHost() != null && uri.getPort() <= MAX_PORT) return uri;
    } catch (URISyntaxException invalid) {
      // as below
    }
    throw invalid(given);
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "target is \"" + text + "\"; give one such as 127.0.0.1:50051, or http://127.0.0.1:50051");
  }

  /** A host such as {@code dns} must not count as a scheme. gRPC escapes IPv6 addresses itself. */
  private static String channelOf(String address) {
    return address.startsWith("[") ? address : DNS + address;
  }

  private static String hostOf(String hostAndPort) {
    return hostAndPort.substring(0, hostAndPort.lastIndexOf(':'));
  }

  /** Whether another machine may read what is sent in plaintext. */
  boolean isRemote() {
    return host.filter(name -> !isLoopback(name)).isPresent();
  }

  private static boolean isLoopback(String host) {
    if (host.equalsIgnoreCase("localhost") || host.equalsIgnoreCase("localhost.")) return true;
    boolean isAddress = host.startsWith("[") || host.matches("[\\d.]+");
    try {
      return isAddress && InetAddress.getByName(host).isLoopbackAddress(); // asks no name server
    } catch (UnknownHostException invalid) {
      return false;
    }
  }
}
