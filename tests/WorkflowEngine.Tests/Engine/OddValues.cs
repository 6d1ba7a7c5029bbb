using System.Collections;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Values that no store can keep, by name.</summary>
internal static class OddValues
{
    public static readonly string[] Names = ["nan", "infinity", "half_a_pair", "half_a_pair_as_name", "cycle", "too_deep", "pointer", "delegate", "getter_that_throws", "sequence_that_throws"];

    public static object Make(string name) => name switch
    {
        "nan" => double.NaN,
        "infinity" => new { Value = float.PositiveInfinity },
        "half_a_pair" => new[] { "fine", "bro\ud83dken" },
        "half_a_pair_as_name" => new Dictionary<string, int> { ["\ude00"] = 1 },
        "cycle" => Cycle(),
        "too_deep" => Deep(200),
        "pointer" => new { Value = (IntPtr)5 },
        "delegate" => new { Value = (Action)(() => { }) },
        "getter_that_throws" => new Moody(),
        "sequence_that_throws" => Enumerable.Range(0, 3).Select(number => 6 / (number - 2)),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static Dictionary<string, object> Cycle()
    {
        var cycle = new Dictionary<string, object>();
        cycle["self"] = cycle;
        return cycle;
    }

    private static object Deep(int levels) => levels == 0 ? 1 : new[] { Deep(levels - 1) };

    private sealed class Moody
    {
        public int Good => 1;

        public int Bad => throw new TimeZoneNotFoundException("not today");
    }
}

/// <summary>A sequence without an end that counts what was taken of it: some kilobyte each.</summary>
internal sealed class Endless : IEnumerable<string>
{
    public const int BytesEach = 1000;

    private static readonly string Text = new('x', BytesEach);

    private int _taken;

    public long Bytes => (long)_taken * BytesEach;

    public IEnumerator<string> GetEnumerator()
    {
        while (true)
        {
            _taken++;
            yield return Text;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
