package golden;

import java.util.Locale;

/** Ports of the peers on 127.0.0.1. */
final class Peers {
  static final String HOST = "127.0.0.1";

  static int port(String peer) {
    return Integer.parseInt(System.getenv("GOLDEN_" + peer.toUpperCase(Locale.ROOT)));
  }

  static String address(String peer) {
    return HOST + ":" + port(peer);
  }

  static String url(String peer, String path) {
    return "http://" + address(peer) + path;
  }

  /** A URL of PostgreSQL's driver. */
  static String jdbc(String peer) {
    return "jdbc:postgresql://" + address(peer) + "/shop?sslmode=disable&connectTimeout=1&socketTimeout=1";
  }

  private Peers() {}
}
