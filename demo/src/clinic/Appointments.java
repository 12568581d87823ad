package clinic;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;

/**
 * The appointments in PostgreSQL. Every statement names its columns, so that a version which does not know a later
 * column works with the expanded schema: that is what lets two versions share one database during a release.
 */
public final class Appointments {

    private static final int STATEMENT_SECONDS = 5;
    private static final String COLUMNS = "id, patient, doctor, starts_at" + (Version.NOTES ? ", note" : "");

    /** The next appointments that are not cancelled, soonest first. */
    public List<Appointment> upcoming(int limit) throws SQLException {
        var sql = "SELECT " + COLUMNS + " FROM appointment"
            + " WHERE cancelled_at IS NULL AND starts_at >= now() ORDER BY starts_at, id LIMIT ?";
        try (var connection = open(); var statement = prepare(connection, sql)) {
            statement.setInt(1, limit);
            var found = new ArrayList<Appointment>();
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(read(rows));
                }
            }
            return found;
        }
    }

    public Appointment book(Booking booking) throws SQLException {
        var sql = "INSERT INTO appointment (patient, doctor, starts_at" + (Version.NOTES ? ", note" : "") + ")"
            + " VALUES (?, ?, ?" + (Version.NOTES ? ", ?" : "") + ") RETURNING " + COLUMNS;
        try (var connection = open(); var statement = prepare(connection, sql)) {
            statement.setString(1, booking.patient());
            statement.setString(2, booking.doctor());
            statement.setTimestamp(3, Timestamp.valueOf(booking.startsAt()));
            if (Version.NOTES) {
                if (booking.note() == null) {
                    statement.setNull(4, Types.VARCHAR);
                } else {
                    statement.setString(4, booking.note());
                }
            }
            try (var rows = statement.executeQuery()) {
                rows.next();
                return read(rows);
            }
        }
    }

    /** Cancels the appointment; false when there is none with this id or it was cancelled before. */
    public boolean cancel(long id) throws SQLException {
        var sql = "UPDATE appointment SET cancelled_at = now() WHERE id = ? AND cancelled_at IS NULL";
        try (var connection = open(); var statement = prepare(connection, sql)) {
            statement.setLong(1, id);
            return statement.executeUpdate() == 1;
        }
    }

    /** Fails unless the database answers and has the columns that this version reads. */
    public void check() throws SQLException {
        try (var connection = open();
             var statement = prepare(connection, "SELECT " + COLUMNS + " FROM appointment LIMIT 1");
             var rows = statement.executeQuery()) {
            rows.next();
        }
    }

    private static Connection open() throws SQLException {
        try {
            return ((DataSource) new InitialContext().lookup("java:comp/env/jdbc/clinic")).getConnection();
        } catch (NamingException missing) {
            throw new SQLException("the server offers no data source jdbc/clinic", missing);
        }
    }

    private static PreparedStatement prepare(Connection connection, String sql) throws SQLException {
        var statement = connection.prepareStatement(sql);
        statement.setQueryTimeout(STATEMENT_SECONDS);
        return statement;
    }

    private static Appointment read(ResultSet row) throws SQLException {
        return new Appointment(row.getLong("id"), row.getString("patient"), row.getString("doctor"),
            row.getTimestamp("starts_at").toLocalDateTime(), Version.NOTES ? row.getString("note") : null);
    }
}
