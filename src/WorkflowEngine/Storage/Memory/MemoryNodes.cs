using System.Collections.Concurrent;

namespace WorkflowEngine.Storage;

/// <summary>The lives that the in-memory store knows of, and their leases (G3). Changed under the store's claim lock; whether one is over may be asked at any time.</summary>
internal sealed class MemoryNodes
{
    private readonly ConcurrentDictionary<Guid, Life> _lives = new();

    public IEnumerable<Life> Living => _lives.Values.Where(life => !life.IsOver);

    /// <summary>Dead, or cleanly ended: it never comes back.</summary>
    public bool IsOver(Guid incarnation) => _lives.TryGetValue(incarnation, out var life) && life.IsOver;

    public Life? Find(Guid incarnation) => _lives.GetValueOrDefault(incarnation);

    /// <summary>False for a life that is over.</summary>
    public bool Renew(NodeBeat beat, DateTimeOffset now)
    {
        var life = _lives.GetOrAdd(beat.Incarnation, incarnation => new Life(incarnation, beat.Node));
        life.LeasedUntil = now + beat.LeaseDuration;
        return !life.IsOver;
    }

    /// <summary>Ends a life: true the first time. One that never gave a sign ends as well, so that a late one finds it ended.</summary>
    public bool End(Guid incarnation, string node)
    {
        var life = _lives.GetOrAdd(incarnation, key => new Life(key, node));
        var isFirst = !life.IsOver;
        life.IsOver = true;
        return isFirst;
    }

    /// <summary>Those whose lease is over, but for the one who asks.</summary>
    public List<Life> Expired(DateTimeOffset now, Guid but) => [.. Living.Where(life => life.LeasedUntil <= now && life.Incarnation != but)];

    internal sealed class Life(Guid incarnation, string node)
    {
        private volatile bool _isOver;

        public Guid Incarnation { get; } = incarnation;

        public string Node { get; } = node;

        public DateTimeOffset LeasedUntil { get; set; }

        public bool IsOver { get => _isOver; set => _isOver = value; }
    }
}
