using System.Buffers;

namespace WorkflowEngine;

/// <summary>
/// Where packets lie below a root: <c>{flow_id}/{job_id}/{uuid}.json</c> (S22). The only place that turns ids into folder names and locations
/// into files, and so the only one that must keep both inside the root.
/// </summary>
internal sealed class PacketLayout(string root)
{
    public const string PacketEnding = ".json";
    public const string UnfinishedEnding = ".tmp";

    private static readonly SearchValues<char> IdCharacters
        = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    public string FlowFolder(PacketOwner owner) => Path.Combine(Root, FlowName(owner.FlowId));

    public string JobFolder(PacketOwner owner) => Path.Combine(FlowFolder(owner), owner.Id.ToString());

    public static string Location(PacketOwner owner, Guid name) => $"{FlowName(owner.FlowId)}/{owner.Id}/{name:D}{PacketEnding}";

    /// <summary>The location of a file found below the root.</summary>
    public string LocationOf(string file) => Path.GetRelativePath(Root, file).Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>The file of a location that this layout could have made.</summary>
    /// <exception cref="DataPacketException">The location has any other shape, or a link lies on the way.</exception>
    public string FileOf(string location)
    {
        if (location.Split('/') is not [var flow, var job, var file] || !TryReadOwner(flow, job, out _) || !IsPacketName(file))
        {
            throw new DataPacketException($"'{location}' is not a place of this packet store.");
        }

        var path = Path.GetFullPath(Path.Combine(Root, flow, job, file));
        if (!path.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new DataPacketException($"'{location}' lies outside the packet store.");
        }

        RefuseLinks(Path.Combine(Root, flow), Path.Combine(Root, flow, job), path);
        return path;
    }

    /// <summary>Links inside the root would lead out of it, so none is followed. The root itself may be one: whoever set it up chose so.</summary>
    public static void RefuseLinks(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (IsLink(path))
            {
                throw new DataPacketException($"'{Path.GetFileName(path)}' in the packet store is a link; links are not followed.");
            }
        }
    }

    public static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    /// <summary>The job a folder belongs to; false for anything this layout did not make.</summary>
    public static bool TryReadOwner(string flowFolder, string jobFolder, out PacketOwner owner)
    {
        var flowId = flowFolder.Trim('~');
        owner = default;
        if (!IsFlowId(flowId) || FlowName(flowId) != flowFolder || !JobId.TryParse(jobFolder, out var id) || id.ToString() != jobFolder)
        {
            return false;
        }

        owner = new PacketOwner(flowId, id);
        return true;
    }

    private static bool IsPacketName(string file)
        => file.EndsWith(PacketEnding, StringComparison.Ordinal)
            && JobId.TryParse(file[..^PacketEnding.Length], out var name) && name + PacketEnding == file;

    // Windows takes CON.x for a device and drops a dot at the end; '~' is in no flow id, so the wrapped name belongs to this flow alone.
    private static string FlowName(string flowId)
    {
        if (!IsFlowId(flowId))
        {
            throw new DataPacketException($"'{flowId}' is not a legal flow id.", "invalid_input");
        }

        return flowId.EndsWith('.') || IsDevice(flowId.Split('.')[0]) ? $"~{flowId}~" : flowId;
    }

    private static bool IsFlowId(string text)
        => text is { Length: > 0 and <= 128 } && char.IsAsciiLetterOrDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(IdCharacters);

    private static bool IsDevice(string name) => name.ToUpperInvariant() is "CON" or "PRN" or "AUX" or "NUL"
        or ['C', 'O', 'M', >= '0' and <= '9'] or ['L', 'P', 'T', >= '0' and <= '9'];
}
