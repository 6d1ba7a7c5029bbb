using System.Runtime.InteropServices;

namespace WorkflowEngine.Cli;

/// <summary>Ctrl-C, and the wish of a supervisor to end: the first is answered with an action, the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private const int InterruptSignal = 2;
    private const nint DefaultDisposition = 0;

    private readonly Func<Task> _answer;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _count;

    public Interruption(Func<Task> answer)
    {
        _answer = answer;
        if (!OperatingSystem.IsWindows())
        {
            // A shell without job control starts background commands with SIGINT ignored, and the runtime respects that. Whoever sends one to this process means it.
            SetDisposition(InterruptSignal, DefaultDisposition);
        }

        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Take);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take);
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetDisposition(int signal, nint disposition);

    private void Take(PosixSignalContext context)
    {
        if (Interlocked.Increment(ref _count) == 1)
        {
            context.Cancel = true;
            _ = Task.Run(_answer);
            return;
        }

        // The second one ends at once; the children of steps live in sessions of their own and would go on.
        ProcessTree.KillAll();
    }
}
