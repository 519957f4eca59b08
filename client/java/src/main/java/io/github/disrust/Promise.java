package io.github.disrust;

import java.util.concurrent.CompletableFuture;

/** The future of a call that no thread waits for. */
final class Promise<T> extends CompletableFuture<T> {
    private final Engine engine;
    private final T result; // null: the scores of the call
    Call call;

    Promise(Engine engine, T result) {
        this.engine = engine;
        this.result = result;
    }

    // What ends the future ends the call first: afterwards the client touches neither its rows nor its scores.

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        engine.cancel(call);
        return super.cancel(mayInterruptIfRunning);
    }

    @Override
    public boolean complete(T value) { // by the program, or by completeOnTimeout
        engine.cancel(call);
        return super.complete(value);
    }

    @Override
    public boolean completeExceptionally(Throwable why) { // by the program, or by orTimeout
        engine.cancel(call);
        return super.completeExceptionally(why);
    }

    /** Completes the future of a call that is over. */
    @SuppressWarnings("unchecked") // without a result, T is float[]
    void finish() {
        if (call.error != null) {
            super.completeExceptionally(call.error);
        } else {
            super.complete(result != null ? result : (T) call.scores());
        }
    }
}
