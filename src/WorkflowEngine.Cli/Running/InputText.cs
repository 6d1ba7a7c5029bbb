using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>Inputs and variables as they are typed on a command line.</summary>
internal static class InputText
{
    /// <summary><c>-</c> is stdin; what is JSON is taken as JSON, anything else as the name of a file that holds JSON. Null stays null.</summary>
    /// <exception cref="UsageException">It is neither, or not JSON.</exception>
    public static DataPacket? Read(string? option)
    {
        if (option is null)
        {
            return null;
        }

        if (option == "-")
        {
            return Parse(Console.In.ReadToEnd(), "the input on stdin");
        }

        return TryJson(option, out _) || !File.Exists(option) && LooksLikeJson(option)
            ? Parse(option, "--input")
            : File.Exists(option) ? Parse(FlowFile.ReadText(option), option) : throw new UsageException($"--input '{option}' is neither JSON nor a file.");
    }

    /// <summary>Variables by name: <c>k=v</c> takes the type of the flow's default, else is a string; <c>k:=JSON</c> is raw JSON. The last of a name wins.</summary>
    /// <exception cref="UsageException">A text has another form, is a slip of a declared name, or does not fit the declared type.</exception>
    public static Dictionary<string, JsonElement> Variables(IReadOnlyList<string> texts, FlowDefinition flow)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || text.StartsWith(":=", StringComparison.Ordinal))
            {
                throw new UsageException($"--var '{text}' has no name; write k=v, or k:=JSON.");
            }

            var isRaw = text[equals - 1] == ':';
            var name = text[..(isRaw ? equals - 1 : equals)];
            var value = text[(equals + 1)..];
            RefuseSlip(name, flow);
            variables[name] = isRaw ? Json(name, value) : Typed(name, value, flow);
        }

        return variables;
    }

    /// <summary>A value as JSON.</summary>
    /// <exception cref="UsageException">It is not JSON.</exception>
    public static JsonElement Value(string text)
        => TryJson(text, out var element) ? element : throw new UsageException($"'{text}' is not JSON.");

    /// <summary>A flow may use a variable that it does not declare. A name that it neither declares nor mentions, but that is nearly a declared one, is a slip.</summary>
    private static void RefuseSlip(string name, FlowDefinition flow)
    {
        if (!flow.Variables.ContainsKey(name) && NearestName.Find(name, flow.Variables.Keys) is { } nearest && !flow.ToJson().Contains($"variables.{name}", StringComparison.Ordinal))
        {
            throw new UsageException($"--var {name}: flow '{flow.Id}' has no variable of that name. Did you mean '{nearest}'?");
        }
    }

    private static JsonElement Typed(string name, string value, FlowDefinition flow)
    {
        var declared = flow.Variables.TryGetValue(name, out var found) ? found.ValueKind : JsonValueKind.String;
        if (declared is JsonValueKind.String or JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return WorkflowJson.ToElement(value);
        }

        var json = TryJson(value.Trim(), out var element) ? element.ValueKind : JsonValueKind.Undefined;
        var fits = declared is JsonValueKind.True or JsonValueKind.False ? json is JsonValueKind.True or JsonValueKind.False : json == declared;
        return fits ? element : throw new UsageException($"--var {name}: '{value}' is no {WordOf(declared)}, which the flow's default is. Write {name}:=JSON for another type.");
    }

    private static JsonElement Json(string name, string value)
        => TryJson(value, out var element) ? element : throw new UsageException($"--var {name}: '{value}' is not JSON.");

    private static bool TryJson(string text, out JsonElement element)
    {
        try
        {
            element = JsonElement.Parse(text, WorkflowJson.Document);
            return true;
        }
        catch (JsonException)
        {
            element = default;
            return false;
        }
    }

    private static DataPacket Parse(string text, string source)
    {
        try
        {
            return DataPacket.Parse(text);
        }
        catch (DataPacketException error)
        {
            throw new UsageException($"{source}: {error.Message}");
        }
    }

    private static bool LooksLikeJson(string text) => text.TrimStart() is ['{' or '[' or '"', ..];

    private static string WordOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => "number",
        JsonValueKind.Array => "array",
        _ => "object",
    };
}
