package agent.failures;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A server on the loopback that treats each connection in one way, until it is closed. */
final class Peer implements AutoCloseable {
  /** What the server does with a connection before it closes it. */
  interface Behavior {
    void handle(Socket connection) throws Exception;
  }

  private final ServerSocket socket;

  Peer(Behavior behavior) throws IOException {
    socket = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(() -> serve(behavior), "peer");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return socket.getLocalPort();
  }

  String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  /** Returns a port without a server. */
  static int closedPort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
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

  /** Answers an HTTP request. */
  static Peer answering(String head, String body) throws IOException {
    return new Peer(
        connection -> {
          readHead(connection.getInputStream());
          OutputStream out = connection.getOutputStream();
          out.write((head + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
          out.flush();
        });
  }

  /** Reads an HTTP request and closes the connection. */
  static Peer closingAfterRequest() throws IOException {
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

  private void serve(Behavior behavior) {
    while (!socket.isClosed()) {
      try {
        Socket connection = socket.accept();
        Thread thread = new Thread(() -> handle(behavior, connection), "peer-connection");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException closed) {
        return;
      }
    }
  }

  private static void handle(Behavior behavior, Socket connection) {
    try (connection) {
      behavior.handle(connection);
    } catch (Exception closed) {
      // the other side closed it
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
