namespace WorkflowEngine;

/// <summary>The JSON form of flows (INTERFACES §1).</summary>
internal static class FlowJson
{
    public static FlowDefinition Parse(string json) => throw new NotSupportedException();

    public static string Write(FlowDefinition flow) => throw new NotSupportedException();

    public static string VersionOf(FlowDefinition flow) => throw new NotSupportedException();
}
