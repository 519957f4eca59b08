package io.github.disrust;

import java.util.Comparator;
import java.util.PriorityQueue;

/** The calls that no thread waits for and that have a deadline, earliest first. */
final class Timed {
    private static final int SPARE = 64; // calls that are over are not worth a search below that number

    private final PriorityQueue<Call> calls = new PriorityQueue<>(Comparator.comparingLong((Call c) -> c.deadline));

    /**
     * Adds a call.
     *
     * <p>Cost: calls that are over stay until their deadlines, but are removed when they are more than half.
     *
     * @param open how many calls that no thread waits for are not over
     */
    void add(Call call, int open) {
        calls.add(call);
        if (calls.size() > 2 * open + SPARE) {
            calls.removeIf(c -> c.over);
        }
    }

    /** Removes and returns a call that is not over and whose deadline has passed, or returns null. */
    Call expired(long now) {
        while (!calls.isEmpty() && (calls.peek().over || calls.peek().deadline <= now)) {
            Call call = calls.poll();
            if (!call.over) {
                return call;
            }
        }
        return null;
    }

    /** Returns the earliest deadline, or NEVER. */
    long earliest() {
        return calls.isEmpty() ? Clock.NEVER : calls.peek().deadline;
    }

    int size() {
        return calls.size();
    }
}
