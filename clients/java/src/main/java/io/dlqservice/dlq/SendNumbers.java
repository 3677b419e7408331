package io.dlqservice.dlq;

import com.google.protobuf.ByteString;
import io.dlqservice.dlq.v1.SendNumber;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Numbers the sends of a client to each queue, so that the service detects a late duplicate. */
final class SendNumbers {
  private static final int ID_BYTES = 16;

  private final ByteString clientId;
  private final Map<String, AtomicLong> latest = new ConcurrentHashMap<>();

  SendNumbers() {
    byte[] id = new byte[ID_BYTES];
    new SecureRandom().nextBytes(id);
    clientId = ByteString.copyFrom(id);
  }

  void count(SendToDlqRequest.Builder request) {
    long number =
        latest.computeIfAbsent(request.getQueue(), queue -> new AtomicLong()).incrementAndGet();
    request.setSendNumber(SendNumber.newBuilder().setClientId(clientId).setNumber(number));
  }
}
