package io.github.disrust;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * {@code Golden}: feeds frames of a server to a link, and prints what it finds in them. A line of standard
 * input is {@code FIRST DIM OUTPUTS MAX_VECTORS VECTORS HEX}: with FIRST 1 the bytes begin the stream; with 0
 * they follow a welcome and two requests of VECTORS vectors. Each line is fed in one piece, and then byte by
 * byte.
 */
final class Golden {
    private final List<Call> done = new ArrayList<>();
    private final Link link = new Link(Address.parse("a:1"), new Wire.Expected(0, 0, 0, 0, ""), done);
    private final StringBuilder found = new StringBuilder();

    public static void main(String[] args) throws IOException, Ended {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(new Golden().show(line.split(" "), Integer.MAX_VALUE));
            System.out.println(new Golden().show(line.split(" "), 1));
        }
    }

    private String show(String[] words, int most) throws Ended {
        boolean first = words[0].equals("1");
        if (!first) {
            welcome(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Integer.parseInt(words[3]), Integer.parseInt(words[4]));
        }
        byte[] bytes = words[5].equals("-") ? new byte[0] : HexFormat.of().parseHex(words[5]);
        try {
            feed(bytes, most);
            print(first);
            found.append(link.between() || bytes.length == 0 && !first ? "" : " incomplete");
        } catch (Ended | DisrustException.NoWelcome e) {
            print(first);
            found.append(" violation");
        } catch (DisrustException.Refused e) {
            found.append(" welcome ").append(e.status()).append(" [").append(hex(e.sentence())).append(']');
        }
        return found.toString().strip();
    }

    private void feed(byte[] bytes, int most) throws Ended {
        for (int at = 0; at < bytes.length; ) {
            int piece = Math.min(Math.min(bytes.length - at, link.in.remaining()), most);
            link.in.put(bytes, at, piece);
            at += piece;
            link.received();
        }
    }

    private void welcome(int dim, int outputs, int maxVectors, int vectors) throws Ended {
        feed(new Frames().welcome(0, dim, outputs, maxVectors, "", "").bytes(), Integer.MAX_VALUE);
        for (int k = 0; k < 2; k++) {
            link.stage(new Call().rows(new float[vectors * dim]).begin(link.model, Clock.NEVER));
        }
        link.unsent().position(link.unsent().limit());
        link.sent();
    }

    private void print(boolean first) {
        for (Call call : done) {
            if (call.error instanceof DisrustException.ModelFailed f) {
                found.append(" failure ").append(f.code()).append(' ').append(f.row());
                continue;
            }
            found.append(" answer");
            for (float score : call.scores()) {
                found.append(' ').append(Integer.toUnsignedString(Float.floatToRawIntBits(score)));
            }
        }
        Model m = link.model;
        if (first && m != null) {
            found.append(" welcome 0 ").append(m.dim()).append(' ').append(m.outputs()).append(' ').append(m.kind());
            found.append(' ').append(m.maxVectors()).append(' ').append(m.identity()).append(" [").append(hex(m.name())).append(']');
        }
        if (!first && !m.identity().equals("0".repeat(64))) {
            found.append(" another");
        }
        found.append(link.leaving ? " leaving" : "");
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }
}
