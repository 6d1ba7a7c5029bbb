using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>What a variable is for (S20).</summary>
[JsonConverter(typeof(VariableKindForm))]
public enum VariableKind
{
    /// <summary>Given from outside.</summary>
    Input,

    /// <summary>A result.</summary>
    Output,

    /// <summary>Working state.</summary>
    Intermediate,

    /// <summary>A setting, usually a flow's default.</summary>
    Configuration,

    /// <summary>Masked in logs, events, exports and every interface.</summary>
    Secret,
}

internal sealed class VariableKindForm() : JsonStringEnumConverter<VariableKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary>A named JSON value of a job.</summary>
/// <param name="Name">1 to 128 characters: a letter or underscore, then letters, digits, underscores.</param>
/// <param name="Value">Any JSON.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="SourceStep">The path of the step that wrote it; null when it came from outside.</param>
public sealed record JobVariable(string Name, JsonElement Value, VariableKind Kind, string? SourceStep)
{
    /// <summary>No variables.</summary>
    public static ImmutableDictionary<string, JobVariable> None { get; } = ImmutableDictionary.Create<string, JobVariable>(StringComparer.Ordinal);

    /// <summary>True for a legal name.</summary>
    public static bool IsName(string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > 128 || !(char.IsAsciiLetter(name[0]) || name[0] == '_'))
        {
            return false;
        }

        foreach (var letter in name)
        {
            if (!(char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            {
                return false;
            }
        }

        return true;
    }
}
