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

/** A request that records its body as it is read. After a failure the rest is read. */
final class BufferedRequest extends HttpServletRequestWrapper {
  /** The service's limit of a payload. */
  private static final int MAX_BODY_BYTES = 1024 * 1024;

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

  /** Reads the rest of the body. */
  boolean hasWholeBody() {
    try {
      getInputStream().readNBytes(MAX_BODY_BYTES + 1);
    } catch (IOException closed) {
      return false;
    }
    return !isTooLong && read.size() > 0;
  }

  /** Text if the body is UTF-8, so that tools can show it. */
  Object payload() {
    byte[] body = read.toByteArray();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException notText) {
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
    isTooLong |= read.size() + count > MAX_BODY_BYTES;
    if (!isTooLong) read.write(bytes, from, count);
  }

  private final class Recorded extends ServletInputStream {
    private final ServletInputStream source;

    Recorded(ServletInputStream source) {
      this.source = source;
    }

    @Override
    public int read() throws IOException {
      int one = source.read();
      if (one >= 0) keep(new byte[] {(byte) one}, 0, 1);
      return one;
    }

    @Override
    public int read(byte[] bytes, int from, int max) throws IOException {
      int count = source.read(bytes, from, max);
      if (count > 0) keep(bytes, from, count);
      return count;
    }

    @Override
    public boolean isFinished() {
      return source.isFinished();
    }

    @Override
    public boolean isReady() {
      return source.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      source.setReadListener(listener);
    }
  }
}
