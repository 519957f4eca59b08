import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.HistogramLogReader;

/** Prints each interval of a log: tag, start, end, count, p50, p99.9 and maximum. */
class ReadLog {
    public static void main(String[] args) throws Exception {
        HistogramLogReader log = new HistogramLogReader(args[0]);
        for (EncodableHistogram next; (next = log.nextIntervalHistogram()) != null; ) {
            AbstractHistogram h = (AbstractHistogram) next;
            System.out.printf("%s %d %d %d %d %d %d%n", h.getTag(), h.getStartTimeStamp(), h.getEndTimeStamp(),
                h.getTotalCount(), h.getValueAtPercentile(50), h.getValueAtPercentile(99.9), h.getMaxValue());
        }
    }
}
