using System.Diagnostics;

namespace WorkflowEngine.Tests.Storage;

/// <summary>A folder that is a disk of its own (a tmpfs): it can be filled, emptied, and made read-only. Needs root on Linux; without, every test that wants one fails and says so.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _filler;

    public SmallDisk(int megabytes)
    {
        Folder = Directory.CreateTempSubdirectory("small-disk-").FullName;
        _filler = Path.Combine(Folder, "filler");
        Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Folder);
    }

    public string Folder { get; }

    public string File => Path.Combine(Folder, "workflow.db");

    /// <summary>Takes all room that is left.</summary>
    public void Fill()
    {
        using var filler = System.IO.File.Create(_filler);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }

    public void Empty() => System.IO.File.Delete(_filler);

    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", Folder);

    public void MakeWritable() => Run("mount", "-o", "remount,rw", Folder);

    public void Dispose()
    {
        Run("umount", "-l", Folder);
        Directory.Delete(Folder);
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"`{command} {string.Join(' ', arguments)}` failed: {error} This test needs a disk of its own: run it as root on Linux.");
        }
    }
}
