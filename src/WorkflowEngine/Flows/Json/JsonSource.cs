using System.Buffers;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>The bytes of a flow document: bounded, parsed, and asked again for line numbers only when there is something to say about them.</summary>
internal sealed class JsonSource
{
    /// <summary>Larger documents are refused unread.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private static readonly JsonDocumentOptions Lenient = new()
    {
        MaxDepth = WorkflowJson.MaxDepth,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    private static readonly JsonReaderOptions Tokens = new()
    {
        MaxDepth = WorkflowJson.MaxDepth,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    private readonly byte[] _bytes;

    private JsonSource(byte[] bytes) => _bytes = bytes;

    /// <summary>Null, with a diagnostic, when the text is too large.</summary>
    public static JsonSource? Open(string json, List<FlowDiagnostic> diagnostics)
    {
        var text = json.AsSpan().TrimStart('\uFEFF');
        if (text.Length > MaxBytes || Encoding.UTF8.GetByteCount(text) > MaxBytes)
        {
            diagnostics.Report(FlowProblems.TooLarge, null, $"The document is larger than {MaxBytes / 1024 / 1024} MB.");
            return null;
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return new JsonSource(bytes);
    }

    /// <summary>The document without comments and trailing commas; null, with a diagnostic, when it is not JSON. Duplicate members are reported, and the last one is read.</summary>
    public JsonElement? Parse(List<FlowDiagnostic> diagnostics)
    {
        try
        {
            return !HasBrokenText(diagnostics) ? JsonElement.Parse(_bytes, WorkflowJson.Document) : null;
        }
        catch (JsonException)
        {
            // Plain JSON was hoped for; the rest of the dialect takes the longer way.
            return ParseLenient(diagnostics);
        }
    }

    /// <summary>Puts a line on every diagnostic that has a path but no line: that of the place itself, or of the nearest place around it.</summary>
    public void AddLines(List<FlowDiagnostic> diagnostics)
    {
        if (!diagnostics.Exists(problem => problem is { Line: null, Path: not null }))
        {
            return;
        }

        var places = new JsonLines(diagnostics.Select(problem => problem.Path).OfType<string>());
        places.Locate(_bytes, Tokens);
        for (var position = 0; position < diagnostics.Count; position++)
        {
            if (diagnostics[position] is { Line: null, Path: { } path } problem)
            {
                diagnostics[position] = problem with { Line = places.LineOf(path) };
            }
        }
    }

    private JsonElement? ParseLenient(List<FlowDiagnostic> diagnostics)
    {
        try
        {
            var root = JsonElement.Parse(_bytes, Lenient);
            ReportDuplicates(diagnostics);

            // Values of this document are stored with jobs as they stand, so comments must not stay inside them.
            var clean = new ArrayBufferWriter<byte>(_bytes.Length);
            using (var writer = new Utf8JsonWriter(clean, new JsonWriterOptions { SkipValidation = true, Encoder = WorkflowJson.Default.Encoder }))
            {
                root.WriteTo(writer);
            }

            return JsonElement.Parse(clean.WrittenSpan, Lenient);
        }
        catch (JsonException error)
        {
            var line = error.LineNumber is { } zeroBased ? (int)zeroBased + 1 : (int?)null;
            var message = error.Message.Split(" LineNumber:", 2)[0];
            diagnostics.Add(new FlowDiagnostic(FlowProblems.BadJson, $"The document is not JSON: {message} (position {error.BytePositionInLine + 1} of the line)", null, line));
            return null;
        }
    }

    /// <summary>Half a surrogate pair, written as an escape, is no text: nothing could be compared with it or stored.</summary>
    private bool HasBrokenText(List<FlowDiagnostic> diagnostics)
    {
        if (_bytes.AsSpan().IndexOf("\\u"u8) < 0)
        {
            return false;
        }

        var reader = new Utf8JsonReader(_bytes, Tokens);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
            {
                continue;
            }

            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException)
            {
                var line = 1 + _bytes.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n');
                diagnostics.Add(new FlowDiagnostic(FlowProblems.BadJson, "A text has half of a surrogate pair in an escape such as \\ud800.", null, line));
                return true;
            }
        }

        return false;
    }

    private void ReportDuplicates(List<FlowDiagnostic> diagnostics)
    {
        var reader = new Utf8JsonReader(_bytes, Tokens);
        var objects = new Stack<HashSet<string>>();
        var lines = new LineCount(_bytes);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                objects.Push(new HashSet<string>(StringComparer.Ordinal));
            }
            else if (reader.TokenType == JsonTokenType.EndObject)
            {
                objects.Pop();
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.GetString() is { } name && !objects.Peek().Add(name))
            {
                var message = $"The member {FlowProblems.Quote(name)} is there twice in the same object; keep one.";
                diagnostics.Add(new FlowDiagnostic(FlowProblems.DuplicateMember, message, null, lines.At((int)reader.TokenStartIndex)));
            }
        }
    }
}
