package io.github.disrust;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * {@code Streams SEED COUNT}: whatever a server sends and however it is split, a link comes to the same
 * end. Without a fault in the stream that is what the server meant. It prints how often each kind of end was
 * met.
 */
final class Streams {
    private static final Wire.Expected ANY = new Wire.Expected(0, 0, 0, 0, "");

    private final Random random;
    private final Map<String, Integer> met = new TreeMap<>();

    private Streams(long seed) {
        random = new Random(seed);
    }

    public static void main(String[] args) {
        long first = Long.parseLong(args[0]);
        Map<String, Integer> met = new TreeMap<>();
        for (long seed = first; seed < first + Long.parseLong(args[1]); seed++) {
            Streams s = new Streams(seed);
            try {
                s.check();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
            s.met.forEach((what, times) -> met.merge(what, times, Integer::sum));
        }
        met.forEach((what, times) -> System.out.println(what + " " + times));
    }

    /** What a server sends, and what it means. */
    private record Stream(byte[] bytes, int dim, int outputs, int[] rows, List<String> means) {}

    private void check() {
        Stream s = generate();
        byte[] bytes = s.bytes.clone();
        boolean damaged = random.nextBoolean();
        if (damaged) {
            damage(bytes);
        }
        List<String> whole = receive(s, bytes, Integer.MAX_VALUE);
        Check.same(whole, receive(s, bytes, 1 + random.nextInt(20)), "another split");
        if (!damaged) {
            Check.same(s.means, whole.subList(0, s.means.size()), "what the server meant");
        }
        met.merge(whole.get(whole.size() - 1).split(":")[0], 1, Integer::sum);
    }

    /** Makes a stream without a fault: it ends at a message, or in one. */
    private Stream generate() {
        int dim = 1 + random.nextInt(5);
        int outputs = 1 + random.nextInt(3);
        int[] rows = IntStream.range(0, random.nextInt(9)).map(k -> 1 + random.nextInt(random.nextBoolean() ? 2 : 9)).toArray();
        int answered = random.nextInt(rows.length + 1);
        Frames f = new Frames().welcome(0, dim, outputs, 9, "m".repeat(random.nextInt(9)), "");
        List<String> means = new ArrayList<>();
        for (int k = 0; k < answered; k++) {
            notices(f);
            means.add(answer(f, rows[k], outputs));
        }
        notices(f);
        for (int k = answered; k < rows.length; k++) {
            means.add("open");
        }
        return new Stream(f.bytes(), dim, outputs, rows, means);
    }

    private void notices(Frames f) {
        while (random.nextInt(4) == 0) {
            switch (random.nextInt(3)) {
                case 0 -> f.notice(Wire.GOING_AWAY, new byte[0]);
                case 1 -> f.notice(Wire.ANOTHER_MODEL, new byte[Wire.IDENTITY_BYTES]);
                default -> f.notice(3 + random.nextInt(9), new byte[4 * random.nextInt(random.nextInt(20) == 0 ? 16_384 : 9)]);
            }
        }
    }

    private String answer(Frames f, int rows, int outputs) {
        if (random.nextInt(4) == 0) {
            int code = 1 + random.nextInt(5);
            int detail = random.nextInt(12) - 1;
            f.words(Wire.FAILURE | code, detail);
            return "failed " + code + " " + (code <= 2 && detail < rows ? detail : -1);
        }
        StringBuilder scores = new StringBuilder("scores");
        f.words(rows);
        for (int k = 0; k < rows * outputs; k++) {
            int bits = random.nextInt(); // with NaN of every kind
            f.words(bits);
            scores.append(' ').append(Integer.toHexString(bits));
        }
        return scores.toString();
    }

    private void damage(byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int[] words = {0, 1, 2, 9, 10, 0x3253_4944, Wire.FAILURE, Wire.FAILURE | 1, Wire.NOTICE | 1, Wire.NOTICE | 7, -1};
        for (int k = random.nextInt(4); k >= 0; k--) {
            int from = random.nextInt(8) == 0 ? 0 : welcomeBytes(bytes);
            if (from == bytes.length) {
                return;
            }
            int at = from + 4 * random.nextInt((bytes.length - from) / 4);
            if (random.nextBoolean()) {
                b.putInt(at, words[random.nextInt(words.length)]);
            } else {
                b.put(at, (byte) random.nextInt());
            }
        }
    }

    /** Receives a stream in pieces of at most so many bytes, and returns what came of the calls and of the link. */
    private List<String> receive(Stream s, byte[] bytes, int most) {
        List<Call> done = new ArrayList<>();
        Link link = new Link(Address.parse("a:1"), ANY, done);
        Model model = new Model("", s.dim, s.outputs, 1, 9, "");
        List<Call> calls = IntStream.of(s.rows).mapToObj(
                rows -> new Call().rows(new float[rows * s.dim]).begin(model, Clock.NEVER)).toList();
        String end = "goes on";
        try {
            for (int at = 0; at < bytes.length; ) {
                int piece = Math.min(Math.min(bytes.length - at, link.in.remaining()), most);
                boolean greeted = link.model != null;
                if (!greeted) {
                    piece = Math.min(piece, welcomeBytes(bytes) - at);
                }
                link.in.put(bytes, at, piece);
                at += piece;
                link.received();
                if (!greeted && link.model != null) {
                    if (!link.model.fits(model)) {
                        end = "other model";
                        break;
                    }
                    calls.forEach(link::stage);
                    link.unsent().position(link.unsent().limit());
                    link.sent();
                }
            }
            end += ": " + link.between() + link.leaving + link.answers;
        } catch (Ended e) {
            end = "violation: " + e.getMessage() + done.size();
        } catch (DisrustException.NoWelcome | DisrustException.Refused e) {
            end = e.getClass().getSimpleName() + ": " + e.getMessage();
        }
        List<String> outcomes = new ArrayList<>(calls.stream().map(Streams::outcome).toList());
        outcomes.add(end);
        Check.same(done.size(), (int) calls.stream().filter(c -> c.over).count(), "calls that are done");
        return outcomes;
    }

    /** The program sends its requests after the welcome, which may say that it is larger than the stream. */
    private static int welcomeBytes(byte[] bytes) {
        return Math.min(bytes.length, 8 + ((bytes[6] & 0xff) | (bytes[7] & 0xff) << 8));
    }

    private static String outcome(Call call) {
        if (!call.over) {
            return "open";
        }
        if (call.error instanceof DisrustException.ModelFailed f) {
            return "failed " + f.code() + " " + f.row();
        }
        StringBuilder scores = new StringBuilder("scores");
        for (float score : call.scores()) {
            scores.append(' ').append(Integer.toHexString(Float.floatToRawIntBits(score)));
        }
        return scores.toString();
    }
}
