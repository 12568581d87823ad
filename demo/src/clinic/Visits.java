package clinic;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * The visitor's session and how often it came, kept in Redis and not in Tomcat's memory: whichever instance and
 * version answers the next request finds the same session.
 */
public final class Visits {

    private static final String COOKIE = "JSESSIONID";
    private static final String SECONDS = "1800";
    private static final SecureRandom RANDOM = new SecureRandom();

    private final RedisClient redis;

    public Visits(RedisClient redis) {
        this.redis = redis;
    }

    /** Counts this visit; opens a session when the visitor brings none that Redis knows. */
    public long count(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var id = brought(request);
        // Only an id that we gave out ourselves is taken, else a stranger could choose a visitor's session for him.
        if (id == null || !Long.valueOf(1).equals(redis.call("EXISTS", key(id)))) {
            id = HexFormat.of().withUpperCase().formatHex(randomBytes());
        }
        var visits = (Long) redis.call("INCR", key(id));
        redis.call("EXPIRE", key(id), SECONDS);
        give(id, request, response);
        return visits;
    }

    private static String brought(HttpServletRequest request) {
        var cookies = request.getCookies();
        if (cookies != null) {
            for (var cookie : cookies) {
                if (COOKIE.equals(cookie.getName()) && cookie.getValue().matches("[0-9A-F]{32}")) {
                    return cookie.getValue();
                }
            }
        }
        return null;
    }

    private static void give(String id, HttpServletRequest request, HttpServletResponse response) {
        var cookie = new Cookie(COOKIE, id);
        cookie.setPath(request.getContextPath() + "/");
        cookie.setHttpOnly(true);
        cookie.setSecure(request.isSecure() || "https".equals(request.getHeader("X-Forwarded-Proto")));
        cookie.setAttribute("SameSite", "Lax");
        response.addCookie(cookie);
    }

    private static String key(String id) {
        return "clinic:session:" + id;
    }

    private static byte[] randomBytes() {
        var bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return bytes;
    }
}
