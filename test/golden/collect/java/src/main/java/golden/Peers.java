package golden;

import java.util.Locale;

/** Ports of the peers on 127.0.0.1. */
final class Peers {
  static final String HOST = "127.0.0.1";

  static int port(String peer) {
    return Integer.parseInt(System.getenv("GOLDEN_" + peer.toUpperCase(Locale.ROOT)));
  }

  static String url(String peer, String path) {
    return "http://" + HOST + ":" + port(peer) + path;
  }

  private Peers() {}
}
