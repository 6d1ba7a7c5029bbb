using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>The JSON form of flows: comments and trailing commas are accepted; depth is bounded to 64 and size to 16 MB; duplicate members are refused.</summary>
internal static class FlowJson
{
    private const int VersionBytes = 8;

    private static readonly ConditionalWeakTable<FlowDefinition, string> Versions = [];

    /// <exception cref="FlowValidationException">With everything that reading alone can find.</exception>
    public static FlowDefinition Parse(string json)
    {
        var (definition, diagnostics) = Read(json);
        return diagnostics.Count == 0 ? definition! : throw new FlowValidationException(definition?.Id, diagnostics);
    }

    /// <summary>What could be read (null: nothing), and every problem of reading, with lines. Never throws for what the document contains.</summary>
    public static (FlowDefinition? Definition, List<FlowDiagnostic> Diagnostics) Read(string json)
    {
        var (definition, diagnostics, source) = ReadSource(json);
        source?.AddLines(diagnostics);
        return (definition, diagnostics);
    }

    /// <summary>Every problem of a document at once, of reading and of compiling, with lines; empty: it can run.</summary>
    public static IReadOnlyList<FlowDiagnostic> Check(string json, StepRegistry registry)
    {
        var (definition, diagnostics, source) = ReadSource(json);
        if (definition is not null)
        {
            var later = new List<FlowDiagnostic>();
            FlowCompiler.TryCompile(definition, registry, later);
            diagnostics.AddUnlessWithin(later);
        }

        source?.AddLines(diagnostics);
        return diagnostics;
    }

    public static string Write(FlowDefinition flow) => Encoding.UTF8.GetString(Write(flow, isCanonical: false).WrittenSpan);

    /// <summary>The first 16 hexadecimal digits of the SHA-256 of the canonical form; computed once per instance.</summary>
    public static string VersionOf(FlowDefinition flow) => Versions.GetValue(flow, static flow =>
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Write(flow, isCanonical: true).WrittenSpan, hash);
        return Convert.ToHexStringLower(hash[..VersionBytes]);
    });

    private static (FlowDefinition? Definition, List<FlowDiagnostic> Diagnostics, JsonSource? Source) ReadSource(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        var diagnostics = new List<FlowDiagnostic>();
        var source = JsonSource.Open(json, diagnostics);
        var definition = source?.Parse(diagnostics) is { } root ? new FlowReader(diagnostics).Read(root) : null;
        if (definition is not null)
        {
            StepOrder.Check(definition.Steps, "$.steps", diagnostics);
        }

        return (definition, diagnostics, source);
    }

    private static ArrayBufferWriter<byte> Write(FlowDefinition flow, bool isCanonical)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = !isCanonical, Encoder = WorkflowJson.Default.Encoder }))
        {
            new FlowWriter(writer, isCanonical).Write(flow);
        }

        return buffer;
    }
}
