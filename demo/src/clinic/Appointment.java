package clinic;

import java.time.LocalDateTime;

/** One booked visit. `note` is null where the version does not know notes, or nobody wrote one. */
public record Appointment(long id, String patient, String doctor, LocalDateTime startsAt, String note) {
}
