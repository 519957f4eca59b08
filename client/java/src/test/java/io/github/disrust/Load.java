package io.github.disrust;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code Load RETRIES ADDR...}: threads that wait for their calls, and chains of futures, ask one client for
 * sums until standard input ends. It prints a line for every 500 answers, and ends with an error at the first
 * call that fails or has another score.
 */
final class Load {
    private static final int THREADS = 4;
    private static final int CHAINS = 4;
    private static final int PER_LINE = 500;

    private final Client client;
    private final AtomicLong answers = new AtomicLong();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final CountDownLatch running = new CountDownLatch(THREADS + CHAINS);

    private Load(Client client) {
        this.client = client;
    }

    public static void main(String[] args) throws Exception {
        Config config = new Config(Arrays.copyOfRange(args, 1, args.length)).retries(Integer.parseInt(args[0]));
        try (Client client = new Client(config)) {
            new Load(client).run();
        }
    }

    private void run() throws Exception {
        for (int k = 0; k < THREADS; k++) {
            int seed = k;
            new Thread(() -> wait(seed)).start();
        }
        for (int k = 0; k < CHAINS; k++) {
            chain(100 + k);
        }
        while (System.in.read() >= 0) {}
        stopped.set(true);
        running.await();
    }

    private void wait(int seed) {
        for (int k = seed; !stopped.get(); k += 7) {
            try {
                judge(k, client.score(rows(k)));
            } catch (DisrustException e) {
                fail(e);
            }
        }
        running.countDown();
    }

    private void chain(int k) {
        if (stopped.get()) {
            running.countDown();
            return;
        }
        client.scoreAsync(rows(k)).whenComplete((scores, error) -> {
            if (error != null) {
                fail(error);
            }
            judge(k, scores);
            chain(k + 7);
        });
    }

    /** Returns from 1 to 100 rows, whose sums tell the rows and the calls apart. */
    private float[] rows(int k) {
        int dim = client.model().dim();
        float[] rows = new float[(1 + k % 100) * dim];
        for (int r = 0; r < rows.length / dim; r++) {
            rows[r * dim] = k % 10_000;
            rows[r * dim + dim - 1] = r * 16;
        }
        return rows;
    }

    private void judge(int k, float[] scores) {
        for (int r = 0; r < 1 + k % 100; r++) {
            if (scores[r] != k % 10_000 + r * 16) {
                fail(new AssertionError("call " + k + ", row " + r + ": " + scores[r]));
            }
        }
        if (answers.incrementAndGet() % PER_LINE == 0) {
            System.out.println(answers);
        }
    }

    private static void fail(Throwable error) {
        error.printStackTrace();
        System.exit(1);
    }
}
