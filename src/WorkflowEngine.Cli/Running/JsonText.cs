using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>JSON as <c>wf</c> prints it: indented, snake_case, absent values as null.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Printed = new(WorkflowJson.Default) { WriteIndented = true };

    public static string Of<T>(T value) => JsonSerializer.Serialize(value, Printed);

    /// <summary>A text for people on one line: what is no printable character becomes a blank.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
}
