namespace WorkflowEngine;

/// <summary>What a flow's output was before it became a packet by the input rule, so that it can be shown as it is.</summary>
public enum OutputShape
{
    /// <summary>A packet: the flow declares no output, or the value was one.</summary>
    Packet,

    /// <summary>Any JSON but a list or null: the content of the packet's one item.</summary>
    Value,

    /// <summary>A list: the contents of the items, however many.</summary>
    List,

    /// <summary>JSON null: the packet is empty.</summary>
    Null,
}
