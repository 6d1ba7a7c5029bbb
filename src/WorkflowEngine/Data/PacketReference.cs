using System.Diagnostics.CodeAnalysis;

namespace WorkflowEngine;

/// <summary>Where a stored packet lies, how long it is and what its bytes add up to. A reference knows itself: its text form starts with <c>packet:</c>.</summary>
/// <param name="Location">The store's own name for the place, relative to its root.</param>
/// <param name="Length">Length of the stored bytes.</param>
/// <param name="Checksum">SHA-256 of the stored bytes as 64 lower-case hexadecimal digits.</param>
public sealed record PacketReference(string Location, long Length, string Checksum)
{
    private const string Prefix = "packet:";
    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdef");

    /// <summary>True when the text is a reference rather than data.</summary>
    public static bool IsReference([NotNullWhen(true)] string? text) => TryParse(text, out _);

    /// <summary>Reads <c>packet:LENGTH:CHECKSUM:LOCATION</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PacketReference? reference)
    {
        reference = null;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var parts = text.Split(':', 4);
        if (parts.Length != 4 || !long.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out var length)
            || parts[2].Length != 64 || parts[2].AsSpan().ContainsAnyExcept(HexDigits) || parts[3].Length == 0)
        {
            return false;
        }

        reference = new PacketReference(parts[3], length, parts[2]);
        return true;
    }

    /// <summary>The text form that <see cref="TryParse"/> reads.</summary>
    public override string ToString() => $"{Prefix}{Length}:{Checksum}:{Location}";
}
