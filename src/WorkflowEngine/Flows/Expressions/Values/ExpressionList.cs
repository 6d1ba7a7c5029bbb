namespace WorkflowEngine;

/// <summary>A list that is no JSON: made by an expression, or a view of something else.</summary>
internal abstract class ExpressionList
{
    public abstract int Count { get; }

    public abstract ExpressionValue this[int index] { get; }

    public IEnumerable<ExpressionValue> Elements()
    {
        for (var index = 0; index < Count; index++)
        {
            yield return this[index];
        }
    }
}

/// <summary>A map that is no JSON. Names are compared ordinally.</summary>
internal abstract class ExpressionMap
{
    public abstract IEnumerable<string> Names { get; }

    public virtual int Count => Names.Count();

    public abstract bool TryMember(string name, out ExpressionValue value);
}

/// <summary>A list that an expression made.</summary>
internal sealed class BuiltList(IReadOnlyList<ExpressionValue> elements) : ExpressionList
{
    public const int ElementBytes = 48;

    public override int Count => elements.Count;

    public override ExpressionValue this[int index] => elements[index];
}

/// <summary>A map that an expression made.</summary>
internal sealed class BuiltMap(OrderedDictionary<string, ExpressionValue> members) : ExpressionMap
{
    public override IEnumerable<string> Names => members.Keys;

    public override int Count => members.Count;

    public override bool TryMember(string name, out ExpressionValue value) => members.TryGetValue(name, out value);
}

/// <summary>A packet as the list of its items; nothing is written as JSON until somebody asks for the whole.</summary>
internal sealed class PacketList(DataPacket packet) : ExpressionList
{
    public override int Count => packet.Count;

    public override ExpressionValue this[int index] => ExpressionValue.Of(new ItemMap(packet[index]));

    private sealed class ItemMap(DataItem item) : ExpressionMap
    {
        private static readonly string[] All = ["type", "content", "metadata", "timestamp"];

        public override IEnumerable<string> Names => item.Timestamp == default ? All.Take(3) : All;

        public override bool TryMember(string name, out ExpressionValue value)
        {
            value = name switch
            {
                "type" => ExpressionValue.Of(item.Type),
                "content" => ExpressionValue.Of(item.Content),
                "metadata" => ExpressionValue.Of(item.Metadata),
                "timestamp" when item.Timestamp != default => ExpressionValue.Of(WorkflowJson.ToElement(item.Timestamp)),
                _ => default,
            };
            return name is "type" or "content" or "metadata" || (name == "timestamp" && item.Timestamp != default);
        }
    }
}
