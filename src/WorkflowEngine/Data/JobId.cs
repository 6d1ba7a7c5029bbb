using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>The identity of a job: a version-7 GUID, so that ids sort by creation time and never collide between machines.</summary>
/// <param name="Value">The GUID.</param>
[JsonConverter(typeof(JsonForm))]
public readonly record struct JobId(Guid Value) : IComparable<JobId>, ISpanParsable<JobId>
{
    /// <summary>Makes a new id whose leading bits are <paramref name="timestamp"/>.</summary>
    public static JobId New(DateTimeOffset timestamp) => new(Guid.CreateVersion7(timestamp));

    /// <inheritdoc/>
    public int CompareTo(JobId other) => Value.CompareTo(other.Value);

    /// <summary>The id as 36 lower-case characters, the only form used in JSON, SQL, logs and URLs.</summary>
    public override string ToString() => Value.ToString("D");

    /// <summary>Reads the 36-character form.</summary>
    /// <exception cref="FormatException">The text is not a GUID.</exception>
    public static JobId Parse(string s) => new(Guid.ParseExact(s, "D"));

    /// <summary>Reads the 36-character form; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, out JobId result)
    {
        var parsed = Guid.TryParseExact(s, "D", out var value);
        result = new JobId(value);
        return parsed;
    }

    static JobId IParsable<JobId>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<JobId>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out JobId result) => TryParse(s, out result);

    static JobId ISpanParsable<JobId>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => new(Guid.ParseExact(s, "D"));

    static bool ISpanParsable<JobId>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out JobId result)
    {
        var parsed = Guid.TryParseExact(s, "D", out var value);
        result = new JobId(value);
        return parsed;
    }

    /// <summary>Orders ids by creation time.</summary>
    public static bool operator <(JobId left, JobId right) => left.CompareTo(right) < 0;

    /// <summary>Orders ids by creation time.</summary>
    public static bool operator >(JobId left, JobId right) => left.CompareTo(right) > 0;

    /// <summary>Orders ids by creation time.</summary>
    public static bool operator <=(JobId left, JobId right) => left.CompareTo(right) <= 0;

    /// <summary>Orders ids by creation time.</summary>
    public static bool operator >=(JobId left, JobId right) => left.CompareTo(right) >= 0;

    internal sealed class JsonForm : JsonConverter<JobId>
    {
        public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetGuid());

        public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
