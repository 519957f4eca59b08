package io.github.disrust;

/** A connection has ended, or must be ended. It is no error of the program, and has no stack trace. */
final class Ended extends Exception {
    private static final long serialVersionUID = 1;

    /** Whether the server will certainly not answer what it has not answered. */
    final boolean inOrder;

    Ended(String reason, boolean inOrder) {
        super(reason, null, false, false);
        this.inOrder = inOrder;
    }

    static Ended violation(String what) {
        return new Ended("the server broke the protocol: " + what, false);
    }
}
