package io.dlqservice.dlq.internal.spool;

import io.dlqservice.dlq.spool.v1.Owner;

/**
 * The target and service of a spool. Only clients with the same ones send its messages.
 *
 * @param target {@code host:port}
 */
public record SpoolScope(String target, String service) {
  boolean isOf(Owner owner) {
    return owner.getTarget().equals(target) && owner.getService().equals(service);
  }
}
