package io.github.disrust;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.NoSuchElementException;

/**
 * Calls of one thread, many of them in flight: it starts some, and then takes the scores of the oldest.
 *
 * <p>A Pipeline is for one thread at a time. It has no end of its own, and a Client may have many. The
 * thread that takes scores receives them itself, which costs less than futures do.
 */
public final class Pipeline {
    private final Client client;
    private final Engine engine;
    private final ArrayDeque<Call> calls = new ArrayDeque<>(); // oldest first
    private final ArrayDeque<Call> spare = new ArrayDeque<>(); // calls to use again

    Pipeline(Client client, Engine engine) {
        this.client = client;
        this.engine = engine;
    }

    /**
     * Starts to score rows.
     *
     * @param rows any number of rows, one after another, which may not change until the scores are taken
     * @throws DisrustException.WrongShape if the rows do not fit the model
     * @throws DisrustException.Closed after {@link Client#close}
     */
    public void start(float[] rows) {
        start(rows, null, null);
    }

    /**
     * Starts to score rows.
     *
     * @param rows any number of rows, one after another, which may not change until the scores are taken
     * @param scores gets the scores of row after row, and has just the room for them; null: a new array
     * @param timeout for this call, at whose end a thread that waits in {@link #take} gives up; null: that
     *     of the Config
     * @throws DisrustException.WrongShape if the rows or the scores do not fit the model
     * @throws DisrustException.Closed after {@link Client#close}
     */
    public void start(float[] rows, float[] scores, Duration timeout) {
        Call call = spare.isEmpty() ? new Call() : spare.pop();
        call.rows(rows).scores(scores).begin(client.model(), client.deadline(timeout));
        engine.launch(call);
        calls.add(call);
    }

    /**
     * Waits for the oldest call that was not taken.
     *
     * @return its scores: the array that {@link #start(float[], float[], Duration)} was given, or a new one
     * @throws DisrustException if there are none
     * @throws NoSuchElementException if all calls were taken
     */
    public float[] take() {
        Call call = calls.remove();
        engine.finish(call);
        float[] scores = call.scores();
        call.reset();
        spare.push(call);
        return scores;
    }

    /**
     * Says how many calls were started and not taken.
     *
     * @return the number of calls
     */
    public int size() {
        return calls.size();
    }
}
