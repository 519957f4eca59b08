package io.github.disrust;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * The settings of a {@link Client}. Only the addresses have no default. A method that sets one returns the
 * Config and throws {@link IllegalArgumentException} if the value is not allowed. A Client copies what it
 * is given.
 */
public final class Config {
    private static final int LARGEST = 65_535;

    final List<Address> addrs;
    long timeoutNanos = Clock.NEVER;
    long dialNanos = Duration.ofSeconds(5).toNanos();
    long stallNanos = Duration.ofSeconds(10).toNanos();
    int retries;
    private int dim;
    private int outputs;
    private int kind;
    private int maxVectors;
    private String model = "";

    /**
     * Makes settings with their defaults.
     *
     * @param addrs the servers: {@code host:port}, {@code [IPv6]:port} or {@code unix:PATH}. All must serve
     *     the same model. The first is tried first, and the next one when a connection has ended or an
     *     attempt to connect has failed.
     */
    public Config(String... addrs) {
        if (addrs.length == 0) {
            throw new IllegalArgumentException("no address given");
        }
        this.addrs = Stream.of(addrs).map(Address::parse).toList();
    }

    Config(Config c) {
        addrs = c.addrs;
        timeoutNanos = c.timeoutNanos;
        dialNanos = c.dialNanos;
        stallNanos = c.stallNanos;
        retries = c.retries;
        dim = c.dim;
        outputs = c.outputs;
        kind = c.kind;
        maxVectors = c.maxVectors;
        model = c.model;
    }

    /**
     * Bounds each call that names no timeout of its own.
     *
     * @param timeout from the start of the call on; the default is no limit
     * @return this
     */
    public Config timeout(Duration timeout) {
        timeoutNanos = positive("timeout", timeout);
        return this;
    }

    /**
     * Bounds an attempt to connect, with the server's welcome. The time that it takes to look up the name of
     * the host comes on top: the system's resolver bounds it.
     *
     * @param timeout the default is 5 seconds
     * @return this
     */
    public Config dialTimeout(Duration timeout) {
        dialNanos = positive("dialTimeout", timeout);
        return this;
    }

    /**
     * Says how long a server may owe an answer in silence before the client closes the connection.
     *
     * @param timeout longer than the model's slowest batch; the default is 10 seconds
     * @return this
     */
    public Config stallTimeout(Duration timeout) {
        stallNanos = positive("stallTimeout", timeout);
        return this;
    }

    /**
     * Says how often rows may be sent again when a connection breaks that had brought them to a server.
     * Scoring changes nothing on a server, so the only cost is that a row may be scored twice. At most a
     * tenth of the calls are sent again. Rows that a server has certainly not answered, because it ended
     * the connection in order or before they were sent, are sent again without being counted here.
     *
     * @param retries the default is 0
     * @return this
     */
    public Config retries(int retries) {
        this.retries = range("retries", retries, Integer.MAX_VALUE);
        return this;
    }

    /**
     * States the features per row that the client expects: another server refuses it.
     *
     * @param dim 0, the default, takes what the first server serves, and requires it of the others
     * @return this
     */
    public Config dim(int dim) {
        this.dim = range("dim", dim, LARGEST);
        return this;
    }

    /**
     * States the scores per row that the client expects, as {@link #dim} does.
     *
     * @param outputs 0, the default: any
     * @return this
     */
    public Config outputs(int outputs) {
        this.outputs = range("outputs", outputs, LARGEST);
        return this;
    }

    /**
     * States the kind of scores that the client expects, as {@link #dim} does.
     *
     * @param kind as in {@link Model#kind}; 0, the default: any
     * @return this
     */
    public Config kind(int kind) {
        this.kind = range("kind", kind, Integer.MAX_VALUE);
        return this;
    }

    /**
     * States the most rows that the client sends in a request.
     *
     * @param maxVectors 0, the default: as many as the server allows
     * @return this
     */
    public Config maxVectors(int maxVectors) {
        this.maxVectors = range("maxVectors", maxVectors, LARGEST);
        return this;
    }

    /**
     * States the name of the model that the client expects.
     *
     * @param name as the server knows it; empty, the default: any
     * @return this
     */
    public Config model(String name) {
        if (name.getBytes(StandardCharsets.UTF_8).length > Wire.LONGEST_NAME) {
            throw new IllegalArgumentException("the model's name is longer than " + Wire.LONGEST_NAME + " bytes of UTF-8");
        }
        model = name;
        return this;
    }

    Wire.Expected expected() {
        return new Wire.Expected(dim, outputs, kind, maxVectors, model);
    }

    private static int range(String name, int value, int most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException(name + " is " + value + ": a number from 0 to " + most + " is allowed");
        }
        return value;
    }

    static long positive(String name, Duration d) {
        if (d.isZero() || d.isNegative()) {
            throw new IllegalArgumentException(name + " is " + d + ": a duration above 0 is allowed");
        }
        return Clock.nanos(d);
    }
}
