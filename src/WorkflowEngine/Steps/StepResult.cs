using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What a step did: a closed set of outcomes, never inferred.</summary>
public sealed class StepResult
{
    /// <summary>The port on which a step completes unless it says otherwise.</summary>
    public const string DonePort = "done";

    /// <summary>The error edge.</summary>
    public const string FailedPort = "failed";

    private static readonly StepResult CompletedWithNothing = new(OutcomeKind.Completed) { IsExplicit = true };
    private static readonly StepResult NoItemsResult = new(OutcomeKind.NoItems);

    // What only some results have is kept apart: the usual one is a small object.
    private Failure? _failure;
    private Suspension? _suspension;

    private StepResult(OutcomeKind kind) => Kind = kind;

    internal enum OutcomeKind : byte
    {
        Completed,
        NoItems,
        Skip,
        Fail,
        Finish,
        Wait,
        RunAgain,
        Rounds,
    }

    internal OutcomeKind Kind { get; }

    /// <summary>What the step hands on; null: nothing.</summary>
    public DataPacket? Output { get; private init; }

    /// <summary>The port on which the step completed; several are separated by nothing else than <see cref="Ports"/>.</summary>
    public string Port => Ports?[0] ?? DonePort;

    /// <summary>The ports when they are not just <c>done</c>.</summary>
    internal string[]? Ports { get; private init; }

    /// <summary>The snake_case reason of a failure.</summary>
    public string? Reason => _failure?.Reason;

    /// <summary>The text of a failure or skip.</summary>
    public string? Message => _failure?.Message;

    /// <summary>Whether a failure may be tried again; null: as the retry policy says.</summary>
    public bool? Retryable => _failure?.Retryable;

    internal string? Signal => _suspension?.Signal;

    internal TimeSpan? Delay => _suspension?.Delay;

    internal JsonElement? State => _suspension?.State;

    /// <summary>What a completion fails with when no edge names its port.</summary>
    internal StepError? Otherwise => Kind == OutcomeKind.Completed && _failure is { } error ? new StepError(error.Reason!, error.Message!, Retryable: false) : null;

    /// <summary>Where a loop stands.</summary>
    internal LoopCursor? Cursor => _suspension?.Cursor;

    /// <summary>More about a failure than its message; may be null.</summary>
    public string? Details => _failure?.Details;

    /// <summary>False when the result came from a bare packet: then an empty one has a meaning of its own (S10).</summary>
    internal bool IsExplicit { get; private init; }

    /// <summary>True when the step completed (also by <see cref="NoItems"/>).</summary>
    public bool IsCompleted => Kind is OutcomeKind.Completed or OutcomeKind.NoItems;

    /// <summary>True when the step failed.</summary>
    public bool IsFailed => Kind is OutcomeKind.Fail;

    /// <summary>The step completed, with an output or none, on a port. An empty output said this way is meant (S10).</summary>
    public static StepResult Completed(DataPacket? output = null, string port = DonePort)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(port);
        return output is null && port == DonePort
            ? CompletedWithNothing
            : new(OutcomeKind.Completed) { Output = output, Ports = port == DonePort ? null : [port], IsExplicit = true };
    }

    /// <summary>There was nothing to do: the edges of this step are dead.</summary>
    public static StepResult NoItems() => NoItemsResult;

    /// <summary>The step decided not to run; its dependants go on without its output (S7).</summary>
    public static StepResult Skip(string message) => new(OutcomeKind.Skip) { _failure = new Failure(null, message, null, null) };

    /// <summary>The step failed.</summary>
    /// <param name="reason">A snake_case code.</param>
    /// <param name="message">A text for people.</param>
    /// <param name="retryable">False: never tried again; true or null: as the retry policy says.</param>
    /// <param name="details">More than a message holds, for example what the other side answered.</param>
    public static StepResult Fail(string reason, string message, bool? retryable = null, string? details = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return new(OutcomeKind.Fail) { _failure = new Failure(reason, message, retryable, details) };
    }

    /// <summary>The whole job ends well now; running siblings are cancelled, the rest is skipped.</summary>
    /// <param name="output">The flow's output; null: what the live leaves have.</param>
    public static StepResult Finish(DataPacket? output = null) => new(OutcomeKind.Finish) { Output = output };

    /// <summary>Suspends until a signal of this name comes; then the step is called again with <c>payload.Signal</c>, or with <c>payload.TimedOut</c>. It holds no slot meanwhile (S16).</summary>
    public static StepResult Wait(string signal, TimeSpan? timeout = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(signal);
        return new(OutcomeKind.Wait) { _suspension = new Suspension(signal, timeout, null) };
    }

    /// <summary>Suspends and is called again later; <c>payload.GetState&lt;T&gt;()</c> then gives <paramref name="state"/> back. It holds no slot meanwhile (S16).</summary>
    /// <exception cref="DataPacketException">The state cannot be JSON, or is too large.</exception>
    public static StepResult RunAgain(TimeSpan after, object? state = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, TimeSpan.Zero);
        return new(OutcomeKind.RunAgain) { _suspension = new Suspension(null, after, state is null ? null : WorkflowJson.ToElement(state)) };
    }

    /// <summary>Completed on several ports at once.</summary>
    internal static StepResult CompletedOn(DataPacket? output, string[] ports) => new(OutcomeKind.Completed) { Output = output, Ports = ports, IsExplicit = true };

    /// <summary>Completed on a port that some edge must name; where none does, the step fails with this reason instead.</summary>
    internal static StepResult CompletedIfTaken(DataPacket output, string port, string reason, string message)
        => new(OutcomeKind.Completed) { Output = output, Ports = [port], IsExplicit = true, _failure = new Failure(reason, message, false, null) };

    /// <summary>A loop goes on with its rounds; the packet is its list of items, or the outputs of rounds that have ended.</summary>
    internal static StepResult Rounds(DataPacket? packet, LoopCursor cursor) => new(OutcomeKind.Rounds) { Output = packet, _suspension = new Suspension(null, null, null, cursor), IsExplicit = true };

    /// <summary>As <see cref="Wait"/>, and gives <paramref name="state"/> back.</summary>
    internal static StepResult WaitWith(string signal, TimeSpan? timeout, object? state)
        => new(OutcomeKind.Wait) { _suspension = new Suspension(signal, timeout, state is null ? null : WorkflowJson.ToElement(state)) };

    internal static StepResult FromPacket(DataPacket? packet) => new(OutcomeKind.Completed) { Output = packet ?? DataPacket.Empty };

    /// <summary>A typed step's value as a result: packets and results as they are, anything else as an item in front of the input; null as an empty packet.</summary>
    internal static StepResult FromTyped<T>(T value, StepPayload payload) => value switch
    {
        StepResult result => result,
        DataPacket packet => FromPacket(packet),
        null => FromPacket(DataPacket.Empty),
        _ => FromPacket(payload.Data.Prepend(new DataItem("data", WorkflowJson.ToElement(value, payload.Json, payload.MaxBytes)))),
    };

    private sealed record Failure(string? Reason, string? Message, bool? Retryable, string? Details);

    private sealed record Suspension(string? Signal, TimeSpan? Delay, JsonElement? State, LoopCursor? Cursor = null);

    /// <summary>A completed step; an empty packet said this way has the meaning of S10.</summary>
    public static implicit operator StepResult(DataPacket packet) => FromPacket(packet);

    /// <summary>A result that never waits.</summary>
    public static implicit operator ValueTask<StepResult>(StepResult result) => new(result);
}

/// <summary>Thrown by a step to fail with a reason of its own; the same as returning <see cref="StepResult.Fail(string, string, bool?, string?)"/>.</summary>
public sealed class StepFailedException : WorkflowException
{
    /// <summary>Makes one.</summary>
    /// <param name="reason">A snake_case code.</param>
    /// <param name="message">A text for people.</param>
    /// <param name="retryable">False: never tried again.</param>
    /// <param name="inner">The cause.</param>
    public StepFailedException(string reason, string message, bool retryable = true, Exception? inner = null) : base(message, inner)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        Reason = reason;
        Retryable = retryable;
    }

    /// <summary>The snake_case code.</summary>
    public string Reason { get; }

    /// <summary>False when trying again cannot help.</summary>
    public bool Retryable { get; }
}
