import com.sun.management.OperatingSystemMXBean;
import io.github.disrust.Client;
import io.github.disrust.Pipeline;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * {@code Caller ADDR ROWS IN_FLIGHT SECONDS}: keeps calls of so many rows in flight on one connection. After
 * a run that does not count it prints how many were done, how long they took, and the processor time of the
 * program. With one in flight the thread waits in each call; with more it has a pipeline.
 */
final class Caller {
    private static final int MOST_TIMES = 1 << 22;

    private final Client client;
    private final float[] rows;
    private final float[][] scores;
    private final int inFlight;
    private final long[] times = new long[MOST_TIMES]; // nanoseconds that each call took
    private int count;

    private Caller(Client client, int rows, int inFlight) {
        this.client = client;
        this.rows = new float[rows * client.model().dim()];
        for (int k = 0; k < this.rows.length; k++) {
            this.rows[k] = k % 1021;
        }
        scores = new float[inFlight][rows * client.model().outputs()];
        this.inFlight = inFlight;
    }

    public static void main(String[] args) {
        try (Client client = new Client(args[0])) {
            double seconds = Double.parseDouble(args[3]);
            Caller c = new Caller(client, Integer.parseInt(args[1]), Integer.parseInt(args[2]));
            c.run(seconds); // until the hot code is compiled
            OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            long began = System.nanoTime();
            long used = system.getProcessCpuTime();
            c.run(seconds);
            used = system.getProcessCpuTime() - used;
            c.print(System.nanoTime() - began, used);
        }
    }

    private void run(double seconds) {
        count = 0;
        int started = 0;
        long[] began = new long[inFlight];
        long end = System.nanoTime() + (long) (seconds * 1e9);
        if (inFlight == 1) {
            for (long at = System.nanoTime(); at < end; ) {
                client.score(rows, scores[0], null);
                long now = System.nanoTime();
                times[count++] = now - at;
                at = now;
            }
            return;
        }
        Pipeline calls = client.pipeline();
        for (long at = System.nanoTime(); at < end || calls.size() > 0; at = System.nanoTime()) {
            if (at < end) {
                began[started++ % inFlight] = at;
                calls.start(rows, scores[started % inFlight], null);
            }
            if (calls.size() == inFlight || at >= end) {
                calls.take();
                times[count] = System.nanoTime() - began[count++ % inFlight];
            }
        }
    }

    private void print(long nanos, long used) {
        Arrays.sort(times, 0, count);
        System.out.printf("{\"calls\": %d, \"seconds\": %.6f, \"cpu\": %.6f, \"p50\": %.9f, \"p99\": %.9f}%n",
                count, nanos / 1e9, used / 1e9, times[count / 2] / 1e9, times[count / 100 * 99] / 1e9);
    }
}
