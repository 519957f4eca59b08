package io.github.disrust;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Scores rows of floats on one or several servers. Any number of threads may share a Client.
 *
 * <p>A Client has one connection at a time, over which all calls are pipelined. A call of more rows than a
 * request may have becomes several requests. When the connection ends, the Client connects to the next
 * address; what it does with the calls that were not answered is in {@link Config#retries}.
 *
 * <p>Until a call is over, the Client reads its rows and writes its scores; they may not change, and may not
 * share memory. Afterwards it touches neither. If the call fails, its room for scores holds anything.
 *
 * <p>A call whose thread is interrupted ends with {@link DisrustException.GaveUp}; the thread stays
 * interrupted. No other call is disturbed.
 */
public final class Client implements AutoCloseable {
    private final long timeoutNanos;
    private final Engine engine;
    private final AtomicReference<Call> spare = new AtomicReference<>(); // so that a call allocates nothing

    /**
     * Connects with the defaults of {@link Config}.
     *
     * @param addrs as in {@link Config#Config}
     * @throws DisrustException.Unavailable if no server can be reached
     */
    public Client(String... addrs) {
        this(new Config(addrs));
    }

    /**
     * Connects.
     *
     * @param config the settings, which are copied
     * @throws DisrustException.Unavailable if no server can be reached
     */
    public Client(Config config) {
        timeoutNanos = config.timeoutNanos;
        engine = new Engine(new Config(config));
        Call probe = new Call(); // without rows: it is over when there is a connection
        probe.deadline = Clock.NEVER;
        try {
            engine.run(probe);
        } catch (DisrustException e) {
            engine.close();
            throw e;
        }
    }

    /**
     * Returns what the server says of its model, as of the last answer. Its dim, its outputs and its kind
     * never change.
     *
     * @return the model
     */
    public Model model() {
        return engine.model();
    }

    /**
     * Returns the scores of rows.
     *
     * @param rows any number of rows, one after another
     * @return the scores of row after row, as many for each as the model has outputs
     * @throws DisrustException if there are none
     */
    public float[] score(float[] rows) {
        return score(rows, (Duration) null);
    }

    /**
     * Returns the scores of rows.
     *
     * @param rows any number of rows, one after another
     * @param timeout for this call; null: that of the Config
     * @return the scores of row after row
     * @throws DisrustException if there are none
     */
    public float[] score(float[] rows, Duration timeout) {
        Call call = fresh().rows(rows).begin(model(), deadline(timeout));
        engine.run(call);
        float[] scores = call.scores();
        keep(call);
        return scores;
    }

    /**
     * Returns the scores of rows.
     *
     * @param rows any number of arrays of one row each
     * @return the scores of row after row
     * @throws DisrustException if there are none
     */
    public float[] score(float[]... rows) {
        Call call = fresh().rows(rows).begin(model(), deadline(null));
        engine.run(call);
        float[] scores = call.scores();
        keep(call);
        return scores;
    }

    /**
     * Writes the scores of rows.
     *
     * @param rows any number of rows, one after another
     * @param scores gets the scores of row after row, and has just the room for them
     * @param timeout for this call; null: that of the Config
     * @throws DisrustException if there are none
     */
    public void score(float[] rows, float[] scores, Duration timeout) {
        Call call = fresh().rows(rows).scores(scores).begin(model(), deadline(timeout));
        engine.run(call);
        keep(call);
    }

    /**
     * Writes the scores of rows. The buffers may be on the heap or direct, in any byte order. What counts is
     * between their positions and their limits, which stay where they are.
     *
     * @param rows any number of rows, one after another
     * @param scores gets the scores of row after row, and has just the room for them
     * @param timeout for this call; null: that of the Config
     * @throws DisrustException if there are none
     */
    public void score(FloatBuffer rows, FloatBuffer scores, Duration timeout) {
        Call call = fresh().rows(rows).scores(scores).begin(model(), deadline(timeout));
        engine.run(call);
        keep(call);
    }

    /**
     * Returns a pipeline, with which one thread has many calls in flight.
     *
     * @return a pipeline without calls
     */
    public Pipeline pipeline() {
        return new Pipeline(this, engine);
    }

    /**
     * Starts to score rows, without waiting for the scores.
     *
     * @param rows any number of rows, one after another
     * @return the scores of row after row, as in {@link #scoreAsync(float[], Duration)}
     * @throws DisrustException.WrongShape if the rows do not fit the model
     * @throws DisrustException.Closed after {@link #close}
     */
    public CompletableFuture<float[]> scoreAsync(float[] rows) {
        return scoreAsync(rows, null);
    }

    /**
     * Starts to score rows, without waiting for the scores. A thread of the Client completes the future, and
     * runs what depends on it: that must not wait for long, because other futures wait meanwhile. To cancel
     * or to complete the future, as its orTimeout does, ends the call.
     *
     * @param rows any number of rows, one after another, which may not change until the future is complete
     * @param timeout for this call; null: that of the Config
     * @return the scores of row after row, or a {@link DisrustException} as the cause
     * @throws DisrustException.WrongShape if the rows do not fit the model
     * @throws DisrustException.Closed after {@link #close}
     */
    public CompletableFuture<float[]> scoreAsync(float[] rows, Duration timeout) {
        Call call = new Call().rows(rows).begin(model(), deadline(timeout));
        return begin(call, new Promise<float[]>(engine, null));
    }

    /**
     * Starts to score rows of a buffer, without waiting for the scores. The program may move the positions
     * and the limits of the buffers meanwhile: the client has copies of them. See
     * {@link #score(FloatBuffer, FloatBuffer, Duration)} and {@link #scoreAsync(float[], Duration)}.
     *
     * @param rows any number of rows, one after another, which may not change until the future is complete
     * @param scores gets the scores of row after row, and has just the room for them
     * @param timeout for this call; null: that of the Config
     * @return scores, or a {@link DisrustException} as the cause
     * @throws DisrustException.WrongShape if the rows or the scores do not fit the model
     * @throws DisrustException.Closed after {@link #close}
     */
    public CompletableFuture<FloatBuffer> scoreAsync(FloatBuffer rows, FloatBuffer scores, Duration timeout) {
        Call call = new Call().rows(rows.duplicate()).scores(scores.duplicate()).begin(model(), deadline(timeout));
        return begin(call, new Promise<>(engine, scores));
    }

    private <T> CompletableFuture<T> begin(Call call, Promise<T> promise) {
        promise.call = call;
        call.promise = promise;
        engine.begin(call);
        return promise;
    }

    /**
     * Waits until all calls that were started are over, and closes the connection. Calls that start later
     * fail. In what depends on a future, or if the thread is interrupted, it does not wait: calls in
     * progress end with {@link DisrustException.Closed}.
     */
    @Override
    public void close() {
        engine.close();
    }

    long deadline(Duration timeout) {
        return Clock.in(timeout == null ? timeoutNanos : Config.positive("timeout", timeout));
    }

    private Call fresh() {
        Call call = spare.getAndSet(null);
        return call != null ? call : new Call();
    }

    private void keep(Call call) {
        call.reset();
        spare.set(call);
    }
}
