package io.github.disrust;

/**
 * What a server says of its model. The name comes from another machine: control characters in it are
 * written as {@code \x1b} is.
 *
 * @param name as clients may ask for it; empty if the model has none
 * @param dim features per row
 * @param outputs scores per row
 * @param kind what the scores mean: {@link #RAW}, {@link #PROB}, {@link #CLASS}, {@link #UNSTATED}, or
 *     a kind of a later version
 * @param maxVectors rows in the largest request; the client splits larger calls
 * @param identity SHA-256 of the model's file and options in hexadecimal; zeros: built in
 */
public record Model(String name, int dim, int outputs, int kind, int maxVectors, String identity) {
    /** The server does not say what the scores mean. */
    public static final int UNSTATED = 0;

    /** Margins, as the model adds them up. */
    public static final int RAW = 1;

    /** Probabilities, or what the model's usual call gives. */
    public static final int PROB = 2;

    /** The index of the most likely class. */
    public static final int CLASS = 3;

    private static final int LARGEST_SIZE = 65_535;
    private static final int LARGEST_MESSAGE = 16 << 20;

    @Override
    public String toString() {
        return "model \"" + name + "\" of dim " + dim + " with " + outputs + " scores of kind " + kind
                + " per row, at most " + maxVectors + " rows per request";
    }

    /** Whether a server may serve such a model. */
    boolean isValid() {
        return isSize(dim) && isSize(outputs) && isSize(maxVectors)
                && 4 + 4L * maxVectors * Math.max(dim, outputs) <= LARGEST_MESSAGE;
    }

    private static boolean isSize(int n) {
        return n >= 1 && n <= LARGEST_SIZE;
    }

    /** Whether rows and scores mean the same to both models. */
    boolean fits(Model other) {
        return dim == other.dim && outputs == other.outputs && kind == other.kind;
    }

    Model withIdentity(String changed) {
        return new Model(name, dim, outputs, kind, maxVectors, changed);
    }
}
