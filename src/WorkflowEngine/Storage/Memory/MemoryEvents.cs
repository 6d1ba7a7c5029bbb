namespace WorkflowEngine.Storage;

/// <summary>The event rows of one job in memory, one after the other: count and length, seven bits a byte, then the row's bytes. Under the job's lock.</summary>
internal struct MemoryEvents()
{
    private byte[] _bytes = [];
    private int _length;

    public void Append(EventRow row, int steps)
    {
        var needed = _length + row.Bytes.Length + 10;
        if (_bytes.Length < needed)
        {
            // A step leaves some forty bytes of events; what is too much is cut off when the job ends.
            Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length == 0 ? 64 + Math.Min(steps * 40, 4096) : _bytes.Length * 2));
        }

        WriteNumber(row.Count);
        WriteNumber(row.Bytes.Length);
        row.Bytes.Span.CopyTo(_bytes.AsSpan(_length));
        _length += row.Bytes.Length;
    }

    public readonly List<EventRow> Read(JobCreation creation, long after, int limit)
    {
        var rows = new List<EventRow>();
        long sequence = 0;
        for (var at = 0; at < _length && rows.Count < limit;)
        {
            var count = ReadNumber(ref at);
            var length = ReadNumber(ref at);
            if (sequence + count > after)
            {
                rows.Add(new EventRow(creation.Id, creation.FlowId, sequence + 1, count, _bytes.AsMemory(at, length).ToArray()));
            }

            sequence += count;
            at += length;
        }

        return rows;
    }

    /// <summary>Nothing more will come.</summary>
    public void Trim() => Array.Resize(ref _bytes, _length);

    private void WriteNumber(int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes[_length++] = (byte)(value | 0x80);
        }

        _bytes[_length++] = (byte)value;
    }

    private readonly int ReadNumber(ref int at)
    {
        var value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = _bytes[at++];
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
