package clinic;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** The clinic's one page. Whatever comes from a person passes through {@link #text}. */
final class Page {

    private static final DateTimeFormatter WHEN = DateTimeFormatter.ofPattern("EEE d MMM yyyy, HH:mm", Locale.ENGLISH);

    private Page() {
    }

    static String show(String root, List<Appointment> appointments, List<String> problems, Form form, Long visits) {
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Clinic appointments</title>
            <link rel="stylesheet" href="%1$s/style.css">
            </head>
            <body>
            <header><h1>Clinic appointments</h1></header>
            <main>
            <section><h2>Book an appointment</h2>
            %2$s
            %3$s
            </section>
            <section><h2>Next appointments</h2>
            %4$s
            </section>
            </main>
            <footer>%5$s<span>Version %6$s</span></footer>
            </body>
            </html>
            """.formatted(root, problems(problems), form.html(root), list(root, appointments), visits(visits), Version.NAME);
    }

    static String failure(String root, String what) {
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Clinic appointments</title>
            <link rel="stylesheet" href="%1$s/style.css">
            </head>
            <body>
            <header><h1>Clinic appointments</h1></header>
            <main><p class="problem" role="alert">%2$s</p></main>
            <footer><span>Version %3$s</span></footer>
            </body>
            </html>
            """.formatted(root, text(what), Version.NAME);
    }

    /** What stands in the form: empty at first, what the person typed when it was refused. */
    record Form(String patient, String doctor, String startsAt, String note) {

        static Form empty() {
            return new Form("", "", "", "");
        }

        String html(String root) {
            var now = LocalDateTime.now().truncatedTo(ChronoUnit.MINUTES);
            return """
                <form method="post" action="%s/appointments">
                <label>Patient <input name="patient" value="%s" maxlength="%d" required autocomplete="name"></label>
                <label>Doctor <select name="doctor" required>%s</select></label>
                <label>Date and time <input type="datetime-local" name="starts_at" value="%s" min="%s" required></label>
                %s<button>Book</button>
                </form>""".formatted(root, text(patient), Booking.PATIENT_LENGTH, doctors(), text(startsAt), now, noteField());
        }

        private String doctors() {
            var options = new StringBuilder("<option value=\"\">Choose a doctor</option>");
            for (var name : Booking.DOCTORS) {
                options.append(name.equals(doctor) ? "<option selected>" : "<option>").append(text(name)).append("</option>");
            }
            return options.toString();
        }

        private String noteField() {
            return Version.NOTES
                ? "<label>Note <textarea name=\"note\" rows=\"2\" maxlength=\"%d\">%s</textarea></label>\n"
                    .formatted(Booking.NOTE_LENGTH, text(note))
                : "";
        }
    }

    private static String problems(List<String> problems) {
        var html = new StringBuilder();
        for (var problem : problems) {
            html.append("<p class=\"problem\" role=\"alert\">").append(text(problem)).append("</p>");
        }
        return html.toString();
    }

    private static String list(String root, List<Appointment> appointments) {
        if (appointments.isEmpty()) {
            return "<p>No appointments yet.</p>";
        }
        var html = new StringBuilder("<ul>");
        for (var appointment : appointments) {
            html.append("""
                <li><div><time datetime="%s">%s</time><strong>%s</strong><span>%s</span>%s</div>
                <form method="post" action="%s/appointments/cancel"><input type="hidden" name="id" value="%d">
                <button class="quiet">Cancel</button></form></li>
                """.formatted(appointment.startsAt(), WHEN.format(appointment.startsAt()), text(appointment.patient()),
                    text(appointment.doctor()), noteOf(appointment), root, appointment.id()));
        }
        return html.append("</ul>").toString();
    }

    private static String noteOf(Appointment appointment) {
        return appointment.note() == null ? "" : "<p class=\"note\">" + text(appointment.note()) + "</p>";
    }

    private static String visits(Long visits) {
        return visits == null ? "" : "<span>Your visits: " + visits + "</span>";
    }

    /** Text as it may stand between tags or within a quoted attribute. */
    static String text(String raw) {
        return raw.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            .replace("\"", "&quot;").replace("'", "&#39;");
    }
}
