import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a load has seen in one phase, apart for requests that began before the status deadline had passed and for those after it. */
final class Figures implements HttpLoad.Witness {

    private static final int BUCKET_NANOS = 20_000;
    private static final int BUCKETS = 150_000;

    /** Latencies in steps of 0.02 ms; the longest is exact. */
    static final class Latencies {
        private final int[] buckets = new int[BUCKETS];
        private long count;
        private long longest;

        private void add(long nanos) {
            buckets[(int) Math.min(BUCKETS - 1, nanos / BUCKET_NANOS)]++;
            count++;
            longest = Math.max(longest, nanos);
        }

        double millis(double share) {
            long left = (long) Math.ceil(count * share);
            for (int i = 0; i < BUCKETS; i++) {
                left -= buckets[i];
                if (left <= 0 && count > 0) {
                    return (i + 1) * (double) BUCKET_NANOS / 1e6;
                }
            }
            return 0;
        }

        @Override
        public String toString() {
            return count == 0 ? "none"
                    : String.format(Locale.ROOT, "%.2f / %.2f / %.1f", millis(0.5), millis(0.99), longest / 1e6);
        }
    }

    final Latencies before = new Latencies();
    final Latencies after = new Latencies();
    private final Map<Integer, long[]> statuses = new TreeMap<>();
    /** When the phase began: what is stopped has stopped. */
    private volatile long zero = Long.MAX_VALUE;
    private volatile long deadlineNanos;
    private volatile long last200;
    private volatile long firstOther = Long.MAX_VALUE;
    private volatile boolean backTo200;

    /** The phase begins now. */
    void begin(long deadlineMillis) {
        zero = System.nanoTime();
        deadlineNanos = deadlineMillis * 1_000_000;
    }

    @Override
    public void saw(long begun, long ended, int status) {
        // Those that the end of the measurement cut off say something only if they had waited too long already.
        if (status == HttpLoad.CUT_OFF && ended - begun < 50_000_000) {
            return;
        }
        (zero == Long.MAX_VALUE || begun - zero < deadlineNanos ? before : after).add(ended - begun);
        statuses.computeIfAbsent(Math.max(0, status), any -> new long[1])[0]++;
        if (status == 200) {
            last200 = ended;
            backTo200 |= firstOther != Long.MAX_VALUE;
        } else if (firstOther == Long.MAX_VALUE) {
            firstOther = ended;
        }
    }

    long requests() {
        return statuses.values().stream().mapToLong(count -> count[0]).sum();
    }

    /** Answers by status; 0 stands for no answer. */
    String byStatus() {
        StringBuilder text = new StringBuilder();
        statuses.forEach((status, count) -> text.append(text.isEmpty() ? "" : ", ").append(count[0]).append(" x ")
                .append(status == 0 ? "no answer" : status));
        return text.toString();
    }

    boolean only(int... allowed) {
        return statuses.keySet().stream().allMatch(status -> java.util.Arrays.stream(allowed).anyMatch(code -> code == status));
    }

    boolean sawOther() {
        return firstOther != Long.MAX_VALUE;
    }

    /** Whether a 200 came after the first answer that was none. */
    boolean wentBack() {
        return backTo200;
    }

    double last200Seconds() {
        return (last200 - zero) / 1e9;
    }

    double firstOtherSeconds() {
        return (firstOther - zero) / 1e9;
    }

    double seconds(long nanos) {
        return (nanos - zero) / 1e9;
    }
}
