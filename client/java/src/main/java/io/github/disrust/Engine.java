package io.github.disrust;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The threads of a client. Every thread sends for itself. One at a time receives, for all: it leads. A
 * thread that waits for its call leads if nobody else does, and parks otherwise. So a thread that is alone
 * sends and receives without another thread.
 *
 * <p>The worker is a thread of the client's own. It leads while futures are open, completes them, and
 * watches a connection that no thread has used for a while.
 *
 * <p>Ordering: whoever unlocks sends what is staged, except when another thread waits for the lock, which
 * will do it. So calls that start at the same time share a write.
 */
final class Engine {
    private static final long TICK = 1_000_000_000; // between two looks at whether the connection is in use

    private final Config config;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition noneOpen = lock.newCondition();
    private final Thread worker;

    // The lock guards the rest.
    private final Traffic traffic;
    private boolean leading; // a thread receives
    private final Parked parked = new Parked();
    private int open; // calls that are not over
    private int openPromises; // those of them that no thread waits for
    private long started; // calls so far, by which the worker sees whether the connection is in use
    private final ArrayDeque<Call> finished = new ArrayDeque<>(); // whose futures are to be completed
    private final Timed timed = new Timed();
    private boolean workerParked;
    private boolean workerLeads;
    private long workerUntil; // when it wakes up by itself
    private boolean closed; // no call may start
    private boolean ended; // the worker ends

    Engine(Config config) {
        this.config = config;
        traffic = new Traffic(config, this::dial);
        worker = daemon("disrust-client", this::work);
        worker.start();
    }

    private static Thread daemon(String name, Runnable task) {
        Thread t = new Thread(task, name);
        t.setDaemon(true);
        return t;
    }

    Model model() {
        return traffic.model;
    }

    // Calls

    /** Starts a call and waits until it is over. */
    void run(Call call) {
        lock.lock();
        try {
            start(call);
            await(call);
        } finally {
            release();
        }
        raise(call);
    }

    /** Starts a call for which the thread waits later, in finish. */
    void launch(Call call) {
        lock.lock();
        try {
            start(call);
        } finally {
            release();
        }
    }

    /** Waits until a call is over. */
    void finish(Call call) {
        lock.lock();
        try {
            await(call);
        } finally {
            release();
        }
        raise(call);
    }

    private static void raise(Call call) {
        if (call.error != null) {
            call.error.fillInStackTrace(); // that of the caller, not of the thread that led
            throw call.error;
        }
    }

    /** Starts a call. The worker completes its promise. */
    void begin(Call call) {
        lock.lock();
        try {
            start(call);
            openPromises++;
            if (call.deadline != Clock.NEVER) {
                timed.add(call, openPromises);
            }
            if (!leading || call.deadline < workerUntil) {
                wakeWorker();
            }
        } finally {
            release();
        }
    }

    private void start(Call call) {
        if (closed) {
            throw new DisrustException.Closed();
        }
        if (open == 0 && workerLeads) {
            wakeWorker(); // it watches an idle connection, without an end; the caller can lead itself
        }
        open++;
        started++;
        traffic.start(call);
    }

    void cancel(Call call) {
        lock.lock();
        try {
            if (!call.over) {
                traffic.abandon(call);
                open--;
                openPromises--;
            }
        } finally {
            release();
        }
    }

    // Waiting

    /** Waits until a call is over. The lock is held, and released meanwhile. */
    private void await(Call call) {
        while (!call.over) {
            long now = Clock.now();
            if (now >= call.deadline || Thread.currentThread().isInterrupted()) {
                giveUp(call);
            } else if (traffic.transport != null && !leading) {
                lead(call.deadline);
            } else if (now >= traffic.retryAt) {
                traffic.connect();
            } else {
                park(call);
            }
        }
        promote();
    }

    private void giveUp(Call call) {
        traffic.abandon(call);
        traffic.done.add(call);
        traffic.retryMoved = traffic.retryAt != Clock.NEVER; // its thread may have been the one that waited for it
    }

    private void park(Call call) {
        call.waiter = Thread.currentThread();
        parked.add(call);
        parkUntil(Math.min(call.deadline, traffic.retryAt));
        parked.remove(call);
        call.waiter = null;
    }

    /** Parks the thread until it is woken or the time has come. The lock is held, and released meanwhile. */
    private void parkUntil(long until) {
        try {
            release();
            if (until == Clock.NEVER) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, until - Clock.now());
            }
        } finally {
            lock.lock();
        }
    }

    /** Receives once, for all calls. The lock is held, and released while the thread waits. */
    private void lead(long until) {
        Transport t = traffic.transport;
        if (t.link.owed()) {
            until = Math.min(until, Clock.after(t.heard, config.stallNanos));
        }
        leading = true;
        int bytes = 0;
        IOException failed = null;
        try {
            release();
            t.await(until);
            bytes = t.receive();
        } catch (IOException e) {
            failed = e;
        } finally {
            lock.lock();
            leading = false;
        }
        traffic.received(t, bytes, failed);
    }

    /** Wakes a thread that leads, if none does. */
    private void promote() {
        if (leading || traffic.transport == null) {
            return;
        }
        Call call = parked.open();
        if (call != null) {
            LockSupport.unpark(call.waiter);
        } else if (openPromises > 0) {
            wakeWorker();
        }
    }

    /** Sends what is staged, tells threads that their calls are over, and unlocks. */
    private void release() {
        try {
            if (!lock.hasQueuedThreads()) {
                traffic.flush(false);
            }
            settle();
        } finally {
            lock.unlock();
        }
    }

    private void settle() {
        for (int k = 0; k < traffic.done.size(); k++) {
            Call call = traffic.done.get(k);
            open--;
            if (call.error == null) {
                traffic.earn();
            }
            if (call.promise != null) {
                openPromises--;
                finished.add(call);
            } else if (call.waiter != null) {
                LockSupport.unpark(call.waiter);
            }
        }
        traffic.done.clear();
        if (!finished.isEmpty()) {
            wakeWorker();
        }
        if (traffic.retryMoved) {
            traffic.retryMoved = false;
            wakeToRetry();
        }
        if (open == 0 && closed) {
            noneOpen.signalAll();
        }
    }

    /** Wakes threads that connect when it is time. The worker may be busy with what depends on a future. */
    private void wakeToRetry() {
        wakeWorker();
        Call call = parked.open();
        if (call != null) {
            LockSupport.unpark(call.waiter);
        }
    }

    // The worker

    private void wakeWorker() {
        if (workerParked) {
            workerParked = false;
            LockSupport.unpark(worker);
        } else if (workerLeads && traffic.transport != null) {
            traffic.transport.wakeUp();
        }
    }

    private void work() {
        long seen = -1; // calls started when the worker last parked
        lock.lock();
        try {
            while (!ended || !finished.isEmpty()) {
                long now = Clock.now();
                expire(now);
                settle();
                if (!finished.isEmpty()) {
                    complete();
                    continue;
                }
                if (now >= traffic.retryAt) {
                    traffic.connect();
                }
                boolean unused = started == seen || closed;
                workerUntil = Math.min(traffic.retryAt, timed.earliest());
                if (traffic.transport != null && !leading && (openPromises > 0 || unused)) {
                    workerLeads = true;
                    lead(workerUntil);
                    workerLeads = false;
                    continue;
                }
                if (traffic.transport != null) {
                    workerUntil = Math.min(workerUntil, now + TICK);
                }
                seen = started;
                parkWorker();
            }
        } finally {
            release();
        }
    }

    private void parkWorker() {
        promote();
        workerParked = true;
        parkUntil(workerUntil);
        workerParked = false;
    }

    /** Ends the calls without a waiting thread whose time is over. */
    private void expire(long now) {
        for (Call call = timed.expired(now); call != null; call = timed.expired(now)) {
            giveUp(call);
        }
    }

    /** Completes futures. What depends on them runs now, so the lock is released and another thread may lead. */
    private void complete() {
        promote();
        while (!finished.isEmpty()) {
            Call call = finished.poll();
            try {
                release();
                call.promise.finish();
            } finally {
                lock.lock();
            }
        }
    }

    // Connecting

    /** Attempts to connect, in a thread of its own, because to look a host name up waits. The lock is held. */
    private void dial(Server server) {
        try {
            daemon("disrust-dial", () -> attempt(server)).start();
        } catch (OutOfMemoryError e) { // there can be no more threads
            traffic.attempted(server, null, new IOException(server.addr.text() + ": " + e.getMessage(), e));
        }
    }

    private void attempt(Server server) {
        Transport t = null;
        Exception error = null;
        try {
            t = Dial.dial(server.addr, config, traffic.done);
        } catch (IOException | RuntimeException e) {
            error = e;
        } catch (OutOfMemoryError e) { // for the buffers
            error = new IOException(server.addr.text() + ": " + e.getMessage(), e);
        }
        lock.lock();
        try {
            if (!ended) {
                traffic.attempted(server, t, error);
                wakeWorker(); // to watch the connection
                promote();
            } else if (t != null) {
                t.close();
            }
        } finally {
            release();
        }
    }

    // The end

    /**
     * Refuses new calls, waits until all others are over, and ends the connection and the worker. On the
     * worker itself, or if the thread is interrupted, it ends the others at once.
     */
    void close() {
        lock.lock();
        try {
            closed = true;
            wakeWorker();
            while (open > 0) {
                if (Thread.currentThread() == worker || Thread.currentThread().isInterrupted()) {
                    traffic.failAll();
                    settle();
                } else {
                    awaitNoneOpen();
                }
            }
            ended = true;
            traffic.close();
            wakeWorker();
        } finally {
            release();
        }
    }

    private void awaitNoneOpen() {
        traffic.flush(false);
        settle();
        try {
            if (open > 0) {
                noneOpen.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
