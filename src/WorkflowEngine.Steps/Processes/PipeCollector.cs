namespace WorkflowEngine;

/// <summary>Keeps what a process writes to one pipe, up to a limit.</summary>
internal sealed class PipeCollector(long limit, Action onTooLarge)
{
    public byte[] Bytes { get; private set; } = [];

    public bool IsTooLarge { get; private set; }

    /// <summary>Reads to the end, to the limit, or until told to stop, and closes the pipe; never throws for any of them.</summary>
    public async Task CollectAsync(Stream pipe, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await using (pipe.ConfigureAwait(false))
        {
            try
            {
                IsTooLarge = !await BoundedBytes.CopyAsync(pipe, bytes, limit, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // What came until now is all there is.
            }
        }

        Bytes = bytes.ToArray();
        if (IsTooLarge)
        {
            onTooLarge();
        }
    }
}
