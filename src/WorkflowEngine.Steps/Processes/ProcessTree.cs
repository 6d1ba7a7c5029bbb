using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WorkflowEngine;

/// <summary>
/// Starts a process apart from the host and kills it with all its descendants. Apart means a session of its own where the system has <c>setsid</c>:
/// a program that signals its own group (<c>kill 0</c>) then does not hit the host, and Ctrl-C at the host's terminal reaches the host alone.
/// </summary>
internal static class ProcessTree
{
    private const int NoSuchFile = 2;
    private const int ArgumentsTooLong = 7;
    private const int SignalKill = 9;

    private static readonly ConcurrentDictionary<int, byte> Running = new();
    private static readonly string? SessionTool = OperatingSystem.IsLinux() ? ExecCommand.FindTool("setsid") : null;

    /// <exception cref="StepFailedException">The system refused.</exception>
    public static Process Start(ProcessStartInfo start)
    {
        var command = start.FileName;
        if (SessionTool is not null)
        {
            // It replaces itself by the command: the process id is the command's, and that of its group.
            start.FileName = SessionTool;
            start.ArgumentList.Insert(0, "--");
            start.ArgumentList.Insert(1, command);
        }

        try
        {
            var process = Process.Start(start)!;
            Running[process.Id] = 0;
            return process;
        }
        catch (Win32Exception error) when (error.NativeErrorCode == NoSuchFile)
        {
            throw ExecCommand.NotFound(command, error);
        }
        catch (Win32Exception error)
        {
            throw new StepFailedException("exec_failed", $"'{command}' could not be started: {error.Message}", retryable: error.NativeErrorCode != ArgumentsTooLong, error);
        }
    }

    /// <summary>The process has ended, or was given up: its id may be another's soon.</summary>
    public static void Forget(Process process) => Running.TryRemove(process.Id, out _);

    /// <summary>For a host that ends at once: no child of its steps outlives it.</summary>
    public static void KillAll()
    {
        foreach (var id in Running.Keys)
        {
            _ = SendSignal(SessionTool is null ? id : -id, SignalKill);
        }
    }

    /// <summary>Kills the process and what descends from it; one that has ended already is no error.</summary>
    public static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception or AggregateException)
        {
            // Somebody was faster, or may not be killed by this user; the group below is the second net.
        }

        if (SessionTool is not null)
        {
            // Descendants whose parent has ended are in no tree any more, but still in the group. The id cannot be another's while the group lives.
            _ = SendSignal(-process.Id, SignalKill);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
