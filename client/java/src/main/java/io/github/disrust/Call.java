package io.github.disrust;

import java.nio.FloatBuffer;

/**
 * One call: its rows, its scores, and how far it has come. The lock of the client guards it.
 *
 * <p>Invariant: once over is true, the client touches neither the rows nor the scores.
 */
final class Call {
    // Where the rows are: one of the three.
    private float[] rows;
    private float[][] matrix;
    private FloatBuffer rowBuffer;

    // Where the scores go: one of the two.
    private float[] scores;
    private FloatBuffer scoreBuffer;

    private int dim;
    private int outputs;
    int count; // rows
    long deadline;
    Promise<?> promise; // of a call that no thread waits for
    Thread waiter; // the thread that waits for the call and is parked
    Call next; // in the list of those that wait, or of those that are not in use
    Call previous;

    int staged; // rows that were copied to a connection
    int answered; // rows whose scores have come. They are the first ones of the call
    private int filled; // scores that have come
    boolean written; // a connection that is gone had taken bytes of the call
    int moves; // how often the call was sent again after connections that had ended in order
    int movedAt; // what answered was then
    int retries; // and how often after other ends
    boolean over;
    DisrustException error; // once the call is over; null: the scores have come

    Call rows(float[] rows) {
        this.rows = rows;
        return this;
    }

    Call rows(float[][] matrix) {
        this.matrix = matrix;
        return this;
    }

    Call rows(FloatBuffer rows) {
        rowBuffer = rows;
        return this;
    }

    Call scores(float[] scores) {
        this.scores = scores;
        return this;
    }

    Call scores(FloatBuffer scores) {
        scoreBuffer = scores;
        return this;
    }

    /** Checks the sizes for a model, and makes the call ready. */
    Call begin(Model model, long deadline) {
        dim = model.dim();
        outputs = model.outputs();
        this.deadline = deadline;
        count = matrix != null ? matrix.length : rowFloats() / dim;
        if (matrix != null) {
            for (float[] row : matrix) {
                if (row.length != dim) {
                    throw new DisrustException.WrongShape("a row has " + row.length + " floats; the model takes " + dim);
                }
            }
        } else if (rowFloats() % dim != 0) {
            throw new DisrustException.WrongShape(
                    "the rows have " + rowFloats() + " floats, which is no multiple of the model's dim " + dim);
        }
        if (scores == null && scoreBuffer == null) {
            scores = new float[Math.multiplyExact(count, outputs)];
        }
        if (scores == null && scoreBuffer.isReadOnly()) {
            throw new DisrustException.WrongShape("the buffer for the scores is read-only");
        }
        int room = scores != null ? scores.length : scoreBuffer.remaining();
        if (room != (long) count * outputs) {
            throw new DisrustException.WrongShape(
                    "there is room for " + room + " scores; " + count + " rows have " + (long) count * outputs);
        }
        return this;
    }

    private int rowFloats() {
        return rows != null ? rows.length : rowBuffer.remaining();
    }

    float[] scores() {
        return scores;
    }

    /** Copies vectors rows to index at of a buffer, from the first that is not staged. */
    void copyRows(int vectors, FloatBuffer to, int at) {
        if (rows != null) {
            to.put(at, rows, staged * dim, vectors * dim);
        } else if (rowBuffer != null) {
            to.put(at, rowBuffer, rowBuffer.position() + staged * dim, vectors * dim);
        } else {
            for (int k = 0; k < vectors; k++) {
                to.put(at + k * dim, matrix[staged + k], 0, dim);
            }
        }
    }

    /** Takes the next scores of the call from index at of a buffer. */
    void takeScores(FloatBuffer from, int at, int floats) {
        if (scores != null) {
            from.get(at, scores, filled, floats);
        } else {
            scoreBuffer.put(scoreBuffer.position() + filled, from, at, floats);
        }
        filled += floats;
    }

    /** Forgets what was sent and is not answered. */
    void rewind() {
        staged = answered;
        filled = answered * outputs;
    }

    /** Ends the call, and lets go of the program's memory. */
    void end(DisrustException why) {
        over = true;
        error = why;
        rows = null;
        matrix = null;
        rowBuffer = null;
        if (why != null) {
            scores = null;
        }
        scoreBuffer = null;
    }

    /** Makes a call that is over, and that no connection knows any more, as good as new. */
    void reset() {
        scores = null;
        staged = answered = filled = moves = movedAt = retries = 0;
        written = over = false;
        error = null;
    }
}
