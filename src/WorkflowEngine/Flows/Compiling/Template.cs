using System.Buffers;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>JSON with <c>{{ name.path }}</c> look-ups, parsed once. Text without any renders to itself at no cost.</summary>
internal sealed class Template
{
    // Both the template and a value that it takes in may be as deep as a document may be.
    private static readonly JsonDocumentOptions Rendered = new() { MaxDepth = 4 * WorkflowJson.MaxDepth };

    private readonly Node? _root;

    private Template(JsonElement source, Node? root, IReadOnlyList<IReadOnlyList<string>> lookups)
    {
        Source = source;
        _root = root;
        Lookups = lookups;
    }

    /// <summary>The JSON as declared.</summary>
    public JsonElement Source { get; }

    public bool IsConstant => _root is null;

    /// <summary>The paths that are looked up, each once, in order of their appearance: for example <c>["steps", "fetch", "output"]</c>.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Lookups { get; }

    /// <summary>Parses every string of <paramref name="source"/>; what is wrong is added to <paramref name="diagnostics"/> with its path below <paramref name="path"/>.</summary>
    public static Template Compile(JsonElement source, string path, List<FlowDiagnostic> diagnostics)
    {
        var compiler = new TreeCompiler(diagnostics);
        var root = compiler.Compile(source, path);
        return new Template(source, root is ConstantNode ? null : root, [.. compiler.Lookups.Values]);
    }

    /// <summary>True when some string inside has a template.</summary>
    public static bool IsIn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Contains(TemplateText.Open, StringComparison.Ordinal),
        JsonValueKind.Object => value.EnumerateObject().Any(member => IsIn(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(IsIn),
        _ => false,
    };

    /// <summary>
    /// The JSON with every look-up replaced; a string that is one whole look-up takes the value's type. Inside other text, scalars stand as text (null as <c>null</c>),
    /// objects and arrays as JSON.
    /// </summary>
    /// <exception cref="StepFailedException">A name is not there; reason <c>expression_failed</c>, not retryable.</exception>
    public JsonElement Render(ITemplateScope scope)
    {
        if (_root is null)
        {
            return Source;
        }

        if (_root is LookupNode whole)
        {
            return whole.Resolve(scope);
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = WorkflowJson.Default.Encoder }))
        {
            _root.Write(writer, scope);
        }

        return JsonElement.Parse(buffer.WrittenSpan, Rendered);
    }

    private static JsonElement Resolve(ITemplateScope scope, IReadOnlyList<string> path)
        => scope.TryResolve(path, out var value) && value.ValueKind != JsonValueKind.Undefined
            ? value
            : throw new StepFailedException(Reasons.ExpressionFailed, $"There is no value for {{{{ {string.Join('.', path)} }}}}.", retryable: false);

    private sealed class TreeCompiler(List<FlowDiagnostic> diagnostics)
    {
        public OrderedDictionary<string, IReadOnlyList<string>> Lookups { get; } = new(StringComparer.Ordinal);

        public Node Compile(JsonElement element, string path) => element.ValueKind switch
        {
            JsonValueKind.String => CompileText(element, path),
            JsonValueKind.Object => CompileObject(element, path),
            JsonValueKind.Array => CompileArray(element, path),
            _ => new ConstantNode(element),
        };

        private Node CompileText(JsonElement element, string path)
        {
            var text = element.GetString()!;
            if (!text.Contains(TemplateText.Open, StringComparison.Ordinal))
            {
                return new ConstantNode(element);
            }

            var parts = new TemplateText(text, path, diagnostics).Parse();
            foreach (var lookup in parts.Select(part => part.Lookup).OfType<IReadOnlyList<string>>())
            {
                Lookups.TryAdd(string.Join('\0', lookup), lookup);
            }

            return parts is [{ Lookup: { } whole }] ? new LookupNode(whole) : new TextNode(parts);
        }

        private Node CompileObject(JsonElement element, string path)
        {
            var members = element.EnumerateObject().Select(member => (member.Name, Node: Compile(member.Value, path + JsonPath.Member(member.Name)))).ToArray();
            return Array.TrueForAll(members, member => member.Node is ConstantNode) ? new ConstantNode(element) : new ObjectNode(members);
        }

        private Node CompileArray(JsonElement element, string path)
        {
            var elements = element.EnumerateArray().Select((item, index) => Compile(item, path + JsonPath.Element(index))).ToArray();
            return Array.TrueForAll(elements, item => item is ConstantNode) ? new ConstantNode(element) : new ArrayNode(elements);
        }
    }

    private abstract class Node
    {
        public abstract void Write(Utf8JsonWriter writer, ITemplateScope scope);
    }

    private sealed class ConstantNode(JsonElement value) : Node
    {
        public override void Write(Utf8JsonWriter writer, ITemplateScope scope) => value.WriteTo(writer);
    }

    private sealed class LookupNode(IReadOnlyList<string> path) : Node
    {
        public JsonElement Resolve(ITemplateScope scope) => Template.Resolve(scope, path);

        public override void Write(Utf8JsonWriter writer, ITemplateScope scope) => Resolve(scope).WriteTo(writer);
    }

    private sealed class TextNode(IReadOnlyList<TemplatePart> parts) : Node
    {
        public override void Write(Utf8JsonWriter writer, ITemplateScope scope)
        {
            var text = new StringBuilder();
            foreach (var part in parts)
            {
                if (part.Lookup is null)
                {
                    text.Append(part.Text);
                    continue;
                }

                var value = Resolve(scope, part.Lookup);
                text.Append(value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText());
            }

            writer.WriteStringValue(text.ToString());
        }
    }

    private sealed class ObjectNode((string Name, Node Node)[] members) : Node
    {
        public override void Write(Utf8JsonWriter writer, ITemplateScope scope)
        {
            writer.WriteStartObject();
            foreach (var (name, node) in members)
            {
                writer.WritePropertyName(name);
                node.Write(writer, scope);
            }

            writer.WriteEndObject();
        }
    }

    private sealed class ArrayNode(Node[] elements) : Node
    {
        public override void Write(Utf8JsonWriter writer, ITemplateScope scope)
        {
            writer.WriteStartArray();
            foreach (var element in elements)
            {
                element.Write(writer, scope);
            }

            writer.WriteEndArray();
        }
    }
}
