namespace WorkflowEngine;

/// <summary>Tells a full disk from other failures.</summary>
internal static class DiskRoom
{
    private const int NoSpace = 28; // ENOSPC
    private const int OverQuota = 122; // EDQUOT on Linux
    private const int OverQuotaMac = 69;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>True when the same writing succeeds once there is room.</summary>
    public static bool IsMissing(IOException error)
        => error.HResult is NoSpace or WindowsDiskFull || (OperatingSystem.IsLinux() && error.HResult == OverQuota) || (OperatingSystem.IsMacOS() && error.HResult == OverQuotaMac);
}
