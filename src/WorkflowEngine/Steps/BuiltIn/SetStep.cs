using System.Collections.Immutable;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>What <see cref="SetStep"/> writes.</summary>
internal sealed record SetConfig
{
    /// <summary>Variables by name: any JSON, or an object with exactly the members <c>value</c> and <c>kind</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>Engine data by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> EngineData { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>New items, the first being the newest: each an object with <c>type</c> and <c>content</c>, or any JSON, which becomes the content of an item of type <c>data</c>.</summary>
    public JsonElement? Items { get; init; }
}

/// <summary>Sets variables and engine data, and puts new items in front of its input. Without items it hands its input on.</summary>
internal sealed class SetStep : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<SetConfig>();
        foreach (var (name, value) in config.Variables ?? ImmutableDictionary<string, JsonElement>.Empty)
        {
            SetVariable(payload, name, value);
        }

        foreach (var (name, value) in config.EngineData ?? ImmutableDictionary<string, JsonElement>.Empty)
        {
            payload.SetEngineData(CheckedName(name), value);
        }

        return StepResult.Completed(config.Items is { } items ? WithItems(payload.Data, items) : payload.Data);
    }

    private static void SetVariable(StepPayload payload, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() != 2
            || !value.TryGetProperty("value", out var plain) || !value.TryGetProperty("kind", out var word))
        {
            payload.SetVariable(CheckedName(name), value);
            return;
        }

        payload.SetVariable(CheckedName(name), plain, KindOf(name, word));
    }

    private static VariableKind KindOf(string name, JsonElement word)
    {
        try
        {
            return word.Deserialize<VariableKind>(WorkflowJson.Default);
        }
        catch (JsonException error)
        {
            throw Invalid($"The kind of variable '{name}' must be one of input, output, intermediate, configuration, secret; it is {word.GetRawText()}.", error);
        }
    }

    private static DataPacket WithItems(DataPacket input, JsonElement items)
        => items.ValueKind == JsonValueKind.Array
            ? DataPacket.From([.. items.EnumerateArray().Select(ToItem), .. input])
            : throw Invalid($"'items' must be a list, not {items.ValueKind.ToString().ToLowerInvariant()}.");

    private static DataItem ToItem(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty("type", out var type) && json.TryGetProperty("content", out _)
            && type.ValueKind == JsonValueKind.String && DataPacket.FromInput(JsonElement.Parse($"[{json.GetRawText()}]")) is [var item])
        {
            return item;
        }

        return new DataItem("data", json);
    }

    private static string CheckedName(string name) => JobVariable.IsName(name)
        ? name
        : throw Invalid($"'{name}' is not a legal name: a letter or underscore, then letters, digits and underscores, at most 128.");

    private static StepFailedException Invalid(string message, Exception? inner = null) => new(Reasons.InvalidConfig, message, retryable: false, inner);
}
