package clinic;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Whether the clinic can work: both stores are really asked, and the answer never takes longer than a few seconds. */
public final class Health implements AutoCloseable {

    private static final int SECONDS = 3;
    private static final int CHECKS_AT_ONCE = 8;

    private final Appointments appointments;
    private final RedisClient redis;
    // A store that swallows packets would hold the request's own thread for minutes; these threads it may hold.
    private final ThreadPoolExecutor checks = new ThreadPoolExecutor(
        0, CHECKS_AT_ONCE, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), Health::daemon);

    public Health(Appointments appointments, RedisClient redis) {
        this.appointments = appointments;
        this.redis = redis;
    }

    /** `database` and `cache`: "ok", or what is wrong with it. */
    public Map<String, String> examine() {
        var found = new LinkedHashMap<String, String>();
        found.put("database", outcome(() -> {
            appointments.check();
            return null;
        }));
        found.put("cache", outcome(() -> redis.call("PING")));
        return found;
    }

    @Override
    public void close() {
        checks.shutdownNow();
    }

    private String outcome(Callable<Object> check) {
        try {
            var answer = checks.submit(check);
            try {
                answer.get(SECONDS, TimeUnit.SECONDS);
                return "ok";
            } catch (TimeoutException late) {
                answer.cancel(true);
                return "no answer within " + SECONDS + " s";
            }
        } catch (ExecutionException failed) {
            return reason(failed.getCause());
        } catch (RejectedExecutionException busy) {
            return "earlier checks still wait for an answer";
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return "the check was interrupted";
        }
    }

    private static String reason(Throwable cause) {
        var message = String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
        return message.substring(0, Math.min(200, message.length()));
    }

    private static Thread daemon(Runnable work) {
        var thread = new Thread(work, "clinic-health");
        thread.setDaemon(true);
        thread.setContextClassLoader(Health.class.getClassLoader());
        return thread;
    }
}
