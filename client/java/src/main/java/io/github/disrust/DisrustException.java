package io.github.disrust;

import java.util.List;

/**
 * Why a call of a {@link Client} has no scores. Each reason is a nested class. A method that waits throws
 * it; a future has it as its cause.
 */
public abstract class DisrustException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private DisrustException(String message) {
        super(message);
    }

    /** The call was started after {@link Client#close}. */
    public static final class Closed extends DisrustException {
        private static final long serialVersionUID = 1;

        Closed() {
            super("the client is closed");
        }
    }

    /** The timeout of the call passed, or its thread was interrupted, before all its scores came. */
    public static final class GaveUp extends DisrustException {
        private static final long serialVersionUID = 1;

        /** Whether a server may have seen rows of the call. */
        private final boolean written;

        GaveUp(boolean written) {
            super("gave up " + (written ? "while waiting for the answer" : "before a request was written"));
            this.written = written;
        }

        /**
         * Says whether a request of the call was written, at least in part.
         *
         * @return false if no server has seen the call
         */
        public boolean written() {
            return written;
        }
    }

    /** A request was written, then its connection ended without the answer, and no retry was left. */
    public static final class ConnectionLost extends DisrustException {
        private static final long serialVersionUID = 1;

        ConnectionLost(String addr, String reason) {
            super("connection to " + addr + " lost while waiting for the answer: " + reason);
        }
    }

    /**
     * The server failed a request of the call, mostly because the model returned an error or panicked. The
     * same rows would probably fail again, so the client does not send them again.
     */
    public static final class ModelFailed extends DisrustException {
        private static final long serialVersionUID = 1;

        /** As the protocol numbers it. */
        private final int code;

        /** The first row that fails. */
        private final int row;

        ModelFailed(String addr, int code, int row) {
            super(describe(addr, code, row < 0 ? "" : " for row " + row));
            this.code = code;
            this.row = row;
        }

        private static String describe(String addr, int code, String row) {
            return switch (code) {
                case Wire.MODEL_ERROR -> "the model of " + addr + " returned an error" + row + "; the server's log has it";
                case Wire.MODEL_PANIC -> "the model of " + addr + " panicked" + row + "; the server's log says more";
                case Wire.COUNT_DENIED -> addr + " does not allow the number of rows of a request";
                default -> addr + " failed a request with code " + code;
            };
        }

        /**
         * Returns what the server says of the failure.
         *
         * @return 1: the model returned an error, 2: it panicked, 3: the number of rows is not allowed; a
         *     later version may have others
         */
        public int code() {
            return code;
        }

        /**
         * Returns the row at fault.
         *
         * @return the first row of the call, from 0, that fails even alone; -1 if the server does not know it
         */
        public int row() {
            return row;
        }
    }

    /**
     * No connection stands, and the last attempt at every address has failed. The client tries again, so a
     * later call may succeed.
     */
    public static final class Unavailable extends DisrustException {
        private static final long serialVersionUID = 1;

        private final transient List<Exception> reasons;

        Unavailable(List<Exception> reasons) {
            super("no server can be reached: " + String.join("; ", reasons.stream().map(Exception::getMessage).toList()));
            this.reasons = reasons;
            reasons.forEach(this::addSuppressed);
        }

        /**
         * Returns why each address failed.
         *
         * @return for each address of the client a {@link Refused}, {@link NoWelcome}, {@link ConnectionLost}
         *     or {@link java.io.IOException}; null if the exception was serialized
         */
        public List<Exception> reasons() {
            return reasons;
        }
    }

    /** The server does not serve what the client expects, or not what the first server serves. */
    public static final class Refused extends DisrustException {
        private static final long serialVersionUID = 1;

        /** As the protocol numbers it. */
        private final int status;

        /** The server's own words. */
        private final String sentence;

        private final transient Model model;

        Refused(String addr, int status, String sentence, Model model) {
            super(addr + " refuses the client: " + (sentence.isEmpty() ? "status " + status : sentence) + "; it serves " + model);
            this.status = status;
            this.sentence = sentence;
            this.model = model;
        }

        /**
         * Returns the status of the server's welcome.
         *
         * @return as the protocol numbers it; 0 if the client itself found that the model is another one
         */
        public int status() {
            return status;
        }

        /**
         * Returns what the server says.
         *
         * @return a sentence for a person, without control characters; it may be empty
         */
        public String sentence() {
            return sentence;
        }

        /**
         * Returns what the server serves.
         *
         * @return its model; null if the exception was serialized
         */
        public Model model() {
            return model;
        }
    }

    /** The server ended the connection before its welcome, sent none in time, or is other software. */
    public static final class NoWelcome extends DisrustException {
        private static final long serialVersionUID = 1;

        NoWelcome(String addr, String reason) {
            super(addr + ": " + reason);
        }
    }

    /**
     * The rows or the room for scores do not have the sizes that the model needs, or the room is a read-only
     * buffer. Nothing was sent.
     */
    public static final class WrongShape extends DisrustException {
        private static final long serialVersionUID = 1;

        WrongShape(String message) {
            super(message);
        }
    }
}
