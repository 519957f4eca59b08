package io.github.disrust;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** {@code Cases ADDR STOPPED}: what a client promises, with a daemon of the sum model, and one that is stopped. */
final class Cases {
    private static final int DIM = 128;
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(30);

    private final String addr;
    private final String stopped; // a server that takes connections and answers nothing

    private Cases(String addr, String stopped) {
        this.addr = addr;
        this.stopped = stopped;
    }

    /** A case. */
    private interface Case {
        void run() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        Cases c = new Cases(args[0], args[1]);
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put("shapes", c::shapes);
        cases.put("zero rows", c::zeroRows);
        cases.put("threads", c::threads);
        cases.put("pipelined", c::pipelined);
        cases.put("pipelines", c::pipelines);
        cases.put("a pipeline that is left", c::pipelineLeft);
        cases.put("futures and waiting threads", c::mixed);
        cases.put("call in a future", c::callInFuture);
        cases.put("retry in a future", c::retryInFuture);
        cases.put("interrupted", c::interrupted);
        cases.put("cancelled", c::cancelled);
        cases.put("ended by the program", c::endedByProgram);
        cases.put("buffers that move", c::buffersMove);
        cases.put("a fault while receiving", c::faultWhileReceiving);
        cases.put("close waits", c::closeWaits);
        cases.put("close in a future", c::closeInFuture);
        cases.put("close of an interrupted thread", c::closeInterrupted);
        cases.put("close twice", c::closeTwice);
        cases.put("unavailable", c::unavailable);
        cases.put("next address", c::nextAddress);
        cases.put("no welcome", c::noWelcome);
        cases.put("given up", c::givenUp);
        cases.put("stalls", c::stalls);
        cases.put("stalls after it was idle", c::stallsAfterIdle);
        cases.put("never stalls", c::neverStalls);
        cases.put("another shape", c::anotherShape);
        cases.put("moves", c::moves);
        cases.put("retries", c::retries);
        cases.put("an earlier end", c::earlierEnd);
        cases.put("answers late", c::answersLate);
        cases.put("unused", c::unused);
        cases.put("parked", c::parkedList);
        cases.put("timed", c::timedCalls);
        cases.put("written before", c::writtenBefore);
        cases.put("bounds", c::bounds);
        cases.put("allocations", c::allocations);
        cases.put("settings", c::settings);
        cases.put("addresses", c::addresses);
        for (Map.Entry<String, Case> each : cases.entrySet()) {
            try {
                each.getValue().run();
            } catch (Exception | AssertionError e) {
                throw new AssertionError(each.getKey(), e);
            }
        }
        System.out.println(cases.size());
    }

    private static <E extends Throwable> E fails(Class<E> with, Callable<?> task) throws Exception {
        Object result;
        try {
            result = task.call();
        } catch (Throwable e) {
            Throwable why = e instanceof CompletionException || e instanceof ExecutionException ? e.getCause() : e;
            Check.that(with.isInstance(why), "failed with " + why);
            return with.cast(why);
        }
        throw new AssertionError("got " + result + " in place of " + with);
    }

    private static float[] rows(int count, float value) {
        float[] rows = new float[count * DIM];
        for (int k = 0; k < count; k++) {
            rows[k * DIM + k % DIM] = value + k;
        }
        return rows;
    }

    private static void judge(float[] scores, int count, float value) {
        Check.same(count, scores.length, "scores");
        for (int k = 0; k < count; k++) {
            Check.same(value + k, scores[k], "score " + k);
        }
    }

    private void shapes() throws Exception {
        try (Client c = new Client(addr)) {
            Check.same(new Model("sum", DIM, 1, Model.RAW, 64, "0".repeat(64)), c.model(), "model");
            judge(c.score(rows(300, 5)), 300, 5);
            judge(c.score(rows(1, 1), rows(1, 2)), 2, 1);
            fails(DisrustException.WrongShape.class, () -> c.score(new float[DIM + 1]));
            fails(DisrustException.WrongShape.class, () -> c.score(new float[DIM], new float[DIM - 1]));
            fails(DisrustException.WrongShape.class, () -> c.scoreAsync(new float[1]));
            FloatBuffer readOnly = FloatBuffer.allocate(1).asReadOnlyBuffer();
            fails(DisrustException.WrongShape.class, () -> c.scoreAsync(FloatBuffer.allocate(DIM), readOnly, null));
            for (int room : new int[] {1, 3}) {
                fails(DisrustException.WrongShape.class, () -> {
                    c.score(rows(2, 0), new float[room], null);
                    return null;
                });
            }
            float[] scores = new float[2];
            c.score(rows(2, 4), scores, null);
            judge(scores, 2, 4);
            buffers(c);
        }
    }

    private static void buffers(Client c) {
        for (FloatBuffer b : List.of(FloatBuffer.allocate(400 * DIM), ByteBuffer.allocateDirect(1600 * DIM).asFloatBuffer())) {
            b.position(7).put(rows(100, 9)).flip().position(7);
            FloatBuffer scores = FloatBuffer.allocate(120).position(11).limit(111);
            c.score(b.asReadOnlyBuffer(), scores, LONG);
            Check.same(scores, c.scoreAsync(b, FloatBuffer.allocate(100), null).join(), "scores of the future");
            judge(Arrays.copyOfRange(scores.array(), 11, 111), 100, 9);
            Check.same(0f, scores.array()[10] + scores.array()[111], "what is beside the scores");
            Check.same(7 + 11 + 111, b.position() + scores.position() + scores.limit(), "positions");
        }
    }

    private void zeroRows() {
        try (Client c = new Client(addr)) {
            Check.same(0, c.score(new float[0]).length, "scores");
            Check.same(0, c.score().length, "scores of no arrays");
            Check.same(0, c.scoreAsync(new float[0]).join().length, "scores of the future");
        }
    }

    /** Many threads share a client, and each gets its own scores. */
    private void threads() throws Exception {
        try (Client c = new Client(addr)) {
            inThreads(16, k -> {
                for (int n = 0; n < 300; n++) {
                    judge(c.score(rows(1 + n % 70, k * 1000 + n)), 1 + n % 70, k * 1000 + n);
                }
            });
        }
    }

    /** What a thread does. */
    private interface Work {
        void run(int number) throws Exception;
    }

    private static void inThreads(int count, Work work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(count);
        List<Future<?>> all = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            int number = k;
            all.add(pool.submit(() -> {
                work.run(number);
                return null;
            }));
        }
        for (Future<?> each : all) {
            each.get(30, TimeUnit.SECONDS);
        }
        pool.shutdown();
    }

    private void pipelined() {
        try (Client c = new Client(addr)) {
            List<CompletableFuture<float[]>> all = new ArrayList<>();
            for (int k = 0; k < 3000; k++) {
                all.add(c.scoreAsync(rows(1 + k % 9, k)));
            }
            for (int k = 0; k < all.size(); k++) {
                judge(all.get(k).join(), 1 + k % 9, k);
            }
        }
    }

    private void pipelines() throws Exception {
        try (Client c = new Client(addr)) {
            inThreads(3, t -> {
                Pipeline p = c.pipeline();
                float[][] rooms = new float[50][3];
                for (int k = 0; k < 2000 + rooms.length; k++) {
                    if (k >= rooms.length) {
                        float[] scores = p.take();
                        Check.same(k % 2 == 0, scores == rooms[k % rooms.length], "the room for scores is used");
                        judge(scores, 3, k - rooms.length);
                    }
                    if (k < 2000) {
                        p.start(rows(3, k), k % 2 == 0 ? rooms[k % rooms.length] : null, LONG);
                    }
                }
                fails(NoSuchElementException.class, p::take);
                fails(DisrustException.WrongShape.class, () -> {
                    p.start(new float[1]);
                    return null;
                });
            });
        }
    }

    /** close ends what a thread has started and does not take. */
    private void pipelineLeft() throws Exception {
        Client c = new Client(addr);
        Pipeline p = c.pipeline();
        for (int k = 0; k < 300; k++) {
            p.start(rows(64, k));
        }
        c.close();
        for (int k = 0; k < 300; k++) {
            judge(p.take(), 64, k);
        }
        fails(DisrustException.Closed.class, () -> {
            p.start(rows(1, 1));
            return null;
        });
    }

    private void mixed() throws Exception {
        try (Client c = new Client(addr)) {
            inThreads(6, k -> {
                for (int n = 0; n < 300; n++) {
                    CompletableFuture<float[]> first = c.scoreAsync(rows(2, n), LONG);
                    judge(c.score(rows(1, k)), 1, k);
                    judge(first.join(), 2, n);
                }
            });
        }
    }

    /** What depends on a future may wait for a call. */
    private void callInFuture() {
        try (Client c = new Client(addr)) {
            judge(c.scoreAsync(rows(1, 1)).thenApply(s -> c.score(rows(1, s[0] + 1))).join(), 1, 2);
        }
    }

    /** Such a call also connects again, although the thread that does it otherwise is that of the call. */
    private void retryInFuture() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        byte[] answer = new Frames().words(1, 0).bytes();
        try (Fake server = new Fake(DIM, (socket, in) -> {
            int number = connections.incrementAndGet();
            for (int k = 0; number != 2 && k < number && in.readNBytes(4 + 4 * DIM).length > 0; k++) {
                socket.getOutputStream().write(answer);
            }
            socket.shutdownOutput();
            Fake.readRequests(in, DIM);
        }); Client c = new Client(server.addr())) {
            CompletableFuture<float[]> last = c.scoreAsync(rows(1, 1)).thenApply(s -> c.score(rows(1, 1)));
            Check.same(0f, last.get(30, TimeUnit.SECONDS)[0], "score");
            Check.same(3, connections.get(), "connections");
        }
    }

    private void interrupted() throws Exception {
        try (Client c = new Client(new Config(addr))) {
            Thread.currentThread().interrupt();
            fails(DisrustException.GaveUp.class, () -> c.score(rows(1, 1)));
            Check.that(Thread.interrupted(), "the thread is not interrupted any more");
            judge(c.score(rows(1, 3)), 1, 3);
        }
    }

    private void cancelled() throws Exception {
        try (Client c = new Client(addr)) {
            List<CompletableFuture<float[]>> all = new ArrayList<>();
            for (int k = 0; k < 200; k++) {
                all.add(c.scoreAsync(rows(64, k)));
            }
            int cancelled = 0;
            for (int k = 0; k < 200; k += 3) {
                cancelled += all.get(k).cancel(true) ? 1 : 0;
            }
            int found = 0;
            for (int k = 0; k < 200; k++) {
                if (all.get(k).isCancelled()) {
                    found++;
                    CompletableFuture<float[]> f = all.get(k);
                    fails(CancellationException.class, f::join);
                } else {
                    judge(all.get(k).join(), 64, k);
                }
            }
            Check.same(cancelled, found, "cancelled futures");
        }
    }

    /** A way in which a program ends a future that it was given. */
    private interface End {
        void of(CompletableFuture<FloatBuffer> future);
    }

    /** A future that the program ends before its time leaves the scores alone. */
    private void endedByProgram() throws Exception {
        for (End end : List.<End>of(f -> f.complete(null), f -> f.completeExceptionally(new Exception("enough")),
                f -> f.orTimeout(1, TimeUnit.MILLISECONDS), f -> f.completeOnTimeout(null, 1, TimeUnit.MILLISECONDS))) {
            CountDownLatch over = new CountDownLatch(1);
            try (Fake server = new Fake(DIM, (socket, in) -> {
                over.await();
                Fake.sum(socket, in, DIM);
            }); Client c = new Client(server.addr())) {
                FloatBuffer scores = FloatBuffer.allocate(1);
                CompletableFuture<FloatBuffer> future = c.scoreAsync(FloatBuffer.wrap(rows(1, 5)), scores, LONG);
                end.of(future);
                future.handle((s, e) -> s).get(30, TimeUnit.SECONDS);
                over.countDown();
                judge(c.score(rows(1, 6)), 1, 6); // behind the answer to the first
                Check.same(0f, scores.get(0), "the score of a future that has ended");
            }
        }
    }

    /** The program may move the positions of buffers as soon as a future has them. */
    private void buffersMove() throws Exception {
        int count = 400 * 64; // more than sockets hold
        CountDownLatch moved = new CountDownLatch(1);
        try (Fake server = new Fake(DIM, (socket, in) -> {
            moved.await();
            Fake.sum(socket, in, DIM);
        }); Client c = new Client(server.addr())) {
            FloatBuffer rows = FloatBuffer.wrap(rows(count, 5));
            FloatBuffer scores = FloatBuffer.allocate(count);
            CompletableFuture<FloatBuffer> future = c.scoreAsync(rows, scores, LONG);
            rows.position(rows.limit());
            scores.position(scores.limit());
            moved.countDown();
            Check.that(future.get(30, TimeUnit.SECONDS) == scores, "the future has another buffer");
            judge(scores.array(), count, 5);
        }
    }

    /** A fault in what a call is given ends the connection, and neither the client nor one of its threads. */
    private void faultWhileReceiving() throws Exception {
        Engine engine = new Engine(new Config(addr));
        Call probe = new Call();
        probe.deadline = Clock.NEVER;
        engine.run(probe);
        for (boolean waits : new boolean[] {true, false}) {
            Call call = new Call().rows(rows(1, 1)).scores(FloatBuffer.allocate(1)).begin(engine.model(), Clock.in(LONG.toNanos()));
            call.scores(FloatBuffer.allocate(1).asReadOnlyBuffer());
            DisrustException.ConnectionLost e = fails(DisrustException.ConnectionLost.class, () -> {
                if (waits) {
                    engine.run(call);
                    return null;
                }
                call.promise = new Promise<>(engine, "scored");
                call.promise.call = call;
                engine.begin(call);
                return call.promise.get(30, TimeUnit.SECONDS);
            });
            Check.that(e.getMessage().contains("ReadOnlyBufferException"), e.getMessage());
            Call next = new Call().rows(rows(1, 2)).begin(engine.model(), Clock.in(LONG.toNanos()));
            engine.run(next);
            judge(next.scores(), 1, 2);
        }
        engine.close();
    }

    private void closeWaits() throws Exception {
        Client c = new Client(addr);
        List<CompletableFuture<float[]>> all = new ArrayList<>();
        for (int k = 0; k < 500; k++) {
            all.add(c.scoreAsync(rows(64, k)));
        }
        c.close();
        for (int k = 0; k < 500; k++) {
            judge(all.get(k).get(30, TimeUnit.SECONDS), 64, k);
        }
        fails(DisrustException.Closed.class, () -> c.score(rows(1, 1)));
        fails(DisrustException.Closed.class, () -> c.scoreAsync(rows(1, 1)));
    }

    private void closeInFuture() throws Exception {
        Client c = new Client(addr);
        CompletableFuture<Void> closed = c.scoreAsync(rows(1, 1)).thenRun(c::close);
        closed.get(30, TimeUnit.SECONDS);
        fails(DisrustException.Closed.class, () -> c.score(rows(1, 1)));
    }

    private void closeInterrupted() throws Exception {
        try (Fake server = new Fake(DIM, (socket, in) -> Fake.readRequests(in, DIM))) {
            Client c = new Client(server.addr());
            List<CompletableFuture<float[]>> all = new ArrayList<>();
            for (int k = 0; k < 500; k++) {
                all.add(c.scoreAsync(rows(64, k)));
            }
            Thread.currentThread().interrupt();
            c.close();
            Check.that(Thread.interrupted(), "the thread is not interrupted any more");
            for (CompletableFuture<float[]> each : all) {
                fails(DisrustException.Closed.class, each::join);
            }
        }
    }

    private void closeTwice() throws Exception {
        Client c = new Client(addr);
        CompletableFuture<float[]> call = c.scoreAsync(rows(64, 1));
        inThreads(4, k -> c.close());
        judge(call.join(), 64, 1);
    }

    private void unavailable() throws Exception {
        DisrustException.Unavailable e = fails(DisrustException.Unavailable.class,
                () -> new Client("127.0.0.1:1", "unix:/nowhere/at/all", "no-such-host.invalid:1"));
        Check.same(3, e.reasons().size(), "reasons");
        Check.that(List.of(e.getStackTrace()).toString().contains("Cases.unavailable"), "another thread's stack");
        Check.that(e.getMessage().contains("127.0.0.1:1: Connection refused"), e.getMessage());
        DisrustException.Unavailable other = fails(DisrustException.Unavailable.class, () -> new Client(new Config(addr).dim(4)));
        Check.that(other.reasons().get(0) instanceof DisrustException.Refused r && r.status() == 2 && r.model().dim() == DIM,
                other.getMessage());
    }

    private void nextAddress() {
        try (Client c = new Client("127.0.0.1:1", addr)) {
            judge(c.score(rows(3, 1)), 3, 1);
        }
    }

    private void noWelcome() throws Exception {
        DisrustException.Unavailable e = fails(DisrustException.Unavailable.class,
                () -> new Client(new Config(stopped).dialTimeout(SHORT)));
        Check.that(e.reasons().get(0) instanceof DisrustException.NoWelcome, e.getMessage());
    }

    /** A server that reads nothing for a while gets the calls whose written() says so, and no other. */
    private void givenUp() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        CompletableFuture<Integer> seen = new CompletableFuture<>();
        try (Fake server = new Fake(DIM, (socket, in) -> {
            over.await();
            int[] answer = new int[65];
            answer[0] = 64;
            for (int count = 0; Fake.littleEndian(in.readNBytes(4)).getInt() == 64; count++) {
                in.readNBytes(64 * DIM * 4);
                socket.getOutputStream().write(new Frames().words(answer).bytes());
                seen.obtrudeValue(count + 1);
            }
            in.readNBytes(DIM * 4);
            socket.getOutputStream().write(new Frames().words(1, 0).bytes());
        }); Client c = new Client(server.addr())) {
            List<CompletableFuture<float[]>> all = new ArrayList<>();
            for (int k = 0; k < 500; k++) {
                all.add(c.scoreAsync(rows(64, k), SHORT));
            }
            int written = fails(DisrustException.GaveUp.class, () -> c.score(rows(64, 1), SHORT)).written() ? 1 : 0;
            for (CompletableFuture<float[]> each : all) {
                written += fails(DisrustException.GaveUp.class, each::join).written() ? 1 : 0;
            }
            over.countDown();
            Check.that(written > 0 && written < 500, written + " calls are written");
            Check.same(0f, c.score(rows(1, 1))[0], "the score after them");
            Check.same(written, seen.get(30, TimeUnit.SECONDS), "requests");
        }
    }

    /** A connection on which the server owes an answer in silence ends, and so do its calls. */
    private void stalls() throws Exception {
        try (Fake server = new Fake(DIM, (socket, in) -> Fake.readRequests(in, DIM));
                Client c = new Client(new Config(server.addr()).stallTimeout(SHORT))) {
            CompletableFuture<float[]> future = c.scoreAsync(rows(1, 1));
            DisrustException e = fails(DisrustException.ConnectionLost.class, future::join);
            Check.that(e.getMessage().contains("silent"), e.getMessage());
            fails(DisrustException.ConnectionLost.class, () -> c.score(rows(1, 1)));
        }
    }

    /** A silent server is also found out after the connection was idle, which the worker watches without an end. */
    private void stallsAfterIdle() throws Exception {
        try (Fake server = new Fake(DIM, (socket, in) -> {
            in.readNBytes(4 + 4 * DIM);
            socket.getOutputStream().write(new Frames().words(1, 0).bytes());
            Fake.readRequests(in, DIM);
        }); Client c = new Client(new Config(server.addr()).stallTimeout(Duration.ofSeconds(1)))) {
            c.score(rows(1, 1));
            while (!watched()) {
                Thread.onSpinWait();
            }
            fails(DisrustException.ConnectionLost.class, () -> c.score(rows(1, 1)));
        }
    }

    /** A client whose patience has no end keeps the timeouts of its calls. */
    private void neverStalls() throws Exception {
        try (Fake server = new Fake(DIM, (socket, in) -> Fake.readRequests(in, DIM));
                Client c = new Client(new Config(server.addr()).stallTimeout(Duration.ofSeconds(Long.MAX_VALUE)))) {
            fails(DisrustException.GaveUp.class, () -> c.scoreAsync(rows(1, 1), SHORT).get(30, TimeUnit.SECONDS));
            fails(DisrustException.GaveUp.class, () -> c.score(rows(1, 1), SHORT));
        }
    }

    /** Says whether a client's worker waits for something to receive. */
    private static boolean watched() {
        return Thread.getAllStackTraces().entrySet().stream().anyMatch(e -> e.getKey().getName().equals("disrust-client")
                && List.of(e.getValue()).toString().contains("SelectorImpl.select"));
    }

    /** The client goes to no server whose model has another shape than that of the first. */
    private void anotherShape() throws Exception {
        try (Fake other = new Fake(5, (socket, in) -> Fake.readRequests(in, 5))) {
            Fake first = new Fake(4, (socket, in) -> socket.getOutputStream().write(
                    new Frames().words(in.readNBytes(20).length / 20, 0).bytes()));
            try (Client c = new Client(first.addr(), other.addr())) {
                Check.same(1, c.score(new float[4]).length, "scores");
                first.close();
                DisrustException.Unavailable e = fails(DisrustException.Unavailable.class, () -> c.score(new float[4]));
                Check.that(e.reasons().stream().anyMatch(r -> r instanceof DisrustException.Refused f && f.status() == 0), e.getMessage());
            }
        }
    }

    /** What a server ends in order is sent again to the next, and the answers that came before it are kept. */
    private void moves() throws Exception {
        try (Fake half = new Fake(DIM, (socket, in) -> {
            in.readNBytes(2 * (4 + 64 * DIM * 4));
            int[] answer = new int[65];
            answer[0] = 64;
            socket.getOutputStream().write(new Frames().words(answer).bytes());
            socket.shutdownOutput();
            Fake.readRequests(in, DIM);
        }); Client c = new Client(half.addr(), addr)) {
            float[] scores = c.score(rows(200, 7));
            Check.same(0f, scores[63], "the last score of the first server");
            judge(Arrays.copyOfRange(scores, 64, 200), 136, 7 + 64);
        }
    }

    /** Rows of which a part was answered are sent again if the connection breaks. */
    private void retries() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        try (Fake server = new Fake(DIM, (socket, in) -> {
            in.readNBytes(4 + 3 * DIM * 4);
            int whole = connections.getAndIncrement();
            byte[] answer = new Frames().words(3, 0, 0, 0).bytes();
            socket.getOutputStream().write(answer, 0, whole == 0 ? 12 : answer.length);
        }); Client c = new Client(new Config(server.addr()).retries(1))) {
            Check.same("[0.0, 0.0, 0.0]", Arrays.toString(c.score(rows(3, 1))), "scores");
        }
    }

    /** A future gives up before another that started earlier and has more time. */
    private void earlierEnd() throws Exception {
        try (Fake server = new Fake(DIM, (socket, in) -> Fake.readRequests(in, DIM))) {
            Client c = new Client(server.addr());
            CompletableFuture<float[]> first = c.scoreAsync(rows(1, 1));
            while (!watched()) {
                Thread.onSpinWait();
            }
            fails(DisrustException.GaveUp.class, () -> c.scoreAsync(rows(1, 1), SHORT).join());
            Check.that(first.cancel(true), "the first is over");
            c.close();
        }
    }

    /** A server may answer the first request when it has received more than sockets hold. */
    private void answersLate() throws Exception {
        int requests = 400;
        try (Fake server = new Fake(DIM, (socket, in) -> {
            in.readNBytes(4 + DIM * 4);
            for (int k = 0; k < requests; k++) {
                in.readNBytes(4 + 64 * DIM * 4);
            }
            socket.getOutputStream().write(new Frames().words(1, 0).bytes());
            int[] answer = new int[65];
            answer[0] = 64;
            for (int k = 0; k < requests; k++) {
                socket.getOutputStream().write(new Frames().words(answer).bytes());
            }
        }); Client c = new Client(server.addr())) {
            CompletableFuture<float[]> first = c.scoreAsync(rows(1, 1));
            CompletableFuture<float[]> second = c.scoreAsync(new float[64 * requests * DIM]);
            Check.same(1 + 64 * requests, first.join().length + second.join().length, "scores");
        }
    }

    /** An address whose connections all end without an answer counts as failed. */
    private void unused() throws Exception {
        try (Fake server = new Fake(DIM, (socket, in) -> in.readNBytes(4)); Client c = new Client(server.addr())) {
            DisrustException e;
            int calls = 0;
            do {
                e = fails(DisrustException.class, () -> c.score(rows(1, 1)));
                calls++;
            } while (e instanceof DisrustException.ConnectionLost);
            Check.that(e instanceof DisrustException.Unavailable && calls <= 8, "after " + calls + " calls " + e);
        }
    }

    /** The list of parked calls is a list. */
    private void parkedList() {
        Random random = new Random(1);
        Parked parked = new Parked();
        List<Call> model = new ArrayList<>();
        for (int k = 0; k < 20_000; k++) {
            int which = model.isEmpty() ? 0 : random.nextInt(model.size());
            switch (random.nextInt(model.size() > 9 ? 3 : 4)) {
                case 0 -> Check.same(model.stream().filter(c -> !c.over).findFirst().orElse(null), parked.open(), "the first that is open");
                case 1, 2 -> {
                    if (!model.isEmpty()) {
                        model.get(which).over = random.nextBoolean();
                        parked.remove(model.remove(which));
                    }
                }
                default -> {
                    model.add(new Call());
                    parked.add(model.get(model.size() - 1));
                    model.get(which).over = random.nextBoolean();
                }
            }
        }
    }

    /** Calls with deadlines expire in their order, and those that are over do not pile up behind one that is open. */
    private void timedCalls() {
        Timed timed = new Timed();
        for (int k = 0; k < 1000; k++) {
            Call call = new Call();
            call.deadline = 2000 - k;
            call.over = k > 10 && k < 990;
            timed.add(call, 20);
            Check.that(timed.size() <= 2 * 20 + 64, timed.size() + " calls");
        }
        Check.same(1001L, timed.earliest(), "the earliest deadline");
        int expired = 0;
        for (Call call = timed.expired(1995); call != null; call = timed.expired(1995)) {
            Check.that(!call.over && call.deadline <= 1995, "expired at " + call.deadline);
            expired++;
        }
        Check.same(10 + 6, expired, "calls that expired");
        Check.same(1996L, timed.earliest(), "the earliest deadline after them");
    }

    /** A call has been written if scores of it have come, although no connection has a part of it. */
    private void writtenBefore() {
        Model model = new Model("", DIM, 1, Model.RAW, 64, "");
        for (int answered : new int[] {0, 64}) {
            Traffic traffic = new Traffic(new Config("a:1"), server -> {});
            Call call = new Call().rows(new float[200 * DIM]).begin(model, Clock.NEVER);
            traffic.start(call);
            call.answered = answered;
            traffic.abandon(call);
            Check.same(answered > 0, ((DisrustException.GaveUp) call.error).written(), "written");
        }
    }

    /** Retries are bounded, and so are pauses between attempts. */
    private void bounds() {
        Budget budget = new Budget();
        int spent = 0;
        while (budget.spend()) {
            spent++;
        }
        Check.same(10, spent, "retries at once");
        for (int k = 0; k < 25; k++) {
            budget.earn();
        }
        Check.that(budget.spend() && budget.spend() && !budget.spend(), "retries after 25 answers");
        Server server = new Server(Address.parse("a:1"));
        for (long pause = 10; pause <= 2560; pause *= 2) {
            server.failed(new DisrustException.Closed());
            long millis = (server.due - Clock.now()) / 1_000_000;
            Check.that(millis <= Math.min(pause, 1000), millis + " ms in place of " + pause);
        }
        Check.that(server.due > Clock.now(), "no pause");
        server.lost(1);
        Check.same(0L, server.due, "when an attempt may begin");
    }

    /** A call that brings its room for scores, and a pipeline, allocate nothing in the steady state. */
    private void allocations() {
        try (Client c = new Client(addr)) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            Pipeline p = c.pipeline();
            float[] rows = rows(3, 1);
            float[] scores = new float[3];
            long before = 0;
            for (int k = 0; k < 4000; k++) {
                if (k == 2000) {
                    before = threads.getCurrentThreadAllocatedBytes();
                }
                c.score(rows, scores, LONG);
                p.start(rows, scores, null);
                p.take();
            }
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            Check.that(bytes < 2000 * 4, bytes + " bytes for 4000 calls");
        }
    }

    private void settings() throws Exception {
        Config c = new Config(addr);
        for (Callable<?> wrong : List.<Callable<?>>of(() -> c.dim(-1), () -> c.dim(65_536), () -> c.outputs(-1), () -> c.kind(-1),
                () -> c.maxVectors(65_536), () -> c.retries(-1), () -> c.timeout(Duration.ZERO), () -> c.dialTimeout(SHORT.negated()),
                () -> c.stallTimeout(Duration.ZERO), () -> c.model("é".repeat(128)), Config::new)) {
            fails(IllegalArgumentException.class, wrong);
        }
        c.maxVectors(5).timeout(LONG).model("sum").kind(Model.RAW).outputs(1);
        try (Client client = new Client(c)) {
            judge(client.score(rows(12, 1)), 12, 1);
            fails(IllegalArgumentException.class, () -> client.score(rows(1, 1), Duration.ZERO));
        }
    }

    private void addresses() throws Exception {
        Check.same(new Address("[::1]:9900", "::1", 9900, ""), Address.parse("[::1]:9900"), "IPv6");
        Check.same(new Address("a.b:0", "a.b", 0, ""), Address.parse("a.b:0"), "a name");
        Check.same(new Address("unix:a:1", "", 0, "a:1"), Address.parse("unix:a:1"), "a path");
        for (String wrong : List.of("", "a", "a:", ":1", "::1:9900", "[]:1", "[a:1", "a:65536", "a:x", "a:-1", "unix:", "a:123456")) {
            fails(IllegalArgumentException.class, () -> Address.parse(wrong));
        }
    }
}
