namespace Quickstart;

/// <summary>How the measuring went: seconds, and how many steps ran on average in each slice of that time.</summary>
internal sealed record Activity(int Steps, double Seconds, int Peak, IReadOnlyList<double> Running)
{
    private const int Slices = 80;

    public static Activity Of(IReadOnlyList<Measurement> measurements)
    {
        if (measurements.Count == 0)
        {
            return new Activity(0, 0, 0, []);
        }

        var begin = measurements.Min(step => step.StartedAt);
        var length = Math.Max(1, (measurements.Max(step => step.EndedAt) - begin).Ticks);
        var slice = (double)length / Slices;
        var running = new double[Slices];
        foreach (var step in measurements)
        {
            var (from, to) = ((step.StartedAt - begin).Ticks, (step.EndedAt - begin).Ticks);
            for (var i = (int)(from / slice); i < Slices && i * slice < to; i++)
            {
                running[i] += (Math.Min(to, (i + 1) * slice) - Math.Max(from, i * slice)) / slice;
            }
        }

        return new Activity(measurements.Count, TimeSpan.FromTicks(length).TotalSeconds, MostAtOnce(measurements), running);
    }

    private static int MostAtOnce(IReadOnlyList<Measurement> measurements)
    {
        var changes = measurements.SelectMany(step => new[] { (At: step.StartedAt, Change: 1), (At: step.EndedAt, Change: -1) }).OrderBy(change => change.At).ThenBy(change => change.Change);
        var (now, peak) = (0, 0);
        foreach (var (_, change) in changes)
        {
            now += change;
            peak = Math.Max(peak, now);
        }

        return peak;
    }
}
