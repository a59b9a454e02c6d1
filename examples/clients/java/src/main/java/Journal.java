import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A file of JSON lines; a last line that a crash cut short is removed. */
final class Journal implements AutoCloseable {
    private final FileChannel file;
    private final List<String> lines;

    Journal(String name) throws IOException {
        Path path = Path.of(name);
        String text = Files.exists(path) ? Files.readString(path) : "";
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        lines = whole.lines().toList();
        file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        file.truncate(whole.getBytes(StandardCharsets.UTF_8).length);
        file.position(file.size());
    }

    /** Those that were there when it was opened. */
    List<String> lines() {
        return lines;
    }

    void append(String line) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    void sync() throws IOException {
        file.force(false);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
