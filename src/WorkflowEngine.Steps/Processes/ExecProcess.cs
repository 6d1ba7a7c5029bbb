using System.Diagnostics;

namespace WorkflowEngine;

/// <summary>One process from start to end, with both of its outputs; nothing of it is left running when it was cut short.</summary>
internal static class ExecProcess
{
    /// <summary>More than this on either output ends the process.</summary>
    public const long MaxOutputBytes = 64 * 1024 * 1024;

    // A child left in the background may hold the pipes for ever; what the process itself wrote is in them when it has ended.
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(5);

    /// <summary>How a process ended and what it wrote.</summary>
    public sealed record Run(int ExitCode, byte[] Output, byte[] Error, bool IsTooLarge);

    /// <exception cref="OperationCanceledException">The token fired; the process and its descendants are killed.</exception>
    /// <exception cref="StepFailedException">It could not be started.</exception>
    public static async Task<Run> RunAsync(ProcessStartInfo start, byte[] input, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = ProcessTree.Start(start);
        using var reading = new CancellationTokenSource();
        using var tooLarge = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = new PipeCollector(MaxOutputBytes, tooLarge.Cancel);
        var error = new PipeCollector(MaxOutputBytes, tooLarge.Cancel);
        var pipes = Task.WhenAll(
            output.CollectAsync(process.StandardOutput.BaseStream, reading.Token),
            error.CollectAsync(process.StandardError.BaseStream, reading.Token),
            FeedAsync(process.StandardInput.BaseStream, input, reading.Token));
        try
        {
            await process.WaitForExitAsync(tooLarge.Token).ConfigureAwait(false);
            reading.CancelAfter(DrainTime);
            await pipes.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await KillAsync(process).ConfigureAwait(false);
            await reading.CancelAsync().ConfigureAwait(false);
            await pipes.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            ProcessTree.Forget(process);
        }

        return new Run(process.HasExited ? process.ExitCode : -1, output.Bytes, error.Bytes, output.IsTooLarge || error.IsTooLarge);
    }

    private static async Task KillAsync(Process process)
    {
        ProcessTree.Kill(process);
        using var patience = new CancellationTokenSource(KillTime);
        try
        {
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It sits in the kernel where no signal reaches it; it ends as soon as it comes out.
        }
    }

    private static async Task FeedAsync(Stream pipe, byte[] input, CancellationToken cancellationToken)
    {
        try
        {
            await using (pipe.ConfigureAwait(false))
            {
                await pipe.WriteAsync(input, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // It did not want all of its input: its own business, the exit code says whether that was well.
        }
    }
}
