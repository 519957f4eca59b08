package io.github.disrust;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of a server.
 *
 * @param text as the program wrote it
 * @param host name or number; empty for a Unix socket
 * @param port of TCP
 * @param path of a Unix socket; empty for TCP
 */
record Address(String text, String host, int port, String path) {
    private static final Pattern TCP = Pattern.compile("(?:\\[([^\\[\\]]+)]|([^:\\[\\]]+)):([0-9]{1,5})");

    static Address parse(String text) {
        if (text.startsWith("unix:")) {
            if (text.length() == 5) {
                throw new IllegalArgumentException("the address unix: has no path");
            }
            return new Address(text, "", 0, text.substring(5));
        }
        Matcher m = TCP.matcher(text);
        if (!m.matches() || Integer.parseInt(m.group(3)) > 65_535) {
            throw new IllegalArgumentException(
                    "the address \"" + text + "\": host:port, [IPv6]:port or unix:PATH is allowed");
        }
        return new Address(text, m.group(1) != null ? m.group(1) : m.group(2), Integer.parseInt(m.group(3)), "");
    }

    /** Returns where the server can be reached. It looks host names up, and returns their places from a random one on. */
    List<SocketAddress> places() throws IOException {
        if (!path.isEmpty()) {
            return List.of(UnixDomainSocketAddress.of(path));
        }
        List<SocketAddress> places = new ArrayList<>();
        try {
            for (InetAddress ip : InetAddress.getAllByName(host)) {
                places.add(new InetSocketAddress(ip, port));
            }
        } catch (UnknownHostException e) {
            throw new IOException("no such host", e);
        }
        Collections.rotate(places, ThreadLocalRandom.current().nextInt(places.size()));
        return places;
    }
}
