package io.github.disrust;

import java.util.concurrent.ThreadLocalRandom;

/** One address: why it failed, and when to try again. The lock of the client guards it. */
final class Server {
    private static final long FIRST_PAUSE = 10_000_000;
    private static final long LONGEST_PAUSE = 1_000_000_000;
    private static final int MOST_UNUSED = 4; // connections without an answer after which an address counts as failed

    final Address addr;
    long due; // when the next attempt may begin
    Exception error; // of the last attempt, if it failed after the last connection was lost
    private long pause; // in nanoseconds, before jitter
    private int unused; // connections in a row that have ended without an answer

    Server(Address addr) {
        this.addr = addr;
    }

    void came() {
        error = null;
    }

    void failed(Exception why) {
        error = why;
        delay();
    }

    /** Takes note that a connection has ended. One that brought no answer counts as a failed attempt. */
    void lost(int answers) {
        if (answers > 0) {
            due = 0;
            pause = 0;
            unused = 0;
            return;
        }
        delay();
        if (++unused > MOST_UNUSED) {
            error = new DisrustException.ConnectionLost(addr.text(), "the server ends all connections without an answer");
        }
    }

    /** Waits longer before the next attempt, up to a second, less a random part of up to half. */
    private void delay() {
        pause = Math.min(Math.max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE);
        due = Clock.in(ThreadLocalRandom.current().nextLong(pause / 2, pause + 1));
    }
}
