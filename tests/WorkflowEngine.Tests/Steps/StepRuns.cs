using System.Text.Json;

namespace WorkflowEngine.Tests.Steps;

/// <summary>Short words for running a step body in a test.</summary>
internal static class StepRuns
{
    public static async Task<StepResult> RunAsync(this IStep step, object? config = null, object? data = null, int attempt = 1)
        => await step.ExecuteAsync(StepPayload.For(data, config, attempt: attempt), TestContext.Current.CancellationToken);

    /// <summary>Runs a step that fails, whichever of the two ways it uses.</summary>
    public static async Task<StepResult> FailAsync(this IStep step, object? config = null, object? data = null)
    {
        try
        {
            var result = await step.RunAsync(config, data);
            result.IsFailed.Should().BeTrue($"a failure was expected, but it completed with {result.Output}");
            return result;
        }
        catch (StepFailedException failure)
        {
            return StepResult.Fail(failure.Reason, failure.Message, failure.Retryable);
        }
    }

    public static JsonElement Content(this StepResult result) => result.Output!.Should().ContainSingle($"the result is {result.Reason} {result.Message}").Which.Content;
}
