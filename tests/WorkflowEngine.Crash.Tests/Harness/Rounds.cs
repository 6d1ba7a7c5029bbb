using System.Globalization;

namespace WorkflowEngine.Crash.Tests;

/// <summary>How often a protocol is repeated: shortly in the suite, long with <c>--long</c>. <c>CRASH_SEED</c> repeats one run's moments.</summary>
internal static class Rounds
{
    public static bool IsLong => Environment.GetEnvironmentVariable("CRASH_LONG") == "1";

    public static int Of(int few, int many) => IsLong ? many : few;

    public static int Seed() => int.TryParse(Environment.GetEnvironmentVariable("CRASH_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : Environment.TickCount;

    /// <summary>For example <c>p50 12, p99 40, max 41</c>.</summary>
    public static string Describe(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"p50 {At(0.5):0.#}, p99 {At(0.99):0.#}, max {sorted[^1]:0.#} (n = {sorted.Length})");

        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }
}
