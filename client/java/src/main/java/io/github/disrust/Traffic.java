package io.github.disrust;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The calls of a client and its connection: what is sent where, and again after the connection has ended.
 * Nothing here waits. The lock of the client guards it all.
 */
final class Traffic {
    private final Config config;
    private final List<Server> servers;
    private final Consumer<Server> dialer; // begins an attempt to connect; attempted takes its result
    private final Budget budget = new Budget();
    private int turn; // the server to try next, or that of the connection
    private boolean connecting;

    /** Calls with rows that wait to be staged, oldest first. Some may be over. */
    final ArrayDeque<Call> pending = new ArrayDeque<>();

    /** Calls that have ended. The engine takes them from here. */
    final ArrayList<Call> done = new ArrayList<>();

    Transport transport; // null: there is no connection
    long retryAt = Clock.NEVER; // when connect is to be called again
    boolean retryMoved; // retryAt is new, and no thread waits for it yet
    volatile Model model; // of the server, as of the last answer; null before the first welcome

    Traffic(Config config, Consumer<Server> dialer) {
        this.config = config;
        this.dialer = dialer;
        servers = config.addrs.stream().map(Server::new).toList();
    }

    // Calls

    void start(Call call) {
        pending.addLast(call);
        if (transport != null) {
            stage();
        } else {
            connect();
        }
    }

    /** Ends a call before its scores have come. Nothing of it is sent from now on, but the rest of a request that was begun. */
    void abandon(Call call) {
        if (transport != null) {
            transport.link.unstage(pending);
        }
        boolean written = call.written || call.answered > 0 || transport != null && transport.link.hasSent(call);
        call.end(new DisrustException.GaveUp(written));
        stage();
    }

    private void finish(Call call, DisrustException error) {
        call.end(error);
        done.add(call);
    }

    /** Stages what there is room for. */
    private void stage() {
        Transport t = transport;
        if (t == null) {
            return;
        }
        boolean owed = t.link.owed();
        while (!pending.isEmpty() && !t.link.leaving && t.broken == null) {
            Call call = pending.peekFirst();
            if (!call.over && call.count == 0) {
                finish(call, null);
            } else if (!call.over && !t.link.stage(call)) {
                break;
            }
            pending.removeFirst();
        }
        if (!owed && t.link.owed()) {
            t.heard = Clock.now();
        }
    }

    /** Sends what is staged, as far as the kernel takes it. mayHaveRoom says to try that of a socket that was full. */
    void flush(boolean mayHaveRoom) {
        Transport t = transport;
        if (t == null) {
            return;
        }
        while (t.link.unsent().hasRemaining() && t.broken == null && (mayHaveRoom || !t.full)) {
            boolean wasFull = t.full;
            if (t.send() && wasFull) {
                t.heard = Clock.now();
            }
            if (t.full) {
                return;
            }
            stage();
        }
        if (t.link.leaving) {
            t.halfClose();
            if (!t.link.owed()) {
                lost(new Ended("the server is going away", true));
            }
        }
    }

    /** Takes in what a thread has received over t: so many bytes, -1 at the end, or an error. */
    void received(Transport t, int bytes, IOException failed) {
        if (t != transport) {
            return;
        }
        try {
            if (failed != null) {
                throw new Ended(failed.getMessage(), false);
            }
            if (bytes < 0) {
                boolean inOrder = t.link.between() && t.broken == null;
                throw new Ended(t.broken != null ? t.broken : "the server closed the connection", inOrder);
            }
            long now = Clock.now();
            if (bytes > 0) {
                t.heard = now;
                t.link.received();
                model = t.link.model;
            } else if (t.link.owed() && now - t.heard >= config.stallNanos) {
                throw new Ended("the server has been silent for too long", false);
            }
            if (t.link.leaving) {
                t.link.unstage(pending);
            }
            flush(true);
        } catch (Ended e) {
            lost(e);
        } catch (RuntimeException e) { // of a buffer whose memory the program has freed, or of a fault here
            if (t == transport) {
                lost(new Ended(e.toString(), false)); // what was received is understood only in part
            }
        }
    }

    // The connection

    /** Begins to connect, or ends the calls that wait if no address can be reached. */
    void connect() {
        if (connecting || transport != null) {
            return;
        }
        long now = Clock.now();
        long soonest = Clock.NEVER;
        for (int k = 0; k < servers.size(); k++) {
            Server server = servers.get((turn + k) % servers.size());
            if (server.due <= now) {
                turn = servers.indexOf(server);
                connecting = true;
                retryAt = Clock.NEVER;
                dialer.accept(server);
                return;
            }
            soonest = Math.min(soonest, server.due);
        }
        if (!failUnreachable()) {
            retryAt = soonest;
            retryMoved = true;
        }
    }

    /** Ends the calls that wait if the last attempt at every address has failed. */
    private boolean failUnreachable() {
        List<Exception> reasons = new ArrayList<>();
        for (Server server : servers) {
            if (server.error == null) {
                return false;
            }
            reasons.add(server.error);
        }
        for (Call call : pending) {
            if (!call.over) {
                finish(call, new DisrustException.Unavailable(List.copyOf(reasons)));
            }
        }
        pending.clear();
        retryAt = Clock.NEVER;
        return true;
    }

    /** Takes the result of an attempt to connect: a connection or an error. */
    void attempted(Server server, Transport t, Exception error) {
        connecting = false;
        if (t != null && model != null && !t.link.model.fits(model)) {
            t.close();
            failed(server, new DisrustException.Refused(server.addr.text(), 0, "the client uses " + model, t.link.model));
        } else if (t != null) {
            server.came();
            transport = t;
            model = t.link.model;
            stage();
        } else {
            failed(server, error);
        }
    }

    private void failed(Server server, Exception error) {
        server.failed(error);
        turn = (turn + 1) % servers.size();
        if (!failUnreachable() && !pending.isEmpty()) {
            connect();
        }
    }

    /** Ends the connection. Calls that it has not answered are sent again if they may be, and fail otherwise. */
    private void lost(Ended end) {
        Transport t = transport;
        transport = null;
        t.close();
        t.link.unstage(pending);
        Runs runs = t.link.runs(); // of which something was sent
        for (int k = 0; k < runs.size(); k++) {
            Call call = runs.at(k).call;
            boolean seen = k > 0 && runs.at(k - 1).call == call;
            if (!call.over && !seen) {
                call.written = true;
                if (!mayGoAgain(call, end.inOrder)) {
                    finish(call, new DisrustException.ConnectionLost(t.link.addr.text(), end.getMessage()));
                }
            }
        }
        for (int k = runs.size() - 1; k >= 0; k--) {
            Call call = runs.at(k).call;
            if (!call.over) {
                call.rewind();
                if (pending.peekFirst() != call) {
                    pending.addFirst(call);
                }
            }
        }
        servers.get(turn).lost(t.link.answers);
        turn = (turn + 1) % servers.size();
        if (!pending.isEmpty()) {
            connect();
        }
    }

    private boolean mayGoAgain(Call call, boolean inOrder) {
        if (call.answered > call.movedAt) {
            call.movedAt = call.answered;
            call.moves = 0;
        }
        if (inOrder && call.moves <= servers.size()) {
            call.moves++;
            return true;
        }
        if (call.retries < config.retries && budget.spend()) {
            call.retries++;
            return true;
        }
        return false;
    }

    /** Takes note that a call was answered. */
    void earn() {
        budget.earn();
    }

    /** Ends all calls that are open. */
    void failAll() {
        if (transport != null) {
            transport.link.unstage(pending);
            Runs runs = transport.link.runs();
            for (int k = 0; k < runs.size(); k++) {
                if (!runs.at(k).call.over) {
                    finish(runs.at(k).call, new DisrustException.Closed());
                }
            }
        }
        for (Call call : pending) {
            if (!call.over) {
                finish(call, new DisrustException.Closed());
            }
        }
        pending.clear();
    }

    void close() {
        if (transport != null) {
            transport.close(); // which ends the wait of a thread that leads
            transport = null;
        }
    }
}
