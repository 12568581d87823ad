package clinic;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is wrong with a bad version, on purpose: every so many requests fail, every so many are slow. It counts and does
 * not throw dice, so that a demonstration or a test meets the same faults each time. Zero means never.
 */
final class Faults {

    private static final int SLOW_MILLIS = 1500;
    private final AtomicInteger requests = new AtomicInteger();

    /** Sleeps when it is this request's turn to be slow; returns true when it is its turn to fail. */
    boolean strike() throws InterruptedException {
        var number = requests.incrementAndGet() & Integer.MAX_VALUE;
        if (turn(number, Version.SLOW_EVERY, Version.SLOW_EVERY / 2)) {
            Thread.sleep(SLOW_MILLIS);
        }
        return turn(number, Version.FAIL_EVERY, 0);
    }

    private static boolean turn(int number, int every, int offset) {
        return every > 0 && number % every == offset;
    }
}
