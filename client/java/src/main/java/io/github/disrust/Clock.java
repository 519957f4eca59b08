package io.github.disrust;

import java.time.Duration;

/** Time in nanoseconds since the class was loaded, so that times compare as numbers. */
final class Clock {
    /** Later than every time. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long ORIGIN = System.nanoTime();

    private Clock() {}

    static long now() {
        return System.nanoTime() - ORIGIN;
    }

    /** Returns the time that is so many nanoseconds from now. */
    static long in(long nanos) {
        return after(now(), nanos);
    }

    /** Returns the time that is so many nanoseconds later than another, or NEVER if that is too late for a number. */
    static long after(long time, long nanos) {
        return nanos < NEVER - time ? time + nanos : NEVER;
    }

    /** Returns d in nanoseconds, or NEVER if that is too long for a number. */
    static long nanos(Duration d) {
        return d.getSeconds() < NEVER / 1_000_000_000 ? d.toNanos() : NEVER;
    }
}
