package io.github.disrust;

/** The runs of a connection, oldest first, in a ring that uses its elements again. */
final class Runs {
    private Run[] ring = fresh(new Run[16], 0);
    private int first;
    private int size;

    private static Run[] fresh(Run[] ring, int from) {
        for (int k = from; k < ring.length; k++) {
            ring[k] = new Run();
        }
        return ring;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Returns the run with this number, counted from the oldest. */
    Run at(int k) {
        return ring[first + k & ring.length - 1];
    }

    Run oldest() {
        return at(0);
    }

    Run newest() {
        return at(size - 1);
    }

    /** Adds a run and returns it. The caller fills it in. */
    Run add() {
        if (size == ring.length) {
            Run[] larger = new Run[2 * size];
            for (int k = 0; k < size; k++) {
                larger[k] = at(k);
            }
            ring = fresh(larger, size);
            first = 0;
        }
        size++;
        return newest();
    }

    void removeOldest() {
        oldest().call = null;
        first = first + 1 & ring.length - 1;
        size--;
    }

    void removeNewest() {
        newest().call = null;
        size--;
    }
}
