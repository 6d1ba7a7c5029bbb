namespace WorkflowEngine;

/// <summary>Where the next crashes are; counts the crash points that nodes come by.</summary>
internal sealed class CrashPlan
{
    private readonly Lock _gate = new();
    private readonly List<Armed> _armed = [];
    private readonly Dictionary<CrashPoint, int> _passed = [];

    /// <summary>The exception that ends the work of a node that crashed.</summary>
    public static StoreException Death => new("The node has crashed here, as the test asked. Run the host on: a new node takes over.", isTransient: false);

    public void Arm(CrashPoint point, int occurrence)
    {
        lock (_gate)
        {
            _armed.Add(new Armed(point, occurrence));
        }
    }

    /// <summary>How often a point was come by.</summary>
    public int CountOf(CrashPoint point)
    {
        lock (_gate)
        {
            return _passed.GetValueOrDefault(point);
        }
    }

    /// <summary>True when a node that comes by this point dies here.</summary>
    public bool Strikes(CrashPoint point)
    {
        lock (_gate)
        {
            _passed[point] = _passed.GetValueOrDefault(point) + 1;
            foreach (var armed in _armed.Where(armed => armed.Point == point))
            {
                armed.Left--;
            }

            return _armed.RemoveAll(armed => armed.Left == 0) > 0;
        }
    }

    private sealed class Armed(CrashPoint point, int left)
    {
        public CrashPoint Point { get; } = point;

        public int Left { get; set; } = left;
    }
}
