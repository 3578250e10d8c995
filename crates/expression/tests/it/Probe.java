import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Answers lines of expression, replacement and text, in hexadecimal, with what Java makes of them. */
public class Probe {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        String line;
        while ((line = in.readLine()) != null) {
            String[] parts = line.split(" ", -1);
            out.println(answer(text(parts[0]), text(parts[1]), text(parts[2])));
        }
        out.flush();
    }

    private static String answer(String expression, String replacement, String text) {
        Pattern pattern;
        try {
            pattern = Pattern.compile(expression);
        } catch (PatternSyntaxException refused) {
            return "refused";
        }
        StringBuilder answer = new StringBuilder();
        Matcher whole = pattern.matcher(text);
        groups(answer, whole, whole.matches());
        Matcher first = pattern.matcher(text);
        groups(answer, first, first.find());
        answer.append(hex(pattern.matcher(text).replaceAll(replacement))).append(' ');
        for (String piece : pattern.split(text)) {
            answer.append(hex(piece)).append(',');
        }
        return answer.toString();
    }

    private static void groups(StringBuilder answer, Matcher matcher, boolean matches) {
        if (matches) {
            for (int group = 0; group <= matcher.groupCount(); group++) {
                String taken = matcher.group(group);
                answer.append(taken == null ? "-" : hex(taken)).append(',');
            }
        } else {
            answer.append("none");
        }
        answer.append(' ');
    }

    private static String text(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = (byte) Integer.parseInt(hex.substring(2 * at, 2 * at + 2), 16);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String hex(String text) {
        StringBuilder hex = new StringBuilder("x");
        for (byte part : text.getBytes(StandardCharsets.UTF_8)) {
            hex.append(String.format("%02x", part & 0xff));
        }
        return hex.toString();
    }
}
