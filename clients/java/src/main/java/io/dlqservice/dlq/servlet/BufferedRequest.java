package io.dlqservice.dlq.servlet;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * A request whose body is kept as it is read. What its handler has not read when it fails is read
 * then.
 */
final class BufferedRequest extends HttpServletRequestWrapper {
  /** The service takes no larger payload. */
  private static final int MOST_BODY_BYTES = 1024 * 1024;

  private final ByteArrayOutputStream read = new ByteArrayOutputStream();
  private boolean isTooLong;
  private ServletInputStream stream;
  private BufferedReader reader;

  private BufferedRequest(HttpServletRequest request) {
    super(request);
  }

  static BufferedRequest of(HttpServletRequest request) {
    return new BufferedRequest(request);
  }

  /** Reads the rest of it. */
  boolean hasWholeBody() {
    try {
      getInputStream().readNBytes(MOST_BODY_BYTES + 1);
    } catch (IOException goneMeanwhile) {
      return false;
    }
    return !isTooLong && read.size() > 0;
  }

  /** Text is shown as it is by tools. */
  Object payload() {
    byte[] body = read.toByteArray();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException noText) {
      return body;
    }
  }

  @Override
  public ServletInputStream getInputStream() throws IOException {
    if (stream == null) stream = new Recorded(super.getInputStream());
    return stream;
  }

  @Override
  public BufferedReader getReader() throws IOException {
    if (reader == null) {
      String named = getCharacterEncoding();
      Charset charset = named == null ? StandardCharsets.UTF_8 : Charset.forName(named);
      reader = new BufferedReader(new InputStreamReader(getInputStream(), charset));
    }
    return reader;
  }

  private void keep(byte[] bytes, int from, int count) {
    isTooLong |= read.size() + count > MOST_BODY_BYTES;
    if (!isTooLong) read.write(bytes, from, count);
  }

  private final class Recorded extends ServletInputStream {
    private final ServletInputStream of;

    Recorded(ServletInputStream of) {
      this.of = of;
    }

    @Override
    public int read() throws IOException {
      int one = of.read();
      if (one >= 0) keep(new byte[] {(byte) one}, 0, 1);
      return one;
    }

    @Override
    public int read(byte[] bytes, int from, int most) throws IOException {
      int count = of.read(bytes, from, most);
      if (count > 0) keep(bytes, from, count);
      return count;
    }

    @Override
    public boolean isFinished() {
      return of.isFinished();
    }

    @Override
    public boolean isReady() {
      return of.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      of.setReadListener(listener);
    }
  }
}
