package clinic;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;

/** The page for people: the list, the form, booking and cancelling. Every accepted form ends in a redirect. */
@WebServlet({"", "/appointments", "/appointments/cancel"})
public final class PageServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private static final int SHOWN = 50;
    private transient Appointments appointments;
    private transient Visits visits;

    @Override
    public void init() {
        appointments = (Appointments) getServletContext().getAttribute(Appointments.class.getName());
        visits = new Visits((RedisClient) getServletContext().getAttribute(RedisClient.class.getName()));
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getServletPath().endsWith("/cancel")) {
            response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        show(request, response, HttpServletResponse.SC_OK, List.of(), Page.Form.empty());
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            if (request.getServletPath().endsWith("/cancel")) {
                appointments.cancel(Long.parseLong(Objects.requireNonNullElse(request.getParameter("id"), "")));
            } else {
                appointments.book(Booking.parse(request.getParameter("patient"), request.getParameter("doctor"),
                    request.getParameter("starts_at"), request.getParameter("note")));
            }
            response.setStatus(HttpServletResponse.SC_SEE_OTHER);
            response.setHeader("Location", request.getContextPath() + "/");
        } catch (NumberFormatException wrong) {
            response.sendError(HttpServletResponse.SC_BAD_REQUEST, "Which appointment?");
        } catch (Booking.Refused refused) {
            show(request, response, HttpServletResponse.SC_BAD_REQUEST, refused.reasons(), typed(request));
        } catch (SQLException failed) {
            fail(request, response, failed);
        }
    }

    private void show(HttpServletRequest request, HttpServletResponse response, int status, List<String> problems,
            Page.Form form) throws IOException {
        try {
            var upcoming = appointments.upcoming(SHOWN);
            var count = countVisit(request, response);
            write(response, status, Page.show(request.getContextPath(), upcoming, problems, form, count));
        } catch (SQLException failed) {
            fail(request, response, failed);
        }
    }

    /** The page is worth showing without the counter: null when Redis does not answer. */
    private Long countVisit(HttpServletRequest request, HttpServletResponse response) {
        try {
            return visits.count(request, response);
        } catch (IOException failed) {
            log("the visit was not counted: " + failed);
            return null;
        }
    }

    private void fail(HttpServletRequest request, HttpServletResponse response, SQLException failed) throws IOException {
        log("the database did not serve " + request.getMethod() + " " + request.getServletPath(), failed);
        write(response, HttpServletResponse.SC_SERVICE_UNAVAILABLE, Page.failure(request.getContextPath(),
            "The appointment book cannot be reached at the moment. Please try again in a few minutes."));
    }

    private static Page.Form typed(HttpServletRequest request) {
        return new Page.Form(parameter(request, "patient"), parameter(request, "doctor"),
            parameter(request, "starts_at"), parameter(request, "note"));
    }

    private static String parameter(HttpServletRequest request, String name) {
        return Objects.requireNonNullElse(request.getParameter(name), "");
    }

    private static void write(HttpServletResponse response, int status, String html) throws IOException {
        response.setStatus(status);
        response.setContentType("text/html; charset=UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().write(html);
    }
}
