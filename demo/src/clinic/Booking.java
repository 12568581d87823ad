package clinic;

import java.time.LocalDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/** What a person asks for, checked before it reaches the database. */
public record Booking(String patient, String doctor, LocalDateTime startsAt, String note) {

    public static final List<String> DOCTORS = List.of("Dr. Ada Lindqvist", "Dr. Samuel Okoro", "Dr. Maria Petrova");
    static final int PATIENT_LENGTH = 80;
    static final int NOTE_LENGTH = 500;

    /** A refused booking: every reason at once, in words for the person who filled in the form. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient List<String> reasons;

        Refused(List<String> reasons) {
            super(String.join(" ", reasons));
            this.reasons = List.copyOf(reasons);
        }

        public List<String> reasons() {
            return reasons;
        }
    }

    public static Booking parse(String patient, String doctor, String startsAt, String note) throws Refused {
        var reasons = new ArrayList<String>();
        var name = clean(patient);
        if (name.isEmpty() || name.length() > PATIENT_LENGTH) {
            reasons.add("The patient's name needs 1 to " + PATIENT_LENGTH + " characters.");
        }
        if (!DOCTORS.contains(clean(doctor))) {
            reasons.add("Choose one of the doctors of this clinic.");
        }
        var time = parseTime(clean(startsAt));
        if (time == null) {
            reasons.add("Give date and time as 2030-01-31T09:30.");
        } else if (time.isBefore(LocalDateTime.now()) || time.isAfter(LocalDateTime.now().plusYears(1))) {
            reasons.add("The appointment must lie within the next twelve months.");
        }
        var remark = Version.NOTES ? clean(note) : "";
        if (remark.length() > NOTE_LENGTH) {
            reasons.add("A note has at most " + NOTE_LENGTH + " characters.");
        }
        if (!reasons.isEmpty()) {
            throw new Refused(reasons);
        }
        return new Booking(name, clean(doctor), time, remark.isEmpty() ? null : remark);
    }

    private static LocalDateTime parseTime(String text) {
        try {
            return LocalDateTime.parse(text);
        } catch (DateTimeParseException wrong) {
            return null;
        }
    }

    /** PostgreSQL refuses the character NUL in text; other control characters only spoil the page. */
    private static String clean(String text) {
        return text == null ? "" : text.replaceAll("\\p{Cntrl}", " ").strip();
    }
}
