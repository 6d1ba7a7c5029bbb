namespace WorkflowEngine;

/// <summary>
/// Which store calls fail, and a record of all that were made. Give it to <see cref="Microsoft.Extensions.DependencyInjection.FaultRegistrations.UseFaults"/> or to a <see cref="FaultStore"/>; one plan may serve
/// several stores one after the other, as when an engine is started again. Safe for concurrent use.
/// </summary>
public sealed class StoreFaults
{
    private readonly Lock _gate = new();
    private readonly List<StoreCall> _calls = [];
    private readonly List<Pending> _pending = [];

    /// <summary>The calls so far, oldest first.</summary>
    public IReadOnlyList<StoreCall> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>How many calls met a fault.</summary>
    public int Failed => Calls.Count(call => call.Fault is not null);

    /// <summary>Lets calls fail from now on. Faults add up; of several that meet one call, the first added strikes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Calls are counted from 1 on.</exception>
    public void Add(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        if (fault.Call < 1 || fault.Times < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(fault), "Call and Times are counted from 1 on.");
        }

        lock (_gate)
        {
            _pending.Add(new Pending(fault));
        }
    }

    /// <summary>The store works again: no fault is left.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _pending.Clear();
        }
    }

    /// <summary>How many calls of a member were made.</summary>
    public int CountOf(StoreMember member) => Calls.Count(call => call.Member == member);

    internal StoreCall Note(StoreMember member, IReadOnlyList<JobId> jobs)
    {
        lock (_gate)
        {
            var call = new StoreCall(_calls.Count + 1, member, jobs);
            _calls.Add(call);
            foreach (var pending in _pending.Where(pending => pending.Fault.Member is null || pending.Fault.Member == member))
            {
                var late = ++pending.Seen - pending.Fault.Call;
                call.Fault ??= late >= 0 && late < pending.Fault.Times ? pending.Fault : null;
            }

            return call;
        }
    }

    internal static void Strike(StoreCall call, bool afterEffect)
    {
        if (call.Fault is { } fault && fault.AfterEffect == afterEffect)
        {
            var how = afterEffect ? "took effect, but its reply was lost" : "failed before it had any effect";
            throw new StoreException(fault.Message ?? $"Store call {call.Number}, {call.Member}, {how}, as the test asked.", fault.IsTransient);
        }
    }

    private sealed class Pending(Fault fault)
    {
        public Fault Fault { get; } = fault;

        public int Seen { get; set; }
    }
}
