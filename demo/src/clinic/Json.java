package clinic;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As much JSON as the clinic speaks: it writes strings, and reads one flat object of strings. */
final class Json {

    private static final String STRING = "\"((?:[^\"\\\\\\p{Cntrl}]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4})*+)\"";
    private static final Pattern MEMBER = Pattern.compile("\\s*" + STRING + "\\s*:\\s*(?:" + STRING + "|(null))\\s*([,}])");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))");

    private Json() {
    }

    static String string(String raw) {
        if (raw == null) {
            return "null";
        }
        var json = new StringBuilder("\"");
        for (var character : raw.toCharArray()) {
            switch (character) {
                case '"', '\\' -> json.append('\\').append(character);
                case '<', '>', '&' -> json.append("\\u%04x".formatted((int) character));
                default -> json.append(character < ' ' ? "\\u%04x".formatted((int) character) : String.valueOf(character));
            }
        }
        return json.append('"').toString();
    }

    /** The members of `{"name": "text" | null, ...}`. */
    static Map<String, String> flat(String json) {
        var members = new LinkedHashMap<String, String>();
        var body = json.strip();
        if (!body.startsWith("{")) {
            throw new IllegalArgumentException("expected one JSON object of strings");
        }
        var member = MEMBER.matcher(body).region(1, body.length());
        while (member.lookingAt()) {
            members.put(unescape(member.group(1)), member.group(3) == null ? unescape(member.group(2)) : null);
            if ("}".equals(member.group(4)) && member.end() == body.length()) {
                return members;
            }
            member.region(member.end(), body.length());
        }
        throw new IllegalArgumentException("expected one JSON object of strings");
    }

    private static String unescape(String text) {
        return ESCAPE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(found.group(1) != null
            ? String.valueOf((char) Integer.parseInt(found.group(1), 16))
            : switch (found.group(2)) {
                case "b" -> "\b";
                case "f" -> "\f";
                case "n" -> "\n";
                case "r" -> "\r";
                case "t" -> "\t";
                default -> found.group(2);
            }));
    }
}
