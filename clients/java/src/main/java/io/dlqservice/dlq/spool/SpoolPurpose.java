package io.dlqservice.dlq.spool;

import io.dlqservice.dlq.spool.v1.Owner;

/**
 * For whom letters are kept: only the same delivers them.
 *
 * @param target {@code host:port}
 */
public record SpoolPurpose(String target, String service) {
  boolean isOf(Owner owner) {
    return owner.getTarget().equals(target) && owner.getService().equals(service);
  }
}
