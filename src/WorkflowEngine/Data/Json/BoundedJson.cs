using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// Writes a value as JSON into a buffer with a bound. What is larger is refused while it is being written, so that it never exists whole, nor does the
/// sequence that would have made it.
/// </summary>
internal sealed class BoundedJson : IBufferWriter<byte>
{
    private const int SpareBytesKept = 256 * 1024;
    private const int LargeRequest = 64 * 1024;

    [ThreadStatic]
    private static BoundedJson? _spare;

    [ThreadStatic]
    private static BoundedJson? _current;

    private byte[] _bytes = new byte[4096];
    private int _written;
    private long _maxBytes;

    private BoundedJson(JavaScriptEncoder? encoder) => Writer = new Utf8JsonWriter(this, new JsonWriterOptions { Encoder = encoder, SkipValidation = true, MaxDepth = int.MaxValue });

    private Utf8JsonWriter Writer { get; }

    /// <summary>The JSON of a value of any type; never null.</summary>
    /// <exception cref="DataPacketException">Larger than <paramref name="maxBytes"/>: <c>packet_too_large</c>.</exception>
    /// <exception cref="Exception">Whatever the serializer, or a member of the value, throws.</exception>
    public static JsonElement Write(object value, JsonSerializerOptions options, long maxBytes)
    {
        // A member may come here again for a value of its own: the spare one is taken out while it is in use.
        var isUsual = ReferenceEquals(options.Encoder, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        var json = (isUsual ? _spare : null) ?? new BoundedJson(options.Encoder);
        var outer = _current;
        (_spare, _current) = (null, json);
        try
        {
            return json.WriteOne(value, options, maxBytes);
        }
        finally
        {
            _current = outer;
            _spare = isUsual && json._bytes.Length <= SpareBytesKept ? json : null;
        }
    }

    /// <summary>Refuses a text that this thread's writer could not take, before anything is made of it.</summary>
    public static void Expect(string text) => _current?.RefuseAbove(_current._written + (long)text.Length);

    public void Advance(int count)
    {
        _written += count;
        RefuseAbove(_written);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_written);
    }

    private JsonElement WriteOne(object value, JsonSerializerOptions options, long maxBytes)
    {
        (_written, _maxBytes) = (0, Math.Min(maxBytes, Array.MaxLength));
        Writer.Reset();
        JsonSerializer.Serialize(Writer, value, value.GetType(), options);
        Writer.Flush();
        return JsonElement.Parse(_bytes.AsSpan(0, _written), new JsonDocumentOptions { MaxDepth = int.MaxValue });
    }

    private void Reserve(int sizeHint)
    {
        if (sizeHint > LargeRequest)
        {
            RefuseAbove(_written + (sizeHint / 3L)); // For a text the writer asks for the most that it may take, three bytes a character; it takes one at least.
        }

        var needed = (long)_written + Math.Max(sizeHint, 1);
        if (needed > _bytes.Length)
        {
            // Not beyond the bound without need: the writer says what it has written only when its memory is full.
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(needed, Math.Min(_bytes.Length * 2L, _maxBytes + 1)), Array.MaxLength));
        }
    }

    private void RefuseAbove(long bytes)
    {
        if (bytes > _maxBytes)
        {
            throw new DataPacketException($"Its JSON has more than the {_maxBytes} bytes that MaxPacketBytes allows. Keep large data outside, and hand on where it is.", "packet_too_large");
        }
    }
}
