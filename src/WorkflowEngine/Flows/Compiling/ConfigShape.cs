using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace WorkflowEngine;

/// <summary>
/// Compares a step's <c>config</c> with the record that the step reads it as, by the serializer's own metadata. Values with templates are not looked at, because
/// their shape is known only when the step runs.
/// </summary>
internal sealed class ConfigShape(JsonSerializerOptions options, List<FlowDiagnostic> diagnostics)
{
    public void Check(JsonElement config, Type type, string path, string stepId)
    {
        try
        {
            CheckValue(config, options.GetTypeInfo(type), path, stepId);
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException)
        {
            diagnostics.Report(FlowProblems.BadConfig, path, $"The config type {type.Name} cannot be read from JSON: {error.Message}", stepId);
        }
    }

    private void CheckValue(JsonElement value, JsonTypeInfo shape, string path, string stepId)
    {
        if (shape is { Kind: JsonTypeInfoKind.Object, PolymorphismOptions: null } && value.ValueKind == JsonValueKind.Object)
        {
            CheckMembers(value, shape, path, stepId);
        }
        else if (shape is { Kind: JsonTypeInfoKind.Dictionary, ElementType: { } memberType } && value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
            {
                CheckValue(member.Value, options.GetTypeInfo(memberType), path + JsonPath.Member(member.Name), stepId);
            }
        }
        else if (shape is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } elementType } && value.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var element in value.EnumerateArray())
            {
                CheckValue(element, options.GetTypeInfo(elementType), path + JsonPath.Element(index++), stepId);
            }
        }
        else if (!Template.IsIn(value))
        {
            CheckLeaf(value, shape, path, stepId);
        }
    }

    private void CheckMembers(JsonElement value, JsonTypeInfo shape, string path, string stepId)
    {
        var properties = new Dictionary<string, JsonPropertyInfo>(options.PropertyNameCaseInsensitive ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (var property in shape.Properties)
        {
            properties.TryAdd(property.Name, property);
        }

        var seen = new HashSet<JsonPropertyInfo>();
        foreach (var member in value.EnumerateObject())
        {
            if (properties.TryGetValue(member.Name, out var property))
            {
                seen.Add(property);
                CheckMember(member, property, path, stepId);
            }
            else if (!shape.Properties.Any(candidate => candidate.IsExtensionData))
            {
                var message = $"The config of this step type has no member {FlowProblems.Quote(member.Name)}.{diagnostics.Hint(member.Name, properties.Keys)}";
                diagnostics.Report(FlowProblems.BadConfig, path + JsonPath.Member(member.Name), message, stepId);
            }
        }

        foreach (var missing in shape.Properties.Where(property => property.IsRequired && !seen.Contains(property)))
        {
            diagnostics.Report(FlowProblems.BadConfig, path + JsonPath.Member(missing.Name), $"The config of this step type needs the member '{missing.Name}'.", stepId);
        }
    }

    private void CheckMember(JsonProperty member, JsonPropertyInfo property, string path, string stepId)
    {
        // A converter or number rule of the property itself cannot be applied apart from its owner; the step finds out when it reads its config.
        if (property is { CustomConverter: null, NumberHandling: null })
        {
            CheckValue(member.Value, options.GetTypeInfo(property.PropertyType), path + JsonPath.Member(member.Name), stepId);
        }
    }

    private void CheckLeaf(JsonElement value, JsonTypeInfo shape, string path, string stepId)
    {
        try
        {
            value.Deserialize(shape);
        }
        catch (Exception error) when (error is JsonException or FormatException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            var name = (Nullable.GetUnderlyingType(shape.Type) ?? shape.Type).Name;
            diagnostics.Report(FlowProblems.BadConfig, path, $"{FlowProblems.Quote(value.GetRawText())} cannot be read as {name}.", stepId);
        }
    }
}
