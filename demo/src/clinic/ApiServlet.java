package clinic;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** The same appointments for programs: GET lists them, POST books one from JSON or form fields. */
@WebServlet("/api/appointments")
public final class ApiServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private static final int SHOWN = 100;
    private static final int BODY_BYTES = 8192;
    private transient Appointments appointments;

    @Override
    public void init() {
        appointments = (Appointments) getServletContext().getAttribute(Appointments.class.getName());
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            var list = appointments.upcoming(SHOWN).stream().map(ApiServlet::json).collect(Collectors.joining(","));
            write(response, HttpServletResponse.SC_OK, "{\"appointments\":[" + list + "]}");
        } catch (SQLException failed) {
            fail(response, failed);
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            var fields = fields(request);
            var booking = Booking.parse(
                fields.get("patient"), fields.get("doctor"), fields.get("starts_at"), fields.get("note"));
            write(response, HttpServletResponse.SC_CREATED, json(appointments.book(booking)));
        } catch (IllegalArgumentException unreadable) {
            write(response, HttpServletResponse.SC_BAD_REQUEST, error(unreadable.getMessage()));
        } catch (Booking.Refused refused) {
            write(response, HttpServletResponse.SC_BAD_REQUEST, error(refused.getMessage()));
        } catch (SQLException failed) {
            fail(response, failed);
        }
    }

    private static Map<String, String> fields(HttpServletRequest request) throws IOException {
        if (Objects.requireNonNullElse(request.getContentType(), "").startsWith("application/json")) {
            var body = request.getInputStream().readNBytes(BODY_BYTES + 1);
            if (body.length > BODY_BYTES) {
                throw new IllegalArgumentException("a booking has at most " + BODY_BYTES + " bytes");
            }
            return Json.flat(new String(body, StandardCharsets.UTF_8));
        }
        var fields = new HashMap<String, String>();
        request.getParameterMap().forEach((name, values) -> fields.put(name, values[0]));
        return fields;
    }

    private static String json(Appointment appointment) {
        return "{\"id\":%d,\"patient\":%s,\"doctor\":%s,\"starts_at\":%s%s}".formatted(appointment.id(),
            Json.string(appointment.patient()), Json.string(appointment.doctor()),
            Json.string(appointment.startsAt().toString()),
            Version.NOTES ? ",\"note\":" + Json.string(appointment.note()) : "");
    }

    private void fail(HttpServletResponse response, SQLException failed) throws IOException {
        log("the database did not serve the API", failed);
        write(response, HttpServletResponse.SC_SERVICE_UNAVAILABLE, error("the database cannot be reached"));
    }

    private static String error(String message) {
        return "{\"error\":" + Json.string(message) + "}";
    }

    private static void write(HttpServletResponse response, int status, String json) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json; charset=UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().write(json);
    }
}
