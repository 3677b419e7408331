package io.dlqservice.dlq.servlet;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.Part;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Collection;

/**
 * A request that records its body as it is read. After a failure the rest is read. A body that the
 * container reads itself, as parts, is put together again.
 */
final class BufferedRequest extends HttpServletRequestWrapper {
  /** The service's limit of a payload. */
  static final int MAX_BODY_BYTES = 1024 * 1024;

  private static final String ATTRIBUTE = BufferedRequest.class.getName();

  private final ByteArrayOutputStream read = new ByteArrayOutputStream();
  private boolean isTooLong;
  private ServletInputStream stream;
  private BufferedReader reader;
  private boolean hasParts;
  private boolean isSettled;

  private BufferedRequest(HttpServletRequest request) {
    super(request);
  }

  /** Returns the one of an earlier dispatch of the request; null for none. */
  static BufferedRequest earlier(HttpServletRequest request) {
    return (BufferedRequest) request.getAttribute(ATTRIBUTE);
  }

  static BufferedRequest of(HttpServletRequest request) {
    BufferedRequest buffered = new BufferedRequest(request);
    request.setAttribute(ATTRIBUTE, buffered);
    return buffered;
  }

  /** Returns true the first time: a failure may be reported by several dispatches. */
  synchronized boolean settle() {
    boolean isFirst = !isSettled;
    isSettled = true;
    return isFirst;
  }

  /** Reads the rest of the body. */
  boolean hasWholeBody() {
    if (read.size() == 0 && Multipart.isMultipart(this)) readParts();
    try {
      if (!hasParts && read.size() != getContentLengthLong()) readRest();
    } catch (IOException | RuntimeException cut) { // or closed
      return false;
    }
    boolean isCut = !hasParts && read.size() < getContentLengthLong();
    return !isTooLong && !isCut && read.size() > 0;
  }

  private void readParts() {
    try {
      getParts();
    } catch (IOException | ServletException | RuntimeException notConfigured) {
      // the rest of the body decides
    }
  }

  private void readRest() throws IOException {
    getInputStream().readNBytes(MAX_BODY_BYTES + 1);
  }

  /** Records the parts now: frameworks delete them before the request ends. */
  @Override
  public Collection<Part> getParts() throws IOException, ServletException {
    Collection<Part> parts = super.getParts();
    if (!hasParts && read.size() == 0) {
      hasParts = true;
      byte[] body = Multipart.bodyOf(getContentType(), parts, MAX_BODY_BYTES);
      isTooLong |= body == null;
      if (body != null) read.writeBytes(body);
    }
    return parts;
  }

  @Override
  public Part getPart(String name) throws IOException, ServletException {
    getParts();
    return super.getPart(name);
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
