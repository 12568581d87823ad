package clinic;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** 200 when the clinic can work, 503 with what it lacks when it cannot. */
@WebServlet("/health")
public final class HealthServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private transient Health health;

    @Override
    public void init() {
        health = (Health) getServletContext().getAttribute(Health.class.getName());
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var found = health.examine();
        var well = found.values().stream().allMatch("ok"::equals);
        response.setStatus(well ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        response.setContentType("application/json; charset=UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().write("{\"status\":%s,\"version\":%s,\"database\":%s,\"cache\":%s}".formatted(
            Json.string(well ? "ok" : "failing"), Json.string(Version.NAME),
            Json.string(found.get("database")), Json.string(found.get("cache"))));
    }
}
