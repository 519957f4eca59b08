package io.github.disrust;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * {@code Requests SEED COUNT}: however much the kernel takes at a time, and however often what was not sent
 * is taken back, a link sends whole requests: each row of each call once, in order, and none of a call that
 * was over before its request was begun.
 */
final class Requests {
    private static final int MOST = 7; // rows in a request

    private final Random random;
    private final int dim;
    private final Link link;
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private final List<Call> calls = new ArrayList<>();
    private final ArrayDeque<Call> waiting = new ArrayDeque<>();
    private final List<Boolean> abandoned = new ArrayList<>();
    private int unstaged;

    private Requests(long seed) throws Ended {
        random = new Random(seed);
        dim = random.nextInt(50) == 0 ? 20_000 : 1 + random.nextInt(9); // the buffer has no room for some requests
        link = new Link(Address.parse("a:1"), new Wire.Expected(0, 0, 0, 0, ""), new ArrayList<>());
        link.in.put(new Frames().welcome(0, dim, 1, MOST, "", "").bytes());
        link.received();
    }

    public static void main(String[] args) throws Ended {
        long first = Long.parseLong(args[0]);
        int unstaged = 0;
        for (long seed = first; seed < first + Long.parseLong(args[1]); seed++) {
            try {
                Requests r = new Requests(seed);
                r.play();
                unstaged += r.unstaged;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        System.out.println("unstaged " + unstaged);
    }

    private void play() {
        for (int steps = 2 + random.nextInt(30); steps > 0; steps--) {
            switch (random.nextInt(5)) {
                case 0, 1 -> add();
                case 2, 3 -> send(random.nextInt(link.unsent().remaining() + 1));
                default -> takeBack();
            }
            stage();
        }
        while (link.unsent().hasRemaining()) {
            send(link.unsent().remaining());
            stage();
        }
        judge(ByteBuffer.wrap(sent.toByteArray()).order(ByteOrder.LITTLE_ENDIAN));
    }

    private void add() {
        float[] rows = new float[random.nextInt(40) * dim];
        for (int k = 0; k < rows.length; k++) {
            rows[k] = calls.size() << 16 | k / dim;
        }
        Call call = new Call().rows(rows).begin(link.model, Clock.NEVER);
        calls.add(call);
        abandoned.add(false);
        waiting.addLast(call);
    }

    private void stage() {
        while (!waiting.isEmpty() && (waiting.peekFirst().over || link.stage(waiting.peekFirst()))) {
            waiting.removeFirst();
        }
    }

    private void send(int bytes) {
        byte[] taken = new byte[bytes];
        link.unsent().get(taken);
        link.sent();
        sent.writeBytes(taken);
    }

    /** Takes back what was not sent, mostly because a call is over. */
    private void takeBack() {
        int before = link.unsent().remaining();
        link.unstage(waiting);
        unstaged += before > link.unsent().remaining() ? 1 : 0;
        if (!calls.isEmpty() && random.nextBoolean()) {
            int k = random.nextInt(calls.size());
            Call call = calls.get(k);
            Check.same(call.staged > 0, link.hasSent(call), "the kernel has bytes of the call");
            call.end(new DisrustException.Closed());
            abandoned.set(k, true);
        }
    }

    /** Reads what was sent as a server does. */
    private void judge(ByteBuffer b) {
        b.position(link.model == null ? 0 : 8 + b.getShort(6));
        int[] next = new int[calls.size()];
        int newest = 0;
        while (b.hasRemaining()) {
            int rows = b.getInt();
            Check.that(rows >= 1 && rows <= MOST, "a request of " + rows + " rows");
            int call = (int) b.getFloat(b.position()) >> 16;
            Check.that(call >= newest, "call " + call + " after " + newest);
            newest = call;
            for (int k = 0; k < rows * dim; k++) {
                if (b.getFloat() != (call << 16 | next[call] + k / dim)) {
                    throw new AssertionError("call " + call + ": a feature of a row after " + next[call]);
                }
            }
            next[call] += rows;
        }
        for (int k = 0; k < next.length; k++) {
            int rows = calls.get(k).count;
            Check.that(abandoned.get(k) ? next[k] == calls.get(k).staged : next[k] == rows, "call " + k + ": " + next[k] + " rows");
        }
    }
}
