namespace WorkflowEngine.Crash.Tests.PowerLoss;

/// <summary>What a disk holds of one file: what was synchronised, and the writes since then, of which a loss of power keeps any part, torn between sectors.</summary>
internal sealed class LossyFile
{
    private const int Sector = 512;

    private readonly List<Change> _pending = [];
    private byte[] _durable = [];

    /// <summary>For a file that exists already: all of it is durable.</summary>
    public static LossyFile Of(byte[] durable) => new() { _durable = durable };

    public void Write(long offset, ReadOnlySpan<byte> bytes) => _pending.Add(new Change(offset, bytes.ToArray()));

    public void Truncate(long length) => _pending.Add(new Change(length, null));

    public void Synchronise()
    {
        foreach (var change in _pending)
        {
            _durable = change.On(_durable, static () => true);
        }

        _pending.Clear();
    }

    /// <summary>What is there after the power comes back.</summary>
    public byte[] AfterPowerLoss(Random random)
    {
        // A disk may have written everything, nothing, or any part: each round draws how much, since a plain coin would hardly ever lose, or keep, all of many sectors.
        var kept = random.Next(3) switch { 0 => 0.0, 1 => 1.0, _ => random.NextDouble() };
        var left = _durable.ToArray();
        foreach (var change in _pending)
        {
            left = change.On(left, () => random.NextDouble() < kept);
        }

        return left;
    }

    /// <param name="Offset">Where; for a cut the new length.</param>
    /// <param name="Bytes">What; null for a cut.</param>
    private readonly record struct Change(long Offset, byte[]? Bytes)
    {
        public byte[] On(byte[] content, Func<bool> arrives)
        {
            if (Bytes is null)
            {
                return arrives() ? content[..(int)Math.Min(content.Length, Offset)] : content;
            }

            for (var from = 0; from < Bytes.Length;)
            {
                // Sectors lie at fixed places of the file: a write that begins in the middle of one tears there.
                var to = Math.Min(Bytes.Length, from + Sector - (int)((Offset + from) % Sector));
                if (arrives())
                {
                    var end = (int)(Offset + to);
                    if (content.Length < end)
                    {
                        Array.Resize(ref content, end);
                    }

                    Bytes.AsSpan(from, to - from).CopyTo(content.AsSpan((int)(Offset + from)));
                }

                from = to;
            }

            return content;
        }
    }
}
