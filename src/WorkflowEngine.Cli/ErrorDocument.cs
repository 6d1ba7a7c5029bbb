using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary>What <c>--json</c> prints when there is no answer: <c>code</c>, <c>message</c> and, for a bad flow, its <c>diagnostics</c>. The exit code and stderr say the same.</summary>
internal static class ErrorDocument
{
    private static readonly string[] None = [];

    public static bool IsWanted(ParseResult parsed) => parsed.CommandResult.Command.Options.OfType<Option<bool>>().FirstOrDefault(option => option.Name == "--json") is { } json && parsed.GetValue(json);

    public static string Of(Exception error) => error is FlowValidationException invalid
        ? OfFlow(invalid.Message, invalid.Diagnostics)
        : Of(CodeOf(error), error.Message);

    public static string Of(string code, string message) => JsonText.Of(new { Code = code, Message = message, Diagnostics = None });

    public static string OfFlow(string message, IReadOnlyList<FlowDiagnostic> diagnostics) => JsonText.Of(new { Code = "invalid_flow", Message = message, Diagnostics = diagnostics });

    private static string CodeOf(Exception error) => error switch
    {
        FlowNotFoundException => "flow_not_found",
        JobNotFoundException => "job_not_found",
        InvalidTransitionException => "invalid_transition",
        KeyConflictException => "key_conflict",
        QueueFullException => "queue_full",
        _ => ExitCodes.Of(error) switch
        {
            ExitCodes.Invalid => "invalid_arguments",
            ExitCodes.NotFound => "not_found",
            ExitCodes.Refused => "refused",
            ExitCodes.StoreUnavailable => "store_unavailable",
            _ => "internal_error",
        },
    };
}
