package io.dlqservice.dlq.internal.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolStoreTest {
  private static final SpoolScope SCOPE = new SpoolScope("127.0.0.1:50051", "shop");
  private static final long MIB = 1024 * 1024;

  @TempDir Path root;
  private final List<String> warnings = new ArrayList<>();

  private SpoolStore store() {
    return new SpoolStore(SCOPE, root, MIB, false, warnings::add);
  }

  private static SendToDlqRequest request(String id) {
    return SendToDlqRequest.newBuilder().setRequestId(id).setQueue("q").build();
  }

  private static List<String> idsOf(SpoolStore store) throws IOException {
    List<String> ids = new ArrayList<>();
    for (SpoolSource source : store.sources()) {
      for (SpoolSource.Entry message : source.read(-1, 100, (int) MIB)) {
        ids.add(message.request().orElseThrow().getRequestId());
      }
    }
    return ids;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> paths = Files.list(root.resolve("shop"))) {
      return paths.toList();
    }
  }

  @Test
  void recoversReleasedFilesOnly() throws IOException {
    SpoolStore first = store();
    first.append(List.of(request("a"), request("b"), request("c")));
    SpoolSource source = first.sources().get(0);
    first.finish(source, List.of(source.read(-1, 1, (int) MIB).get(0).position()));
    SpoolStore second = store();
    second.recoverOrphans();
    assertEquals(0, second.count(), "its owner runs");
    first.release();
    second.recoverOrphans();
    assertEquals(List.of("b", "c"), idsOf(second));
  }

  /** Short programs may run thousands of times while the service is unavailable. */
  @Test
  void aFileDoesNotGrowWithEachRecovery() throws IOException {
    SpoolStore first = store();
    first.append(List.of(request("a")));
    first.release();
    List<Long> sizes = new ArrayList<>();
    for (int n = 0; n < 5; n++) {
      SpoolStore next = store();
      next.recoverOrphans();
      assertEquals(List.of("a"), idsOf(next));
      assertEquals(Files.size(files().get(0)), next.bytes());
      sizes.add(next.bytes());
      next.release();
    }
    long growth = Math.abs(sizes.get(4) - sizes.get(0));
    assertTrue(growth < 10, "" + sizes); // the time takes more or fewer bytes
  }

  @Test
  void skipsDamagedBytes() throws IOException {
    SpoolStore first = store();
    first.append(List.of(request("aaaaaaaa"), request("b")));
    first.release();
    Path file = files().get(0);
    byte[] content = Files.readAllBytes(file);
    int at = new String(content, StandardCharsets.ISO_8859_1).indexOf("aaaaaaaa");
    content[at] = 'x';
    Files.write(file, content);
    Files.write(file, new byte[] {(byte) 0x89, 0x44, 0x4c, 0x51, 2}, StandardOpenOption.APPEND);
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    SpoolStore second = store();
    second.recoverOrphans();
    assertEquals(List.of("b"), idsOf(second));
    assertEquals(1, warnings.size());
    assertTrue(warnings.get(0).startsWith("skipped"), warnings.get(0));
  }

  @Test
  void detectsAMessageDamagedAfterTheWrite() throws IOException {
    SpoolStore store = store();
    store.append(List.of(request("aaaaaaaa"), request("b")));
    Path file = files().get(0);
    byte[] content = Files.readAllBytes(file);
    content[new String(content, StandardCharsets.ISO_8859_1).indexOf("aaaaaaaa")] = 'x';
    Files.write(file, content);
    List<SpoolSource.Entry> messages = store.sources().get(0).read(-1, 100, (int) MIB);
    assertEquals(
        List.of(false, true), messages.stream().map(one -> one.request().isPresent()).toList());
  }

  @Test
  void readsTheOldestFirstAcrossFolders() throws IOException, InterruptedException {
    Path earlierName = root.resolve("a");
    Path laterName = root.resolve("b");
    for (Path folder : List.of(laterName, earlierName)) {
      SpoolStore other = new SpoolStore(SCOPE, List.of(folder), MIB, false, warnings::add);
      other.append(List.of(request(folder.getFileName().toString())));
      other.release();
      long createdAtMs = System.currentTimeMillis();
      while (System.currentTimeMillis() == createdAtMs) Thread.onSpinWait();
    }
    SpoolStore store =
        new SpoolStore(SCOPE, List.of(earlierName, laterName), MIB, false, warnings::add);
    store.recoverOrphans();
    assertEquals(List.of("b", "a"), idsOf(store));
  }

  /** A limit of 1 KiB a file acts like a full disk. It needs its own process. */
  @Test
  void aFullDiskLeaksNoFilesOrDescriptors() throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    String line = "ulimit -f 1; exec \"$0\" -XX:-UsePerfData -cp \"$1\" \"$2\" \"$3\"";
    Process process =
        new ProcessBuilder(
                "bash", "-c", line, java, classes, FullDisk.class.getName(), root.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertEquals("[MEMORY, MEMORY] files=0 descriptors=0", output.strip());
  }

  @Test
  void fileNamesIgnoreTheLocale() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG")); // has its own digits
    try {
      store().append(List.of(request("a")));
    } finally {
      Locale.setDefault(before);
    }
    String name = files().get(0).getFileName().toString();
    assertTrue(name.matches("[0-9]{13}-[0-9]+-[0-9a-f]{16}\\.spool"), name);
  }

  @Test
  void measuresWhatIsStillToBeSent() throws IOException {
    SpoolStore store = store();
    assertEquals(0, store.bytes());
    assertEquals(Duration.ZERO, store.oldestAge());
    store.append(List.of(request("a"), request("b")));
    assertEquals(Files.size(files().get(0)), store.bytes());
    assertTrue(store.oldestAge().compareTo(Duration.ofMinutes(1)) < 0);
    SpoolSource source = store.sources().get(0);
    store.finish(
        source, source.read(-1, 9, (int) MIB).stream().map(one -> one.position()).toList());
    assertEquals(0, store.bytes());
    assertEquals(Duration.ZERO, store.oldestAge());
  }

  @Test
  void theOldestMayBeInMemory() {
    MemoryFallback memory = new MemoryFallback();
    assertEquals(0, memory.oldestAddTime().count());
    memory.add(request("a"), 1);
    memory.add(request("b"), 1);
    Instant first = memory.oldestAddTime().findFirst().orElseThrow();
    memory.finish(List.of(0L));
    assertTrue(!memory.oldestAddTime().findFirst().orElseThrow().isBefore(first));
  }
}
