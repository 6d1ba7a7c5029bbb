using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WorkflowEngine.Crash.Tests;

/// <summary>One life of a victim: a real process. What is left of it is killed when it is disposed.</summary>
internal sealed class Victim : IDisposable
{
    private const int SigTerm = 15;
    private const int SigContinue = 18;
    private const int SigStop = 19;

    private readonly Process _process;
    private readonly Task<string> _errors;

    public Victim(VictimPlan plan, string argument)
    {
        Plan = plan;
        StartedAt = Stopwatch.GetTimestamp();
        _process = Scene.Run("run", argument);
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public VictimPlan Plan { get; }

    public int Life => Plan.Life;

    public int ProcessId => _process.Id;

    /// <summary>On the machine's monotonic clock, as the ledger's lines are.</summary>
    public long StartedAt { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>The largest part of memory that it had so far, in bytes.</summary>
    public long PeakMemory
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Send(SigTerm);

    /// <summary>SIGSTOP.</summary>
    public void Freeze() => Send(SigStop);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Send(SigContinue);

    /// <summary>Waits for an end of its own accord, and returns its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(Rounds.Of(few: 2, many: 20)));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>What it wrote to its standard error; ends with the process.</summary>
    public Task<string> ErrorsAsync() => _errors;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Send(int signal)
    {
        if (kill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"kill({_process.Id}, {signal}) failed with {Marshal.GetLastPInvokeError()}.");
        }

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        static extern int kill(int pid, int signal);
    }
}
