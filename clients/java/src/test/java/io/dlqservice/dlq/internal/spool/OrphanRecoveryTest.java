package io.dlqservice.dlq.internal.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.spool.v1.Owner;
import io.dlqservice.dlq.spool.v1.SpooledMessage;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OrphanRecoveryTest {
  private static final SpoolScope SCOPE = new SpoolScope("127.0.0.1:50051", "shop");

  @TempDir Path folder;
  private final ProcessIdentity own = ProcessIdentity.own();
  private final OrphanRecovery recovery = new OrphanRecovery(SCOPE, own);

  /** An ended process with the id of this one, as in a restarted container. */
  private Owner.Builder predecessor() {
    return Owner.newBuilder()
        .setTarget(SCOPE.target())
        .setService(SCOPE.service())
        .setHost(own.host())
        .setBootId(own.bootId())
        .setPidNamespace(own.pidNamespace())
        .setPid(own.pid())
        .setProcessStart(1);
  }

  private Path fileOf(Owner... owners) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(Framing.header());
    content.writeBytes(Framing.encode(Framing.OWNER, owners[0].toByteArray()));
    SpooledMessage message =
        SpooledMessage.newBuilder().setRequest(SendToDlqRequest.newBuilder()).build();
    content.writeBytes(Framing.encode(Framing.MESSAGE, message.toByteArray()));
    for (int at = 1; at < owners.length; at++) {
      content.writeBytes(Framing.encode(Framing.OWNER, owners[at].toByteArray()));
    }
    Path path = folder.resolve(SpoolFolder.newFileName(1_700_000_000_000L));
    return Files.write(path, content.toByteArray());
  }

  private Optional<Path> claim() {
    return recovery.claim(SpoolFolder.list(folder).get(0), List.of());
  }

  @Test
  void claimsAFileOfAnEndedProcessWithTheSameId() throws IOException {
    fileOf(predecessor().build());
    assertTrue(claim().isPresent());
  }

  @Test
  void leavesAFileThatARunningProcessRecovered() throws IOException {
    fileOf(predecessor().build(), predecessor().setProcessStart(own.processStart()).build());
    assertEquals(Optional.empty(), claim());
  }

  @Test
  void touchesAFileBeforeItIsRenamed() throws IOException {
    Path path = fileOf(predecessor().build());
    Files.setLastModifiedTime(path, FileTime.fromMillis(0));
    Path claimed = claim().orElseThrow();
    long agedMs = System.currentTimeMillis() - Files.getLastModifiedTime(claimed).toMillis();
    assertTrue(agedMs < 60_000, "touched before it was renamed");
  }

  @Test
  void leavesFilesOfAnotherFormat() throws IOException {
    byte[] content = Files.readAllBytes(fileOf(predecessor().build()));
    content["DLQ-SPOOL ".length()] = '2';
    Files.write(SpoolFolder.list(folder).get(0).path(), content);
    assertEquals(Optional.empty(), claim());
  }
}
