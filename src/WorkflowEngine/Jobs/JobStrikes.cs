namespace WorkflowEngine.Storage;

/// <summary>
/// The deaths of processes that a job has on its account (G4). A strike comes from a death alone, never from a failure, a timeout or a clean stop; any committed outcome clears them all.
/// </summary>
/// <param name="Count">Deaths of incarnations that held the job, since its last committed outcome.</param>
/// <param name="Alone">Those of them that can only be the job's own doing: the incarnation held no other job that could run, and the start of a body was durable. They alone park a job.</param>
/// <param name="HeldUntil">UTC ticks before which the job does not run again; 0: it may at once.</param>
public readonly record struct JobStrikes(int Count, int Alone, long HeldUntil)
{
    /// <summary>The longest wait is 2^12 s, a little over an hour.</summary>
    private const int MostDoublings = 12;

    /// <summary>How long a job waits after so many strikes: not at all after the first, then 1 s, 2 s, 4 s … up to 4096 s.</summary>
    public static TimeSpan DelayAfter(int count) => count < 2 ? TimeSpan.Zero : TimeSpan.FromSeconds(1 << Math.Min(count - 2, MostDoublings));

    /// <summary>With one more.</summary>
    /// <param name="alone">Whether it counts towards parking.</param>
    /// <param name="now">The store's time, in UTC ticks.</param>
    public JobStrikes Struck(bool alone, long now)
        => new(Count + 1, Alone + (alone ? 1 : 0), DelayAfter(Count + 1) is { Ticks: > 0 } delay ? now + delay.Ticks : 0);
}

/// <summary>What a transition does to the job's strikes.</summary>
public enum StrikeChange : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A step's outcome is in it, or the job ends: the strikes are gone.</summary>
    Cleared,

    /// <summary>The job could not be loaded: a strike more, taken alone.</summary>
    Added,
}

/// <summary>How many struck jobs a node may hold together: from the second strike on max(1, slots / 2^(strikes − 1)), by the most struck among them (G4).</summary>
/// <param name="Slots">The node's step slots.</param>
/// <param name="Held">Jobs with two strikes or more that the node holds.</param>
/// <param name="Most">The most strikes among these.</param>
public readonly record struct StrikeAllowance(int Slots, int Held, int Most)
{
    /// <summary>Whether one more job, with so many strikes, may be held.</summary>
    public bool Admits(int strikes) => strikes < 2 || Held < Math.Max(1, Slots >> Math.Min(Math.Max(strikes, Most) - 1, 31));

    /// <summary>With one more job.</summary>
    public StrikeAllowance With(int strikes) => strikes < 2 ? this : this with { Held = Held + 1, Most = Math.Max(Most, strikes) };

    /// <summary>
    /// What a claim does with a struck job: hands it out, leaves it (false), or hands it out for its mail only: then <paramref name="strikes"/> says until when it is held back.
    /// </summary>
    public bool Hands(ref JobStrikes strikes, bool hasMail, long now)
    {
        var mayRun = strikes.HeldUntil <= now && Admits(strikes.Count);
        strikes = mayRun ? strikes with { HeldUntil = 0 } : strikes with { HeldUntil = Math.Max(strikes.HeldUntil, now + TimeSpan.TicksPerSecond) };
        return mayRun || hasMail;
    }
}
