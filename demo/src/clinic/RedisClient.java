package clinic;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * As much of the Redis protocol (RESP2) as the clinic needs. Debian packages no Redis client for Java, and the demo is
 * built from Debian packages alone; the protocol is small enough to be spoken directly.
 */
public final class RedisClient implements AutoCloseable {

    /** Redis understood the command and refused it: the connection stays good. */
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    private static final int CONNECT_MILLIS = 1000;
    private static final int ANSWER_MILLIS = 1000;
    private static final int IDLE_KEPT = 8;

    private final String host;
    private final int port;
    private final String user;
    private final String password;
    private final ConcurrentLinkedDeque<Link> idle = new ConcurrentLinkedDeque<>();

    public RedisClient(String host, int port, String user, String password) {
        this.host = host;
        this.port = port;
        this.user = user;
        this.password = password;
    }

    public static RedisClient fromEnvironment(Map<String, String> environment) {
        return new RedisClient(
            environment.getOrDefault("CLINIC_REDIS_HOST", "127.0.0.1"),
            Integer.parseInt(environment.getOrDefault("CLINIC_REDIS_PORT", "6379")),
            environment.getOrDefault("CLINIC_REDIS_USER", ""),
            environment.getOrDefault("CLINIC_REDIS_PASSWORD", ""));
    }

    /** Sends one command and returns its answer: String, Long or null. */
    public Object call(String... command) throws IOException {
        var link = idle.pollFirst();
        if (link != null) {
            try {
                return callOn(link, command);
            } catch (Refused refused) {
                throw refused;
            } catch (IOException stale) {
                // Redis was restarted or dropped an idle connection: the others are as old as this one.
                close();
            }
        }
        return callOn(connect(), command);
    }

    @Override
    public void close() {
        for (var link = idle.pollFirst(); link != null; link = idle.pollFirst()) {
            link.close();
        }
    }

    private Object callOn(Link link, String... command) throws IOException {
        try {
            var answer = link.call(command);
            keep(link);
            return answer;
        } catch (Refused refused) {
            keep(link);
            throw refused;
        } catch (IOException broken) {
            link.close();
            throw broken;
        }
    }

    private void keep(Link link) {
        if (idle.size() < IDLE_KEPT) {
            idle.addFirst(link);
        } else {
            link.close();
        }
    }

    private Link connect() throws IOException {
        var link = new Link(host, port);
        try {
            if (!password.isEmpty()) {
                if (user.isEmpty()) {
                    link.call("AUTH", password);
                } else {
                    link.call("AUTH", user, password);
                }
            }
            return link;
        } catch (IOException failed) {
            link.close();
            throw failed;
        }
    }

    private static final class Link {
        private final Socket socket = new Socket();
        private final InputStream in;
        private final OutputStream out;

        Link(String host, int port) throws IOException {
            try {
                socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
                socket.setSoTimeout(ANSWER_MILLIS);
                socket.setTcpNoDelay(true);
                in = new BufferedInputStream(socket.getInputStream());
                out = new BufferedOutputStream(socket.getOutputStream());
            } catch (IOException failed) {
                close();
                throw failed;
            }
        }

        Object call(String... command) throws IOException {
            writeLine("*" + command.length);
            for (var part : command) {
                var bytes = part.getBytes(StandardCharsets.UTF_8);
                writeLine("$" + bytes.length);
                out.write(bytes);
                writeLine("");
            }
            out.flush();
            return read();
        }

        void close() {
            try {
                socket.close();
            } catch (IOException ignored) {
                // Closing was all that was wanted of it.
            }
        }

        private void writeLine(String text) throws IOException {
            out.write((text + "\r\n").getBytes(StandardCharsets.US_ASCII));
        }

        private Object read() throws IOException {
            var line = readLine();
            var rest = line.substring(1);
            return switch (line.charAt(0)) {
                case '+' -> rest;
                case ':' -> Long.valueOf(rest);
                case '$' -> readBulk(Integer.parseInt(rest));
                case '-' -> throw new Refused(rest);
                default -> throw new IOException("not an answer of Redis: " + line);
            };
        }

        private String readBulk(int length) throws IOException {
            if (length < 0) {
                return null;
            }
            var bytes = in.readNBytes(length);
            if (bytes.length < length || in.readNBytes(2).length < 2) {
                throw new EOFException("Redis closed the connection within an answer");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private String readLine() throws IOException {
            var line = new StringBuilder();
            for (var next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException("Redis closed the connection");
                }
                line.append((char) next);
            }
            var text = line.toString().stripTrailing();
            if (text.isEmpty()) {
                throw new IOException("Redis sent an empty answer");
            }
            return text;
        }
    }
}
