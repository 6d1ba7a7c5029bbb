using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace WorkflowEngine;

/// <summary>The packets of a step's predecessors, by step id. A predecessor that handed nothing on is absent.</summary>
public sealed class StepInputs : IReadOnlyDictionary<string, DataPacket>
{
    private readonly string[]? _names;
    private readonly DataPacket? _single;
    private readonly DataPacket?[]? _many;
    private IReadOnlyDictionary<string, DataPacket>? _byName;

    internal StepInputs(IReadOnlyDictionary<string, DataPacket> packets) => _byName = packets;

    /// <summary>Over the predecessors' ids: one packet, or many by position; the dictionary is made at the first look.</summary>
    internal StepInputs(string[] names, DataPacket? single, DataPacket?[]? many)
    {
        _names = names;
        _single = single;
        _many = many;
    }

    private IReadOnlyDictionary<string, DataPacket> Packets => _byName ??= ByName();

    /// <summary>No predecessors.</summary>
    public static StepInputs Empty { get; } = new(ImmutableDictionary<string, DataPacket>.Empty);

    /// <inheritdoc/>
    public DataPacket this[string key] => Packets.TryGetValue(key, out var packet) ? packet : throw new DataPacketException($"There is no input from step '{key}'. Inputs: {string.Join(", ", Keys)}.", Reasons.InvalidInput);

    /// <inheritdoc/>
    public IEnumerable<string> Keys => Packets.Keys;

    /// <inheritdoc/>
    public IEnumerable<DataPacket> Values => Packets.Values;

    /// <inheritdoc/>
    public int Count => Packets.Count;

    /// <summary>The newest item of one predecessor's packet as <typeparamref name="T"/>.</summary>
    /// <exception cref="DataPacketException">No such input, empty, or another shape.</exception>
    public T Get<T>(string stepId) => this[stepId].Get<T>();

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Packets.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out DataPacket value) => Packets.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, DataPacket>> GetEnumerator() => Packets.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private Dictionary<string, DataPacket> ByName()
    {
        var packets = new Dictionary<string, DataPacket>(StringComparer.Ordinal);
        for (var i = 0; i < _names!.Length; i++)
        {
            if ((_many is null ? _single : _many[i]) is { } packet)
            {
                packets[_names[i]] = packet;
            }
        }

        return packets;
    }
}
