namespace WorkflowEngine.Storage;

/// <summary>All events of one transition as one row (S25): opaque bytes that <see cref="Read"/> understands.</summary>
/// <param name="JobId">The job.</param>
/// <param name="FlowId">Its flow.</param>
/// <param name="FirstSequence">The sequence number of the first event in the row.</param>
/// <param name="Count">How many events the row holds.</param>
/// <param name="Bytes">The encoded events.</param>
public readonly record struct EventRow(JobId JobId, string FlowId, long FirstSequence, int Count, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Decodes the row.</summary>
    /// <exception cref="StoreException">The bytes are damaged.</exception>
    public IReadOnlyList<JobEvent> Read() => EventCode.Read(this);
}
