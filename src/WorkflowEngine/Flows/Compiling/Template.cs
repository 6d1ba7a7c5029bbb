using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>JSON with <c>{{ expression }}</c> in its strings, parsed once. JSON without any renders to itself at no cost.</summary>
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
    public static Template Compile(JsonElement source, string path, ExpressionNames names, List<FlowDiagnostic> diagnostics)
    {
        var compiler = new TreeCompiler(names, diagnostics);
        var root = compiler.Compile(source, path);
        return new Template(source, root is ConstantLeaf ? null : root, [.. compiler.Lookups.Values]);
    }

    /// <summary>True when some string inside has an expression.</summary>
    public static bool IsIn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Contains(TemplateText.Open, StringComparison.Ordinal),
        JsonValueKind.Object => value.EnumerateObject().Any(member => IsIn(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(IsIn),
        _ => false,
    };

    /// <summary>
    /// The JSON with every expression replaced by its value; a string that is one whole expression takes the value's type. Inside other text, strings stand as they are,
    /// anything else as JSON.
    /// </summary>
    /// <exception cref="StepFailedException">An expression has no value, or the whole is too large; reason <c>expression_failed</c>, not retryable.</exception>
    public JsonElement Render(IExpressionScope scope)
    {
        if (_root is null)
        {
            return Source;
        }

        if (_root is ExpressionLeaf whole)
        {
            return whole.Evaluate(scope);
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = WorkflowJson.Default.Encoder }))
        {
            _root.Write(writer, scope);
        }

        return JsonElement.Parse(buffer.WrittenSpan, Rendered);
    }

    private static void RefuseAbove(long bytes)
    {
        if (bytes > Evaluation.MaxBytes)
        {
            throw new StepFailedException(Reasons.ExpressionFailed, $"Filled in, the templates have more than {Evaluation.MaxBytes / (1024 * 1024)} MB.", retryable: false);
        }
    }

    private sealed class TreeCompiler(ExpressionNames names, List<FlowDiagnostic> diagnostics)
    {
        public OrderedDictionary<string, IReadOnlyList<string>> Lookups { get; } = new(StringComparer.Ordinal);

        public Node Compile(JsonElement element, string path) => element.ValueKind switch
        {
            JsonValueKind.String => CompileText(element, path),
            JsonValueKind.Object => CompileObject(element, path),
            JsonValueKind.Array => CompileArray(element, path),
            _ => new ConstantLeaf(element),
        };

        private Node CompileText(JsonElement element, string path)
        {
            var text = element.GetString()!;
            if (!text.Contains(TemplateText.Open, StringComparison.Ordinal))
            {
                return new ConstantLeaf(element);
            }

            var parts = new TemplateText(text, path, names, diagnostics).Parse();
            foreach (var lookup in parts.Select(part => part.Expression).OfType<CompiledExpression>().SelectMany(expression => expression.Lookups))
            {
                Lookups.TryAdd(string.Join('\0', lookup), lookup);
            }

            return parts is [{ Expression: { } whole }] ? new ExpressionLeaf(whole) : new TextLeaf(parts);
        }

        private Node CompileObject(JsonElement element, string path)
        {
            var members = element.EnumerateObject().Select(member => (member.Name, Node: Compile(member.Value, path + JsonPath.Member(member.Name)))).ToArray();
            return Array.TrueForAll(members, member => member.Node is ConstantLeaf) ? new ConstantLeaf(element) : new ObjectBranch(members);
        }

        private Node CompileArray(JsonElement element, string path)
        {
            var elements = element.EnumerateArray().Select((item, index) => Compile(item, path + JsonPath.Element(index))).ToArray();
            return Array.TrueForAll(elements, item => item is ConstantLeaf) ? new ConstantLeaf(element) : new ArrayBranch(elements);
        }
    }

    private abstract class Node
    {
        public abstract void Write(Utf8JsonWriter writer, IExpressionScope scope);
    }

    private sealed class ConstantLeaf(JsonElement value) : Node
    {
        public override void Write(Utf8JsonWriter writer, IExpressionScope scope) => value.WriteTo(writer);
    }

    private sealed class ExpressionLeaf(CompiledExpression expression) : Node
    {
        public JsonElement Evaluate(IExpressionScope scope) => expression.Evaluate(scope);

        public override void Write(Utf8JsonWriter writer, IExpressionScope scope)
        {
            var json = JsonMarshal.GetRawUtf8Value(Evaluate(scope));
            RefuseAbove(writer.BytesCommitted + writer.BytesPending + json.Length);
            writer.WriteRawValue(json, skipInputValidation: true);
        }
    }

    private sealed class TextLeaf(IReadOnlyList<TemplatePart> parts) : Node
    {
        public override void Write(Utf8JsonWriter writer, IExpressionScope scope)
        {
            var text = new StringBuilder();
            foreach (var part in parts)
            {
                text.Append(part.Expression?.EvaluateText(scope) ?? part.Text);
                RefuseAbove(writer.BytesCommitted + writer.BytesPending + text.Length);
            }

            writer.WriteStringValue(text.ToString());
        }
    }

    private sealed class ObjectBranch((string Name, Node Node)[] members) : Node
    {
        public override void Write(Utf8JsonWriter writer, IExpressionScope scope)
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

    private sealed class ArrayBranch(Node[] elements) : Node
    {
        public override void Write(Utf8JsonWriter writer, IExpressionScope scope)
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
