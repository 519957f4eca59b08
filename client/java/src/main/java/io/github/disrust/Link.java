package io.github.disrust;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.List;

/**
 * One connection without its socket: what it sends, and what it makes of what it receives.
 *
 * <p>Ownership: only the thread that receives uses {@link #in}; the lock of the client guards the rest.
 *
 * <p>All messages are multiples of four bytes, and both buffers begin at such a multiple of the stream. So
 * every word and every float lies at a multiple of four in them.
 */
final class Link {
    private static final int IN_BYTES = 128 << 10; // more than the largest welcome
    private static final int OUT_BYTES = 256 << 10;

    final Address addr;
    private final Wire.Expected expected;
    private final List<Call> done; // gets the calls that have ended

    /** What was received and not understood, from 0 to the position. */
    final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private final FloatBuffer inFloats = in.asFloatBuffer();
    private int read; // bytes of in that are understood

    /** What waits to be sent, from the position to the limit. */
    private ByteBuffer out;

    private FloatBuffer outFloats;
    private long staged; // bytes of the stream up to the limit of out
    private long sent; // bytes of the stream that the kernel has taken

    Model model; // null before the welcome
    private int maxVectors; // rows in the largest request
    private final Runs runs = new Runs(); // that are staged and not wholly answered
    private int scoresDue; // of the answer that is being received
    private int noticeDue; // bytes of the notice that is being skipped
    boolean leaving; // the server is going away
    int answers; // that have come

    Link(Address addr, Wire.Expected expected, List<Call> done) {
        this.addr = addr;
        this.expected = expected;
        this.done = done;
        out = newOut(OUT_BYTES);
        ByteBuffer hello = expected.hello();
        staged = hello.limit();
        out.limit(hello.limit()).put(hello).rewind();
    }

    private ByteBuffer newOut(int bytes) {
        ByteBuffer b = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        outFloats = b.asFloatBuffer();
        return b.limit(0);
    }

    // Sending

    /** Copies requests of a call behind what waits to be sent, as many as there is room for. Returns whether that is all of it. */
    boolean stage(Call call) {
        while (call.staged < call.count) {
            int vectors = Math.min(call.count - call.staged, maxVectors);
            int bytes = 4 + 4 * vectors * model.dim();
            if (!makeRoom(bytes)) {
                return false;
            }
            int at = out.limit();
            out.limit(at + bytes).putInt(at, vectors);
            call.copyRows(vectors, outFloats, at / 4 + 1);
            call.staged += vectors;
            staged += bytes;
            Run run = runs.isEmpty() ? null : runs.newest();
            if (run == null || run.call != call || run.vectors != vectors) {
                run = runs.add();
                run.call = call;
                run.vectors = vectors;
                run.requestBytes = bytes;
                run.count = 0;
            }
            run.count++;
            run.end = staged;
        }
        return true;
    }

    private boolean makeRoom(int bytes) {
        if (out.capacity() - out.limit() >= bytes) {
            return true;
        }
        if (out.hasRemaining()) {
            return false;
        }
        if (out.capacity() < bytes) {
            out = newOut(bytes);
        }
        out.position(0).limit(0);
        return true;
    }

    /** Returns what waits to be sent. Its position moves when bytes are taken; sent must be called then. */
    ByteBuffer unsent() {
        return out;
    }

    void sent() {
        sent = staged - out.remaining();
        if (!out.hasRemaining()) {
            out.position(0).limit(0);
        }
    }

    /** Returns the requests of which nothing was sent to their calls, and these to the front of those that wait. */
    void unstage(ArrayDeque<Call> waiting) {
        while (!runs.isEmpty()) {
            Run run = runs.newest();
            while (run.count > 0 && run.end - run.requestBytes >= sent) {
                run.count--;
                run.end -= run.requestBytes;
                run.call.staged -= run.vectors;
                staged -= run.requestBytes;
                out.limit(out.limit() - run.requestBytes);
            }
            if (!run.call.over && run.call.staged < run.call.count && waiting.peekFirst() != run.call) {
                waiting.addFirst(run.call);
            }
            if (run.count > 0) {
                return;
            }
            runs.removeNewest();
        }
    }

    /** Whether the server owes answers. */
    boolean owed() {
        return !runs.isEmpty();
    }

    Runs runs() {
        return runs;
    }

    /** Whether the kernel has taken bytes of a request of the call that is not answered. */
    boolean hasSent(Call call) {
        for (int k = 0; k < runs.size() && runs.at(k).begin() < sent; k++) {
            if (runs.at(k).call == call) {
                return true;
            }
        }
        return false;
    }

    // Receiving

    /** Understands what was received into in. */
    void received() throws Ended, DisrustException.NoWelcome, DisrustException.Refused {
        while (understand()) {}
        in.limit(in.position()).position(read).compact();
        read = 0;
    }

    /** Whether the last byte that was received ended a message. */
    boolean between() {
        return in.position() == 0 && scoresDue == 0 && noticeDue == 0 && model != null;
    }

    private int have() {
        return in.position() - read;
    }

    /** Takes a message, or a part of one. Returns false if more must be received first. */
    private boolean understand() throws Ended {
        if (scoresDue > 0) {
            return takeScores();
        }
        if (noticeDue > 0) {
            int skipped = Math.min(noticeDue, have() & ~3);
            read += skipped;
            noticeDue -= skipped;
            return skipped > 0;
        }
        if (model == null) {
            return takeWelcome();
        }
        if (have() < 4) {
            return false;
        }
        int word = in.getInt(read);
        if (word >= 0) {
            beginAnswer(word);
            return true;
        }
        if (have() < 8) {
            return false;
        }
        int detail = in.getInt(read + 4);
        if (Integer.compareUnsigned(word, Wire.NOTICE) >= 0) {
            return takeNotice(word & Wire.LOW_BITS, detail);
        }
        takeFailure(word & Wire.LOW_BITS, detail);
        return true;
    }

    private boolean takeWelcome() throws Ended {
        if (have() < Wire.PREAMBLE_BYTES) {
            return false;
        }
        int bytes = Wire.bodyBytes(in, read);
        if (bytes < 0) {
            throw new DisrustException.NoWelcome(addr.text(), "sent something that is no welcome: is it another server?");
        }
        if (have() < Wire.PREAMBLE_BYTES + bytes) {
            return false;
        }
        read += Wire.PREAMBLE_BYTES;
        Wire.Welcome w = Wire.welcome(in.duplicate().order(ByteOrder.LITTLE_ENDIAN).position(read).limit(read + bytes));
        read += bytes;
        if (w == null) {
            throw new DisrustException.NoWelcome(addr.text(), "sent a malformed welcome");
        }
        if (w.status() != 0) {
            throw new DisrustException.Refused(addr.text(), w.status(), w.sentence(), w.model());
        }
        if (!w.model().isValid() || !expected.agrees(w.model())) {
            throw new DisrustException.NoWelcome(
                    addr.text(), "sent a welcome that contradicts itself or the client's hello: " + w.model());
        }
        model = w.model();
        maxVectors = expected.maxVectors() > 0 ? expected.maxVectors() : model.maxVectors();
        return true;
    }

    /** Returns the run that the server must answer next, or null. */
    private Run due() {
        return runs.isEmpty() || runs.oldest().begin() >= sent ? null : runs.oldest();
    }

    private void beginAnswer(int vectors) throws Ended {
        Run run = due();
        if (run == null || run.vectors != vectors) {
            throw Ended.violation("it sent " + vectors + " in answer to "
                    + (run == null ? "no request" : "a request of " + run.vectors + " rows"));
        }
        read += 4;
        scoresDue = vectors * model.outputs();
    }

    private boolean takeScores() {
        int floats = Math.min(scoresDue, have() / 4);
        if (floats == 0) {
            return false;
        }
        Call call = runs.oldest().call;
        if (!call.over) {
            call.takeScores(inFloats, read / 4, floats);
        }
        read += 4 * floats;
        scoresDue -= floats;
        if (scoresDue == 0) {
            answered();
        }
        return true;
    }

    /** Takes note that the oldest request was answered, or has failed. */
    private void answered() {
        Run run = runs.oldest();
        Call call = run.call;
        answers++;
        if (--run.count == 0) {
            runs.removeOldest();
        }
        if (call.over) {
            return;
        }
        call.answered += run.vectors;
        if (call.answered == call.count) {
            call.end(null);
            done.add(call);
        }
    }

    private void takeFailure(int code, int detail) throws Ended {
        Run run = due();
        if (run == null) {
            throw Ended.violation("it failed a request that it did not get");
        }
        read += 8;
        Call call = run.call;
        if (!call.over) {
            boolean known = (code == Wire.MODEL_ERROR || code == Wire.MODEL_PANIC) && detail >= 0 && detail < run.vectors;
            call.end(new DisrustException.ModelFailed(addr.text(), code, known ? call.answered + detail : -1));
            done.add(call);
        }
        answered();
    }

    private boolean takeNotice(int type, int bytes) throws Ended {
        int known = type == Wire.GOING_AWAY ? 0 : type == Wire.ANOTHER_MODEL ? Wire.IDENTITY_BYTES : bytes;
        if (bytes < 0 || bytes > Wire.LARGEST_NOTICE || bytes % 4 != 0 || bytes != known) {
            throw Ended.violation("it sent a notice of type " + type + " with " + Integer.toUnsignedString(bytes) + " bytes");
        }
        if (type == Wire.ANOTHER_MODEL) {
            if (have() < 8 + bytes) {
                return false;
            }
            model = model.withIdentity(Wire.identity(in.duplicate().position(read + 8)));
            read += 8 + bytes;
            return true;
        }
        leaving |= type == Wire.GOING_AWAY;
        read += 8;
        noticeDue = bytes;
        return true;
    }
}
