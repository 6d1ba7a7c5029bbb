using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// One JSON object of a flow document, read member by member. A member that is absent or null gives null; one of the wrong type is reported with its path
/// and gives null too, so that reading goes on and finds the rest.
/// </summary>
internal readonly struct MemberReader
{
    private readonly JsonElement _element;
    private readonly List<FlowDiagnostic> _diagnostics;

    private MemberReader(JsonElement element, string path, List<FlowDiagnostic> diagnostics)
    {
        _element = element;
        Path = path;
        _diagnostics = diagnostics;
    }

    public string Path { get; }

    /// <summary>Opens an object and reports its unknown members; null, with a diagnostic, when it is no object. Members named <c>x-…</c> are the author's own.</summary>
    public static MemberReader? Open(JsonElement element, string path, List<FlowDiagnostic> diagnostics, IReadOnlyCollection<string> known)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            WrongType(diagnostics, path, "an object", element);
            return null;
        }

        foreach (var member in element.EnumerateObject())
        {
            var name = member.Name;
            if (!known.Contains(name) && !name.StartsWith("x-", StringComparison.Ordinal))
            {
                diagnostics.Report(FlowProblems.UnknownMember, path + JsonPath.Member(name), $"There is no member {FlowProblems.Quote(name)} here.{diagnostics.Hint(name, known)}");
            }
        }

        return new MemberReader(element, path, diagnostics);
    }

    public static void WrongType(List<FlowDiagnostic> diagnostics, string path, string wanted, JsonElement found)
        => diagnostics.Report(FlowProblems.WrongType, path, $"This must be {wanted}, not {Describe(found.ValueKind)}.");

    public string PathOf(string name) => Path + JsonPath.Member(name);

    /// <summary>Any JSON; null when absent or null.</summary>
    public JsonElement? Json(string name)
        => _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonElement? Json(string name, JsonValueKind kind, string wanted)
    {
        if (Json(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == kind)
        {
            return value;
        }

        WrongType(_diagnostics, PathOf(name), wanted, value);
        return null;
    }

    public string? Text(string name) => Json(name, JsonValueKind.String, "a text")?.GetString();

    /// <summary>A text that must be there; the empty text, with a diagnostic, when it is not.</summary>
    public string Required(string name)
    {
        if (Json(name) is null)
        {
            _diagnostics.Report(FlowProblems.MissingMember, PathOf(name), $"The member '{name}' is missing.");
        }

        return Text(name) ?? string.Empty;
    }

    public bool? Flag(string name)
    {
        if (Json(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        WrongType(_diagnostics, PathOf(name), "true or false", value);
        return null;
    }

    public double? Number(string name) => Json(name, JsonValueKind.Number, "a number")?.GetDouble();

    public int? Integer(string name)
    {
        if (Json(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
        {
            return number;
        }

        WrongType(_diagnostics, PathOf(name), "a whole number of at most 32 bits", value);
        return null;
    }

    public TimeSpan? Time(string name)
    {
        if (Json(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            WrongType(_diagnostics, PathOf(name), $"a duration in quotes, written {Duration.Forms}", value);
        }
        else if (Duration.TryParse(value.GetString(), out var duration))
        {
            return duration;
        }
        else
        {
            _diagnostics.Report(FlowProblems.BadDuration, PathOf(name), $"{FlowProblems.Quote(value.GetString())} is no duration; write {Duration.Forms}.");
        }

        return null;
    }

    /// <summary>One of the snake_case words of an enum.</summary>
    public T? Word<T>(string name) where T : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var words = Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName).ToArray();
        var position = Array.IndexOf(words, text);
        if (position >= 0)
        {
            return Enum.GetValues<T>()[position];
        }

        _diagnostics.Report(FlowProblems.BadWord, PathOf(name), $"{FlowProblems.Quote(text)} is not one of {string.Join(", ", words)}.{_diagnostics.Hint(text, words)}");
        return null;
    }

    /// <summary>The elements of an array with their paths; none when it is absent.</summary>
    public IEnumerable<(JsonElement Element, string Path)> List(string name)
    {
        if (Json(name, JsonValueKind.Array, "an array") is not { } array)
        {
            yield break;
        }

        var path = PathOf(name);
        var index = 0;
        foreach (var element in array.EnumerateArray())
        {
            yield return (element, path + JsonPath.Element(index++));
        }
    }

    /// <summary>The object in a member; null when absent or of the wrong type.</summary>
    public MemberReader? Object(string name, IReadOnlyCollection<string> known)
        => Json(name) is { } value ? Open(value, PathOf(name), _diagnostics, known) : null;

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "this number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
