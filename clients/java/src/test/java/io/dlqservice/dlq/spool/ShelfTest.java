package io.dlqservice.dlq.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShelfTest {
  private static final SpoolPurpose PURPOSE = new SpoolPurpose("127.0.0.1:50051", "shop");
  private static final long MIB = 1024 * 1024;

  @TempDir Path root;
  private final List<String> told = new ArrayList<>();

  private Shelf shelf() {
    return new Shelf(PURPOSE, root, MIB, false, told::add);
  }

  private static SendToDlqRequest request(String id) {
    return SendToDlqRequest.newBuilder().setRequestId(id).setQueue("q").build();
  }

  private static List<String> idsOf(Shelf shelf) throws IOException {
    List<String> ids = new ArrayList<>();
    for (LetterStore store : shelf.stores()) {
      for (StoredLetter letter : store.read(-1, 100, (int) MIB)) {
        ids.add(letter.request().orElseThrow().getRequestId());
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
  void keepsInTheOrderInWhichItWasGiven() throws IOException {
    Shelf shelf = shelf();
    assertEquals(
        List.of(Placed.DISK, Placed.DISK), shelf.append(List.of(request("a"), request("b"))));
    shelf.append(List.of(request("c")));
    assertEquals(List.of("a", "b", "c"), idsOf(shelf));
    assertEquals(1, files().size());
  }

  @Test
  void whatIsDoneIsGoneAndSoIsAFileWithoutLetters() throws IOException {
    Shelf shelf = shelf();
    shelf.append(List.of(request("a"), request("b")));
    LetterStore store = shelf.stores().get(0);
    List<StoredLetter> letters = store.read(-1, 100, (int) MIB);
    shelf.finish(store, List.of(letters.get(0).position()));
    assertEquals(List.of("b"), idsOf(shelf));
    shelf.finish(store, List.of(letters.get(1).position()));
    assertEquals(List.of(), files());
  }

  @Test
  void anotherOneTakesWhatWasLeft() throws IOException {
    Shelf first = shelf();
    first.append(List.of(request("a"), request("b"), request("c")));
    LetterStore store = first.stores().get(0);
    first.finish(store, List.of(store.read(-1, 1, (int) MIB).get(0).position()));
    Shelf second = shelf();
    second.adopt();
    assertEquals(0, second.count(), "its owner lives");
    first.release();
    second.adopt();
    assertEquals(List.of("b", "c"), idsOf(second));
  }

  @Test
  void passesOverWhatIsDamaged() throws IOException {
    Shelf first = shelf();
    first.append(List.of(request("aaaaaaaa"), request("b")));
    first.release();
    Path file = files().get(0);
    byte[] content = Files.readAllBytes(file);
    int at = new String(content, StandardCharsets.ISO_8859_1).indexOf("aaaaaaaa");
    content[at] = 'x';
    Files.write(file, content);
    Files.write(file, new byte[] {(byte) 0x89, 0x44, 0x4c, 0x51, 2}, StandardOpenOption.APPEND);
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    Shelf second = shelf();
    second.adopt();
    assertEquals(List.of("b"), idsOf(second));
    assertEquals(1, told.size());
    assertTrue(told.get(0).startsWith("passed over"), told.get(0));
  }

  @Test
  void knowsALetterThatWasDamagedAfterItWasWritten() throws IOException {
    Shelf shelf = shelf();
    shelf.append(List.of(request("aaaaaaaa"), request("b")));
    Path file = files().get(0);
    byte[] content = Files.readAllBytes(file);
    content[new String(content, StandardCharsets.ISO_8859_1).indexOf("aaaaaaaa")] = 'x';
    Files.write(file, content);
    List<StoredLetter> letters = shelf.stores().get(0).read(-1, 100, (int) MIB);
    assertEquals(
        List.of(false, true), letters.stream().map(one -> one.request().isPresent()).toList());
  }

  @Test
  void deliversTheOldestFirstWhicheverFolderItIsIn() throws IOException, InterruptedException {
    Path earlierName = root.resolve("a");
    Path laterName = root.resolve("b");
    for (Path folder : List.of(laterName, earlierName)) {
      Shelf left = new Shelf(PURPOSE, List.of(folder), MIB, false, told::add);
      left.append(List.of(request(folder.getFileName().toString())));
      left.release();
      long madeAtMs = System.currentTimeMillis();
      while (System.currentTimeMillis() == madeAtMs) Thread.onSpinWait();
    }
    Shelf shelf = new Shelf(PURPOSE, List.of(earlierName, laterName), MIB, false, told::add);
    shelf.adopt();
    assertEquals(List.of("b", "a"), idsOf(shelf));
  }

  /** A real one, of files of 1 KiB at most; in a process of its own, for the limit is of all. */
  @Test
  void aFullDiskCostsNeitherFilesNorDescriptors() throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    String line = "ulimit -f 1; exec \"$0\" -XX:-UsePerfData -cp \"$1\" \"$2\" \"$3\"";
    Process process =
        new ProcessBuilder(
                "bash", "-c", line, java, classes, FullDisk.class.getName(), root.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertEquals("[MEMORY, MEMORY] files=0 descriptors=0", said.strip());
  }

  @Test
  void hasABound() {
    Shelf small = new Shelf(PURPOSE, root, 600, false, told::add);
    SendToDlqRequest large = SendToDlqRequest.newBuilder().setRequestId("x".repeat(400)).build();
    assertEquals(List.of(Placed.DISK, Placed.FULL), small.append(List.of(large, large)));
  }

  @Test
  void namesItsFilesByTheFormatWhateverTheLocale() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG")); // which has digits of its own
    try {
      shelf().append(List.of(request("a")));
    } finally {
      Locale.setDefault(before);
    }
    String name = files().get(0).getFileName().toString();
    assertTrue(name.matches("[0-9]{13}-[0-9]+-[0-9a-f]{16}\\.spool"), name);
  }
}
