package agent.failures;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Somebody on the loopback who answers each connection in his own way, until he is closed. */
final class Peer implements AutoCloseable {
  /** What he does with a connection, before it is closed. */
  interface Manner {
    void meet(Socket connection) throws Exception;
  }

  private final ServerSocket socket;

  Peer(Manner manner) throws IOException {
    socket = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(() -> serve(manner), "peer");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return socket.getLocalPort();
  }

  String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  /** A port where nobody is. */
  static int closedPort() throws IOException {
    try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return gone.getLocalPort();
    }
  }

  static Peer silent() throws IOException {
    return new Peer(connection -> connection.getInputStream().readAllBytes());
  }

  static Peer hangingUp() throws IOException {
    return new Peer(connection -> {});
  }

  static Peer resetting() throws IOException {
    return new Peer(
        connection -> {
          connection.getInputStream().read();
          connection.setSoLinger(true, 0);
        });
  }

  /** Speaks HTTP. */
  static Peer answering(String head, String body) throws IOException {
    return new Peer(
        connection -> {
          readHead(connection.getInputStream());
          OutputStream out = connection.getOutputStream();
          out.write((head + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
          out.flush();
        });
  }

  /** Takes the request and hangs up without a word. */
  static Peer speechless() throws IOException {
    return new Peer(connection -> readHead(connection.getInputStream()));
  }

  private static void readHead(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) return;
      head.append((char) next);
    }
  }

  private void serve(Manner manner) {
    while (!socket.isClosed()) {
      try {
        Socket connection = socket.accept();
        Thread thread = new Thread(() -> meet(manner, connection), "peer-connection");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException closed) {
        return;
      }
    }
  }

  private static void meet(Manner manner, Socket connection) {
    try (connection) {
      manner.meet(connection);
    } catch (Exception gone) {
      // so is the other one
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
