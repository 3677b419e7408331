package agent.failures;

import agent.failures.Failures.Act;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Exceptions of sockets. */
final class SocketFailures {
  private static final String HOST = "127.0.0.1";
  private static final int LONG_MS = 1_000;
  private static final int SHORT_MS = 50;
  private static final int WRITES = 100;

  private SocketFailures() {}

  static void addTo(Map<String, Act> all) {
    all.put("socket: refused", () -> talk(Peer.closedPort(), LONG_MS));
    all.put("socket: reset", () -> with(Peer.resetting(), port -> talk(port, LONG_MS)));
    all.put(
        "socket: reading too slow", () -> with(Peer.silent(), port -> talk(port, SHORT_MS)));
    all.put("socket: no such name", () -> InetAddress.getByName("shop.invalid"));
    all.put(
        "socket: closed by ourselves", () -> with(Peer.silent(), SocketFailures::readClosed));
    all.put(
        "ssl: hung up during the handshake",
        () -> with(Peer.hangingUp(), SocketFailures::handshake));
  }

  /** An action that fails on a port. */
  interface AtPort {
    void run(int port) throws Exception;
  }

  static void with(Peer peer, AtPort act) throws Exception {
    try (peer) {
      act.run(peer.port());
    }
  }

  private static void talk(int port, int timeoutMs) throws Exception {
    try (Socket socket = new Socket(HOST, port)) {
      socket.setSoTimeout(timeoutMs);
      for (int write = 0; write < WRITES; write++) {
        socket.getOutputStream().write(new byte[WRITES]);
        Thread.sleep(1); // the reset must come before the last write
      }
      new DataInputStream(socket.getInputStream()).readInt();
    }
  }

  private static void readClosed(int port) throws IOException {
    Socket socket = new Socket(HOST, port);
    socket.close();
    socket.getInputStream().read();
  }

  private static void handshake(int port) throws IOException {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    try (SSLSocket socket = (SSLSocket) factory.createSocket(HOST, port)) {
      socket.startHandshake();
    }
  }
}
