using System.Globalization;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine.Tests.Data;

/// <summary>Random JSON texts and packets from a seed.</summary>
internal sealed class RandomJson(int seed)
{
    private static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-0", "1.0", "1e308", "-1E-7", "12345678901234567890", "0.1000", "\"\"", "\"ä\\u00e4\\ud83d\\ude00\"", "\"//*,]\"", "\"\\\"\\\\\\n\"", "\"<&'>\"",
    ];

    private readonly Random _random = new(seed);

    public DataPacket Packet() => DataPacket.Wrap([.. Enumerable.Range(0, _random.Next(6)).Select(_ => Item())]);

    public string Text(int depth)
    {
        var text = new StringBuilder();
        Append(text, depth);
        return text.ToString();
    }

    private DataItem Item()
    {
        var members = new StringBuilder("{");
        AppendMembers(members, 2);
        var timestamp = _random.Next(3) == 0 ? default : new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.FromMinutes(_random.Next(-840, 840))).AddTicks(_random.NextInt64(1L << 52));
        var origin = _random.Next(3) switch { 0 => null, 1 => "", _ => "each[3].räsize\"" };
        return new DataItem($"tü\"{_random.Next(9)}", JsonElement.Parse(Text(4)), JsonElement.Parse(members.Append('}').ToString()), timestamp, origin, origin is null ? 0 : _random.Next());
    }

    private void Append(StringBuilder text, int depth)
    {
        switch (depth == 0 ? 0 : _random.Next(4))
        {
            case 1:
                text.Append('{');
                AppendMembers(text, depth);
                text.Append(Blank()).Append('}');
                break;
            case 2:
                text.Append('[').AppendJoin(',', Enumerable.Range(0, _random.Next(5)).Select(_ => Text(depth - 1))).Append(Blank()).Append(']');
                break;
            default:
                text.Append(Scalars[_random.Next(Scalars.Length)]);
                break;
        }
    }

    private void AppendMembers(StringBuilder text, int depth)
        => text.AppendJoin(',', Enumerable.Range(0, _random.Next(5)).Select(i => string.Create(CultureInfo.InvariantCulture, $"{Blank()}\"k{i}\":{Blank()}{Text(depth - 1)}")));

    private string Blank() => _random.Next(4) switch { 0 => " ", 1 => "\n\t", _ => "" };
}
