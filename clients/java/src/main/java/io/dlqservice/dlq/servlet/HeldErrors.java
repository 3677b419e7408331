package io.dlqservice.dlq.servlet;

import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;

/**
 * A response that holds back an error page of a 5xx status, so that 202 can be answered instead.
 */
final class HeldErrors extends HttpServletResponseWrapper {
  private static final int FIRST_SERVER_ERROR = 500;

  private boolean isHolding = true;
  private int heldStatus;
  private String heldText;

  private HeldErrors(HttpServletResponse response) {
    super(response);
  }

  /** Returns the one that an earlier dispatch of the request made, or a new one. */
  static HeldErrors of(HttpServletResponse response) {
    ServletResponse one = response;
    while (one instanceof HttpServletResponseWrapper wrapper) {
      if (one instanceof HeldErrors held) {
        held.isHolding = true;
        return held;
      }
      one = wrapper.getResponse();
    }
    return new HeldErrors(response);
  }

  @Override
  public void sendError(int status) throws IOException {
    sendError(status, null);
  }

  @Override
  public void sendError(int status, String text) throws IOException {
    if (!isHolding || status < FIRST_SERVER_ERROR) {
      sendNow(status, text);
      return;
    }
    resetBuffer(); // fails after a flush, as it does without a filter
    heldStatus = status;
    heldText = text;
  }

  private void sendNow(int status, String text) throws IOException {
    if (text == null) super.sendError(status);
    else super.sendError(status, text);
  }

  @Override
  public int getStatus() {
    return heldStatus == 0 ? super.getStatus() : heldStatus;
  }

  /** A response with an error counts as committed. */
  @Override
  public boolean isCommitted() {
    return heldStatus != 0 || super.isCommitted();
  }

  boolean hasServerError() {
    return getStatus() >= FIRST_SERVER_ERROR;
  }

  boolean hasHeldError() {
    return heldStatus != 0;
  }

  /** Whether the caller can still get another answer. */
  boolean isReplaceable() {
    return !super.isCommitted();
  }

  /** Replaces the answer by a JSON text. */
  void replace(int status, String json) throws IOException {
    heldStatus = 0;
    reset();
    setStatus(status);
    setContentType("application/json");
    getWriter().print(json);
  }

  /** Sends the error that was held back, and from now on others at once. */
  void release() throws IOException {
    isHolding = false;
    int status = heldStatus;
    heldStatus = 0;
    if (status != 0) sendNow(status, heldText);
  }
}
