import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;

/**
 * A closed loop of callers in Java: `java Caller PORT CALLERS SECONDS PAUSE_US`. Each caller is a
 * thread with a socket of its own that sends one request of 128 features, waits for its answer,
 * compares it and pauses. It prints: requests seconds p50_us p99_us.
 */
final class Caller extends Thread {
  private static final int DIM = 128;
  private static final int REQUESTS = 64;
  private static final long WARM_UP = 200_000_000; // ns

  private static final byte[][] requests = new byte[REQUESTS][];
  private static final byte[][] answers = new byte[REQUESTS][];
  private static long begin;
  private static long end;
  private static long pause;

  private final int number;
  private final OutputStream out;
  private final DataInputStream in;
  private final byte[] got = new byte[8];
  private long[] times = new long[4096];
  private int count;

  private Caller(int number, Socket socket) throws IOException {
    this.number = number;
    socket.setTcpNoDelay(true);
    out = socket.getOutputStream();
    in = new DataInputStream(socket.getInputStream());
  }

  /** Whole numbers, so that every order of adding them gives the same sum. */
  private static void prepare() {
    for (int r = 0; r < REQUESTS; r++) {
      ByteBuffer request = ByteBuffer.allocate(4 + 4 * DIM).order(ByteOrder.LITTLE_ENDIAN).putInt(1);
      float sum = 0;
      for (int i = 0; i < DIM; i++) {
        float feature = (r + 1) * (i + 3) % 97;
        request.putFloat(feature);
        sum += feature;
      }
      requests[r] = request.array();
      answers[r] = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(1).putFloat(sum).array();
    }
  }

  private void ask(int r) throws IOException {
    out.write(requests[r]);
    in.readFully(got);
    if (!Arrays.equals(got, answers[r])) {
      throw new IOException("a wrong answer: " + Arrays.toString(got) + ", not " + Arrays.toString(answers[r]));
    }
  }

  @Override
  public void run() {
    try {
      long done = System.nanoTime();
      for (int r = number; done < end; r++) {
        long sent = System.nanoTime();
        ask(r % REQUESTS);
        done = System.nanoTime();
        if (sent >= begin) {
          record(done - sent);
        }
        while (pause > 0 && System.nanoTime() < done + pause) {
          Thread.onSpinWait();
        }
      }
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private void record(long time) {
    if (count == times.length) {
      times = Arrays.copyOf(times, 2 * count);
    }
    times[count++] = time;
  }

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    double seconds = Double.parseDouble(args[2]);
    pause = (long) (1e3 * Double.parseDouble(args[3]));
    prepare();
    Caller[] callers = new Caller[Integer.parseInt(args[1])];
    for (int i = 0; i < callers.length; i++) {
      callers[i] = new Caller(i, new Socket("127.0.0.1", port));
    }
    begin = System.nanoTime() + WARM_UP;
    end = begin + (long) (1e9 * seconds);
    for (Caller c : callers) {
      c.start();
    }
    for (Caller c : callers) {
      c.join();
    }
    report(callers, seconds);
  }

  private static void report(Caller[] callers, double seconds) {
    long[] all = Arrays.stream(callers).flatMapToLong(c -> Arrays.stream(c.times, 0, c.count)).sorted().toArray();
    if (all.length == 0) {
      System.err.println("no answers");
      System.exit(1);
    }
    System.out.printf(
        Locale.ROOT, "%d %.3f %.1f %.1f%n", all.length, seconds, all[all.length / 2] / 1e3, all[(int) (all.length * 99L / 100)] / 1e3);
  }
}
