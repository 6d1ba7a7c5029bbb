using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>Text as JSON. Half of a surrogate pair is no text: the serializer would put another character in its place without a word, so it is refused.</summary>
internal sealed class SoundText : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(Checked(value));

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString()!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
        => writer.WritePropertyName(Checked(options.DictionaryKeyPolicy?.ConvertName(value) ?? value));

    private static string Checked(string text)
    {
        BoundedJson.Expect(text);
        var first = text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff');
        return first < 0 || IsSound(text.AsSpan(first)) ? text : throw new JsonException("A text has half of a surrogate pair, which is no character.");
    }

    private static bool IsSound(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            text = text[length..];
        }

        return true;
    }
}
