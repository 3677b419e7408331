package io.dlqservice.dlq.spool;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.Optional;

/**
 * A letter that waits for its delivery.
 *
 * @param position in its store; grows from letter to letter
 * @param request empty if it can no longer be read
 */
public record StoredLetter(long position, Optional<SendToDlqRequest> request) {}
