using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Configuration values as the plain text that processes and headers want.</summary>
internal static class ConfigText
{
    /// <summary>A string as it is, another scalar as JSON writes it, null as nothing, anything else as JSON.</summary>
    public static string Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        _ => value.GetRawText(),
    };

    /// <summary>The text, when it is there.</summary>
    /// <exception cref="StepFailedException">It is missing or blank.</exception>
    public static string Required(string? text, string member)
        => string.IsNullOrWhiteSpace(text) ? throw Invalid($"'{member}' is missing or empty.") : text;

    public static StepFailedException Invalid(string message, Exception? inner = null) => new(Reasons.InvalidConfig, message, retryable: false, inner);
}
