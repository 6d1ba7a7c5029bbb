using System.Collections;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// The ordered, immutable list of items that travels between steps, newest first. A step usually puts its item in front
/// with <see cref="Prepend(DataItem)"/> and hands the earlier ones on.
/// </summary>
public sealed class DataPacket : IReadOnlyList<DataItem>
{
    private readonly DataItem[] _items;
    private long _storedBytes = -1;

    private DataPacket(DataItem[] items) => _items = items;

    /// <summary>No items.</summary>
    public static DataPacket Empty { get; } = new([]);

    /// <summary>How many items there are.</summary>
    public int Count => _items.Length;

    /// <summary>The item at a position, 0 being the newest.</summary>
    public DataItem this[int index] => _items[index];

    /// <summary>One item of type <c>data</c>.</summary>
    /// <inheritdoc cref="DataItem.Of{T}" path="/exception"/>
    public static DataPacket Of<T>(T content) => Of("data", content);

    /// <summary>One item of the given type.</summary>
    /// <inheritdoc cref="DataItem.Of{T}" path="/exception"/>
    public static DataPacket Of<T>(string type, T content) => new([DataItem.Of(type, content)]);

    /// <summary>A packet of these items, the first being the newest.</summary>
    public static DataPacket From(IEnumerable<DataItem> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items as DataPacket ?? Wrap([.. items]);
    }

    /// <summary>
    /// Any value as a packet, by the input rule: a packet or a JSON array of items as it is, another array as one item of type <c>input</c>
    /// per element, anything else as one item; null is empty.
    /// </summary>
    public static DataPacket FromInput(object? value) => PacketJson.FromInput(value);

    /// <summary>Reads the JSON array form, or wraps JSON of any other shape by the input rule.</summary>
    /// <exception cref="DataPacketException">The text is not JSON, or is nested too deep.</exception>
    public static DataPacket Parse(string json) => PacketJson.Parse(json);

    /// <summary>A new packet with <paramref name="item"/> in front.</summary>
    public DataPacket Prepend(DataItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        var items = new DataItem[_items.Length + 1];
        items[0] = item;
        _items.CopyTo(items, 1);
        return new DataPacket(items);
    }

    /// <summary>A new packet with one item of type <c>data</c> in front.</summary>
    public DataPacket Prepend<T>(T content) => Prepend(DataItem.Of("data", content));

    /// <summary>A new packet with one item in front.</summary>
    public DataPacket Prepend<T>(string type, T content) => Prepend(DataItem.Of(type, content));

    /// <summary>The content of the first (newest) item as <typeparamref name="T"/>.</summary>
    /// <exception cref="DataPacketException">The packet is empty, or the content has another shape.</exception>
    public T Get<T>() => Get<T>(WorkflowJson.Default);

    internal T Get<T>(JsonSerializerOptions options)
        => _items.Length > 0 ? _items[0].Get<T>(options) : throw new DataPacketException($"An item to read as {typeof(T).Name} was expected, but the packet is empty.", "invalid_input");

    /// <summary>The packet as a JSON array of items.</summary>
    public string ToJson() => PacketJson.ToJson(this);

    /// <inheritdoc cref="ToJson"/>
    public override string ToString() => ToJson();

    /// <inheritdoc/>
    public IEnumerator<DataItem> GetEnumerator() => ((IEnumerable<DataItem>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    /// <summary>A step that returns a packet and never waits.</summary>
    public static implicit operator ValueTask<StepResult>(DataPacket packet) => new(StepResult.FromPacket(packet));

    internal static DataPacket Wrap(DataItem[] items) => items.Length == 0 ? Empty : new DataPacket(items);

    /// <summary>The stored size in bytes, reckoned once.</summary>
    internal long StoredBytes
    {
        get
        {
            if (_storedBytes < 0)
            {
                long bytes = 2;
                foreach (var item in _items)
                {
                    bytes += item.StoredBytes;
                }

                _storedBytes = bytes; // Two threads reckon the same number: a benign race.
            }

            return _storedBytes;
        }
    }

    /// <summary>The same packet with every new item marked by the step that made it; itself when none is new.</summary>
    internal DataPacket Stamped(string origin, DateTimeOffset now)
    {
        var ordinal = 0;
        DataItem[]? stamped = null;
        for (var i = 0; i < _items.Length; i++)
        {
            if (_items[i].Origin is null)
            {
                stamped ??= [.. _items];
                stamped[i] = _items[i].Stamped(origin, ordinal++, now);
            }
        }

        return stamped is null ? this : new DataPacket(stamped);
    }

    /// <summary>Packets one after the other, each item once by its origin (S9).</summary>
    internal static DataPacket Merge(IReadOnlyList<DataPacket> packets)
    {
        if (packets.Count == 1)
        {
            return packets[0];
        }

        var seen = new HashSet<(string, int)>();
        var items = new List<DataItem>();
        foreach (var packet in packets)
        {
            foreach (var item in packet._items)
            {
                if (item.Origin is null || seen.Add((item.Origin, item.Ordinal)))
                {
                    items.Add(item);
                }
            }
        }

        return Wrap([.. items]);
    }
}
