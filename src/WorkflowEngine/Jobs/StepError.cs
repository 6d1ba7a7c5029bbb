using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>Why a step failed, as data: what an error edge carries and what status reports show.</summary>
/// <param name="Reason">A snake_case code, for example <c>timeout</c> or <c>step_execution_failure</c>.</param>
/// <param name="Message">A text for people.</param>
/// <param name="Retryable">False when trying again cannot help.</param>
/// <param name="Details">More, for example the exception with its trace; may be null.</param>
public sealed record StepError(string Reason, string Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool Retryable = true, string? Details = null)
{
    /// <summary>The item that travels along a <c>failed</c> edge (S4).</summary>
    internal DataPacket ToPacket(string stepPath)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("reason", Reason);
            writer.WriteString("message", Message);
            writer.WriteString("step_id", stepPath);
            writer.WriteBoolean("retryable", Retryable);
            writer.WriteString("details", Details);
            writer.WriteEndObject();
        }

        return DataPacket.Of("error", JsonElement.Parse(buffer.ToArray()));
    }
}

/// <summary>The snake_case reason codes that the engine itself gives.</summary>
public static class Reasons
{
#pragma warning disable CS1591 // Each constant is its own description.
    public const string StepExecutionFailure = "step_execution_failure";
    public const string Timeout = "timeout";
    public const string JobTimeout = "job_timeout";
    public const string EmptyOutput = "empty_output";
    public const string UnknownStepType = "unknown_step_type";
    public const string InvalidConfig = "invalid_config";
    public const string InvalidInput = "invalid_input";
    public const string InvalidResult = "invalid_result";
    public const string ExpressionFailed = "expression_failed";
    public const string DataRetrievalFailed = "data_retrieval_failed";
    public const string DataStorageFailed = "data_storage_failed";
    public const string ResultNotStorable = "result_not_storable";
    public const string PacketTooLarge = "packet_too_large";
    public const string UnroutedPort = "unrouted_port";
    public const string BranchNotActive = "branch_not_active";
    public const string SkippedByStep = "skipped_by_step";
    public const string SkippedByOperator = "skipped_by_operator";
    public const string SkippedByRecovery = "skipped_by_recovery";
    public const string SessionFailed = "session_failed";
    public const string PredecessorFailed = "predecessor_failed";
    public const string JoinUnsatisfiable = "join_unsatisfiable";
    public const string JobEnded = "job_ended";
    public const string Cancelled = "cancelled";
    public const string Finished = "finished";
    public const string LimitExceeded = "limit_exceeded";
    public const string Poison = "poison";
    public const string JobUnreadable = "job_unreadable";
    public const string NoItems = "no_items";
    public const string NotAList = "not_a_list";
    public const string RoundEnded = "round_ended";
    public const string NoCase = "no_case";
    public const string Rejected = "rejected";
    public const string TimedOut = "timed_out";
#pragma warning restore CS1591
}
