package clinic;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;

/** An answer that takes its time: `?ms=` up to ten seconds. It shows whether a stopping slot lets requests finish. */
@WebServlet("/api/slow")
public final class SlowServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private static final int MOST_MILLIS = 10_000;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int wanted;
        try {
            wanted = Integer.parseInt(Objects.requireNonNullElse(request.getParameter("ms"), "1000"));
        } catch (NumberFormatException wrong) {
            response.sendError(HttpServletResponse.SC_BAD_REQUEST, "ms is a whole number up to " + MOST_MILLIS);
            return;
        }
        var millis = Math.max(0, Math.min(MOST_MILLIS, wanted));
        try {
            Thread.sleep(millis);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        response.setContentType("application/json; charset=UTF-8");
        response.getWriter().write("{\"slept_ms\":" + millis + "}");
    }
}
