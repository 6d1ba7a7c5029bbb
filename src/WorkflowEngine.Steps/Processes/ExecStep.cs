using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>What a process gets on its standard input.</summary>
internal enum ExecInput
{
    /// <summary>Nothing: it reads the end at once.</summary>
    None,

    /// <summary>The packet as a JSON array.</summary>
    Input,
}

/// <summary>How a process's standard output becomes items.</summary>
internal enum ExecOutput
{
    /// <summary>One item <c>{ stdout, stderr, exit_code }</c>.</summary>
    Text,

    /// <summary>An item <c>{ text }</c> per line.</summary>
    Lines,

    /// <summary>JSON by the input rule of packets.</summary>
    Json,
}

/// <summary>The process that <see cref="ExecStep"/> starts.</summary>
internal sealed record ExecConfig
{
    /// <summary>A program: a name to be found in PATH, or a path, relative to the working directory. Never a shell line.</summary>
    public required string Command { get; init; }

    /// <summary>Arguments, each handed over as it is; scalars are written as text.</summary>
    public IReadOnlyList<JsonElement> Args { get; init; } = [];

    /// <summary>Variables on top of the host's environment; null takes one away.</summary>
    public IReadOnlyDictionary<string, JsonElement> Env { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>Default: the host's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Default none.</summary>
    public ExecInput Stdin { get; init; } = ExecInput.None;

    /// <summary>Default text.</summary>
    public ExecOutput Output { get; init; } = ExecOutput.Text;

    /// <summary>Default 0 alone.</summary>
    public IReadOnlyList<int> SuccessExitCodes { get; init; } = [0];
}

/// <summary>
/// Runs a program without a shell and turns its output into items. On cancel and timeout the program is killed with every process it started.
/// A program may do all that the host may do, so the type is registered by explicit opt-in only.
/// </summary>
internal sealed class ExecStep : IStep
{
    private const int QuotedBytes = 2048;

    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<ExecConfig>();
        var start = ExecCommand.From(config, payload);
        var input = config.Stdin == ExecInput.Input ? Encoding.UTF8.GetBytes(payload.Data.ToJson()) : [];
        var run = await ExecProcess.RunAsync(start, input, cancellationToken).ConfigureAwait(false);
        if (run.IsTooLarge)
        {
            return StepResult.Fail("output_too_large", $"The process wrote more than {ExecProcess.MaxOutputBytes} bytes and was killed.", retryable: false);
        }

        return (config.SuccessExitCodes ?? [0]).Contains(run.ExitCode)
            ? ToResult(run, config.Output)
            : StepResult.Fail("exit_code", $"exit code {run.ExitCode}: {End(run.Error)}".TrimEnd(' ', ':'), retryable: true, run.Output.Length > 0 ? "stdout: " + End(run.Output) : null);
    }

    // Bare packets, not explicit ones: an empty packet then has the meaning of S10.
    private static StepResult ToResult(ExecProcess.Run run, ExecOutput output)
    {
        var text = Encoding.UTF8.GetString(run.Output);
        return output switch
        {
            ExecOutput.Lines => DataPacket.From(LinesOf(text).Select(line => DataItem.Of("line", new { text = line }))),
            ExecOutput.Json => ParseJson(text),
            _ => DataPacket.Of("process", new { stdout = text, stderr = Encoding.UTF8.GetString(run.Error), exit_code = run.ExitCode }),
        };
    }

    private static IEnumerable<string> LinesOf(string text)
    {
        using var reader = new StringReader(text);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static StepResult ParseJson(string text)
    {
        try
        {
            return string.IsNullOrWhiteSpace(text) ? DataPacket.Empty : DataPacket.Parse(text);
        }
        catch (Exception error) when (error is DataPacketException or JsonException)
        {
            return StepResult.Fail("invalid_output", $"The process did not write JSON: {error.Message}", details: "stdout: " + End(Encoding.UTF8.GetBytes(text)));
        }
    }

    private static string End(byte[] bytes)
    {
        var start = Math.Max(0, bytes.Length - QuotedBytes);
        while (start > 0 && start < bytes.Length && (bytes[start] & 0xC0) == 0x80)
        {
            start++; // Not in the middle of a character.
        }

        return Encoding.UTF8.GetString(bytes, start, bytes.Length - start).TrimEnd();
    }
}
