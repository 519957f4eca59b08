package io.github.disrust;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.StringTokenizer;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * {@code Subject async|pipeline|arrays|buffers}: makes the calls of its standard input, and prints what came of each.
 *
 * <p>async starts all calls of a round and waits for their futures, and pipeline takes their scores;
 * the other two are calls that wait. The input is the words of client/languages/subject. Those of each client stand
 * between the lines {@code client ADDR...} and {@code end}, for which the program prints an empty line.
 */
final class Subject {
    private final String mode;
    private final Config config;
    private final BufferedReader in;
    private int outputs = 1;
    private Client client;
    private Pipeline pipeline;
    private DisrustException failed; // why there is no client

    private Subject(String mode, Config config, BufferedReader in) {
        this.mode = mode;
        this.config = config;
        this.in = in;
    }

    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII), 1 << 20);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] addrs = line.split(" ");
            Config config = new Config(List.of(addrs).subList(1, addrs.length).toArray(new String[0]));
            new Subject(args[0], config, in).play();
            System.out.println();
        }
    }

    private void play() throws IOException {
        for (StringTokenizer words = words(); ; words = words()) {
            switch (words.nextToken()) {
                case "hello" -> config.dim(number(words)).outputs(number(words)).kind(number(words))
                        .maxVectors(number(words)).model(hex(words.nextToken()));
                case "connect" -> config.dialTimeout(Duration.ofMillis(number(words)));
                case "outputs" -> outputs = number(words);
                case "round" -> playRound(number(words));
                case "end" -> {
                    if (client != null) {
                        client.close();
                    }
                    return;
                }
                default -> throw new IOException("unknown word");
            }
        }
    }

    private StringTokenizer words() throws IOException {
        return new StringTokenizer(in.readLine());
    }

    private static int number(StringTokenizer words) {
        return Integer.parseInt(words.nextToken());
    }

    private static String hex(String digits) {
        return digits.equals("-") ? "" : new String(HexFormat.of().parseHex(digits), StandardCharsets.UTF_8);
    }

    /** A call as the input has it. */
    private record Asked(Duration timeout, int rows, float[] features) {}

    private Asked call() throws IOException {
        StringTokenizer words = words();
        int millis = number(words);
        int rows = number(words);
        float[] features = new float[rows * number(words)];
        for (int k = 0; k < features.length; k++) {
            features[k] = Float.intBitsToFloat(Integer.parseUnsignedInt(words.nextToken(), 16));
        }
        return new Asked(millis == 0 ? null : Duration.ofMillis(millis), rows, features);
    }

    private void playRound(int count) throws IOException {
        if (client == null && failed == null) {
            try {
                client = new Client(config);
                pipeline = client.pipeline();
            } catch (DisrustException e) {
                failed = e;
            }
        }
        List<Supplier<float[]>> started = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            Asked call = call();
            try {
                if (failed != null) {
                    throw failed;
                }
                started.add(start(call));
            } catch (DisrustException e) {
                started.add(() -> {
                    throw e;
                });
            }
        }
        StringBuilder lines = new StringBuilder();
        for (Supplier<float[]> each : started) {
            try {
                float[] scores = each.get();
                lines.append("scores ").append(client.model().identity());
                for (float score : scores) {
                    lines.append(String.format(" %08x", Float.floatToRawIntBits(score)));
                }
            } catch (CompletionException e) {
                lines.append(outcome((DisrustException) e.getCause()));
            } catch (DisrustException e) {
                lines.append(outcome(e));
            }
            lines.append('\n');
        }
        System.out.print(lines);
        System.out.flush();
    }

    /** Starts a call. What is returned waits for its scores. */
    private Supplier<float[]> start(Asked call) {
        switch (mode) {
            case "async":
                return client.scoreAsync(call.features, call.timeout)::join;
            case "pipeline":
                pipeline.start(call.features, null, call.timeout);
                return pipeline::take;
            case "arrays":
                float[] result = scoreArrays(call);
                return () -> result;
            case "buffers":
                FloatBuffer rows = ByteBuffer.allocateDirect(4 * call.features.length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer();
                rows.put(call.features).flip();
                FloatBuffer scores = FloatBuffer.allocate(call.rows * outputs + 3).position(3);
                client.score(rows, scores, call.timeout);
                return () -> copy(scores);
            default:
                throw new IllegalArgumentException(mode);
        }
    }

    private float[] scoreArrays(Asked call) {
        if (call.timeout != null || call.rows == 1) {
            return client.score(call.features, call.timeout);
        }
        float[][] matrix = new float[call.rows][call.features.length / call.rows];
        for (int k = 0; k < call.features.length; k++) {
            matrix[k / matrix[0].length][k % matrix[0].length] = call.features[k];
        }
        return client.score(matrix);
    }

    private static float[] copy(FloatBuffer b) {
        float[] floats = new float[b.remaining()];
        b.get(floats);
        return floats;
    }

    private static String outcome(DisrustException e) {
        System.err.println(e.getMessage());
        Exception why = e instanceof DisrustException.Unavailable u ? u.reasons().get(0) : e;
        if (why instanceof DisrustException.ModelFailed f) {
            return "failed " + Integer.toUnsignedString(f.code()) + " " + f.row();
        } else if (why instanceof DisrustException.Refused r) {
            return "refused " + r.status() + " " + HexFormat.of().formatHex(r.sentence().getBytes(StandardCharsets.UTF_8));
        } else if (why instanceof DisrustException.NoWelcome) {
            return "no_welcome";
        } else if (why instanceof DisrustException.ConnectionLost) {
            return "lost";
        } else if (why instanceof DisrustException.GaveUp) {
            return "timeout";
        } else if (why instanceof DisrustException.WrongShape) {
            return "not_sent";
        }
        return why.toString();
    }
}
