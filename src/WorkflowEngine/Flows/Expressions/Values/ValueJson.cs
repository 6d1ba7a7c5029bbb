using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Values as JSON and as text.</summary>
internal static class ValueJson
{
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 4 * WorkflowJson.MaxDepth };
    private static readonly JsonWriterOptions Writing = new() { SkipValidation = true, Encoder = WorkflowJson.Default.Encoder };

    /// <summary>The value as JSON; what came from JSON is that very JSON. False when it is larger than <see cref="Evaluation.MaxBytes"/>.</summary>
    public static bool TryToElement(in ExpressionValue value, out JsonElement element)
    {
        if (value.Json.ValueKind != JsonValueKind.Undefined || value.Type == ExpressionType.Null)
        {
            element = value.Type == ExpressionType.Null ? WorkflowJson.Null : value.Json;
            return true;
        }

        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes, Writing);
        element = default;
        if (!TryWrite(writer, value))
        {
            return false;
        }

        writer.Flush();
        element = JsonElement.Parse(bytes.WrittenSpan, Reading);
        return true;
    }

    /// <summary>Writes the value; false, with an unfinished document, as soon as there are more than <see cref="Evaluation.MaxBytes"/>.</summary>
    public static bool TryWrite(Utf8JsonWriter writer, in ExpressionValue value)
    {
        if (value.Json.ValueKind != JsonValueKind.Undefined)
        {
            return TryWriteRaw(writer, JsonMarshal.GetRawUtf8Value(value.Json));
        }

        switch (value.Type)
        {
            case ExpressionType.List:
                return TryWriteList(writer, value);
            case ExpressionType.Map:
                return TryWriteMap(writer, value);
            case ExpressionType.Null or ExpressionType.Bool or ExpressionType.Int or ExpressionType.Double:
                return TryWriteRaw(writer, Encoding.UTF8.GetBytes(ToText(value)));
            default:
                var text = ToText(value);
                if (!HasRoom(writer, text.Length))
                {
                    return false;
                }

                writer.WriteStringValue(text);
                return true;
        }
    }

    /// <summary>
    /// A scalar as text: a string as it is, the others as JSON writes them. A double always shows that it is one, so that it is read back as one.
    /// A timestamp is RFC 3339 in UTC, a duration counts seconds: <c>90.5s</c>.
    /// </summary>
    public static string ToText(in ExpressionValue value)
    {
        if (value.Type != ExpressionType.String && value.Json.ValueKind != JsonValueKind.Undefined)
        {
            return value.Json.GetRawText();
        }

        return value.Type switch
        {
            ExpressionType.Null => "null",
            ExpressionType.Bool => value.IsTrue ? "true" : "false",
            ExpressionType.Int => value.Int.ToString(CultureInfo.InvariantCulture),
            ExpressionType.Double => OfDouble(value.Double),
            ExpressionType.Timestamp => new DateTime(value.Ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
            ExpressionType.Duration => $"{((decimal)value.Ticks / TimeSpan.TicksPerSecond).ToString("0.#######", CultureInfo.InvariantCulture)}s",
            _ => value.Text,
        };
    }

    private static string OfDouble(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text : $"{text}.0";
    }

    private static bool TryWriteList(Utf8JsonWriter writer, in ExpressionValue list)
    {
        writer.WriteStartArray();
        foreach (var element in list.Elements())
        {
            if (!TryWrite(writer, element))
            {
                return false;
            }
        }

        writer.WriteEndArray();
        return HasRoom(writer, 0);
    }

    private static bool TryWriteMap(Utf8JsonWriter writer, in ExpressionValue map)
    {
        writer.WriteStartObject();
        foreach (var name in map.Names())
        {
            writer.WritePropertyName(name);
            if (!map.TryMember(name, out var member) || !TryWrite(writer, member))
            {
                return false;
            }
        }

        writer.WriteEndObject();
        return HasRoom(writer, 0);
    }

    private static bool TryWriteRaw(Utf8JsonWriter writer, ReadOnlySpan<byte> json)
    {
        if (!HasRoom(writer, json.Length))
        {
            return false;
        }

        writer.WriteRawValue(json, skipInputValidation: true);
        return true;
    }

    private static bool HasRoom(Utf8JsonWriter writer, long more) => writer.BytesCommitted + writer.BytesPending + more <= Evaluation.MaxBytes;
}
