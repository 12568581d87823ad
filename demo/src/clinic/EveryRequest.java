package clinic;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** What holds for every answer: it names its version, and the browser is told to load nothing from elsewhere. */
@WebFilter("/*")
public final class EveryRequest extends HttpFilter {

    private static final long serialVersionUID = 1L;
    private final transient Faults faults = new Faults();

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        response.setHeader("X-App-Version", Version.NAME);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Content-Security-Policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
        request.setCharacterEncoding("UTF-8");
        if ("POST".equals(request.getMethod()) && "cross-site".equals(request.getHeader("Sec-Fetch-Site"))) {
            response.sendError(HttpServletResponse.SC_FORBIDDEN, "Forms of this clinic are sent from its own pages.");
            return;
        }
        if (!"/health".equals(request.getServletPath()) && struck()) {
            response.sendError(HttpServletResponse.SC_INTERNAL_SERVER_ERROR, "Fault of version " + Version.NAME);
            return;
        }
        chain.doFilter(request, response);
    }

    private boolean struck() {
        try {
            return faults.strike();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
