package io.github.disrust;

/** Requests of one size for rows of one call that follow each other on a connection. */
final class Run {
    Call call;
    int vectors; // of each request
    int requestBytes;
    int count; // requests that are not answered
    long end; // where the last of them ends in the stream

    /** Returns where the first request that is not answered begins in the stream. */
    long begin() {
        return end - (long) count * requestBytes;
    }
}
