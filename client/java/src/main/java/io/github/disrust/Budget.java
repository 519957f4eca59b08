package io.github.disrust;

/**
 * Bounds retries to a tenth of the answered calls, and ten at once. So when servers fail, clients do not
 * add a load that keeps them down.
 */
final class Budget {
    private static final double MOST = 10;
    private static final double PER_CALL = 0.1;

    private double tokens = MOST;

    void earn() {
        tokens = Math.min(tokens + PER_CALL, MOST);
    }

    boolean spend() {
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }
}
